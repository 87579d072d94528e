#include "tools/replay/progress.h"

#include <unistd.h>

#include <array>
#include <cstdio>

namespace cloudpos::replay {
namespace {

constexpr size_t kTenths = 10;

}  // namespace

ProgressLine::ProgressLine() : is_terminal_(isatty(STDERR_FILENO) != 0) {}

void ProgressLine::Tell(const char* what, size_t done, size_t all) {
  const std::lock_guard lock(mutex_);
  if (what_ != what) {
    if (is_open_) std::fputs("\n", stderr);
    is_open_ = false;
    what_ = what;
    begin_ = std::chrono::steady_clock::now();
    shown_ = 0;
  }
  // Threads may tell of their steps out of order.
  if (done < shown_) return;
  if (!is_terminal_ && done != 0 && done != all && done * kTenths / all == shown_ * kTenths / all) {
    return;
  }
  const bool was_all = shown_ == all && done == all && all != 0;
  shown_ = done;
  if (was_all) return;
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin_;
  std::array<char, 120> line{};
  std::snprintf(line.data(), line.size(), "%-10s %6zu of %zu  %3zu %%  %6.1f s  %7.1f/s", what,
                done, all, all == 0 ? size_t{100} : done * 100 / all, time.count(),
                time.count() > 0 ? static_cast<double>(done) / time.count() : 0.0);
  std::fprintf(stderr, is_terminal_ ? "\r%s" : "%s\n", line.data());
  is_open_ = is_terminal_;
}

void ProgressLine::End() {
  const std::lock_guard lock(mutex_);
  if (is_open_) std::fputs("\n", stderr);
  is_open_ = false;
}

}  // namespace cloudpos::replay
