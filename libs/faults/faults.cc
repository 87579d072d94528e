#include "libs/faults/faults.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>

namespace cloudpos::faults {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// Long enough for a statement to have reached the server, short enough for it to be under way.
constexpr milliseconds kMeanwhile{1};
/// How long a shift of the clock that was read is believed.
constexpr milliseconds kClockReadEvery{50};

/// Empty: nothing is armed. Read once; the environment of a program does not change.
const std::string& Folder() {
  static const std::string folder = [] {
    const char* value = getenv("POS_TEST_FAULTS");
    return std::string(value == nullptr ? "" : value);
  }();
  return folder;
}

bool Exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

std::string ReadWord(std::istream& in) {
  std::string word;
  in >> word;
  return word;
}

std::optional<int64_t> ParseNumber(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// A mistake of the test: better no test than one that proves nothing.
[[noreturn]] void Refuse(const std::string& what) {
  fprintf(stderr, "faults: %s\n", what.c_str());
  abort();
}

/// Where the point's order is, first the one for this program alone; empty when there is none.
std::string OrderFor(const std::string& point) {
  const std::string all = Folder() + "/point/" + point;
  for (const std::string& path : {all + "@" + program_invocation_short_name, all}) {
    if (Exists(path)) return path;
  }
  return {};
}

/// Takes the point's order, which one process and one thread can; nullopt when there is none. It is
/// moved before it is obeyed, so that it can be seen to have been.
std::optional<std::string> Claim(const std::string& point) {
  if (Folder().empty()) return std::nullopt;
  const std::string order = OrderFor(point);
  if (order.empty()) return std::nullopt;
  const std::string base = Folder() + "/fired/" + point + "." + std::to_string(getpid());
  std::string fired = base;
  for (int again = 2; Exists(fired); ++again) fired = base + "." + std::to_string(again);
  if (rename(order.c_str(), fired.c_str()) != 0) {
    if (errno == ENOENT && Exists(Folder() + "/fired")) return std::nullopt;  // another was first
    Refuse("cannot move " + order + " to " + fired);
  }
  std::stringstream text;
  text << std::ifstream(fired).rdbuf();
  return text.str();
}

/// True for an order to fail.
bool Obey(const std::string& point, const std::string& order) {
  std::istringstream words(order);
  const std::string action = ReadWord(words);
  // raise() acts on this thread before it returns: nothing more happens here.
  if (action == "abort") raise(SIGKILL);
  if (action == "stop") {
    raise(SIGSTOP);
    return false;
  }
  if (action == "sleep") {
    if (const auto ms = ParseNumber(ReadWord(words))) {
      std::this_thread::sleep_for(milliseconds(*ms));
      return false;
    }
  }
  if (action != "error") Refuse("no order for a fail point: " + point + ": " + order);
  return true;
}

/// The same bytes have the same address for ever, as statements of a program do.
const char* Keep(const std::string& text) {
  static std::mutex mutex;
  static std::map<std::string, bool> kept;
  const std::lock_guard lock(mutex);
  return kept.emplace(text, true).first->first.c_str();
}

/// The new shift, put down in fired/clock.<pid> for the test to see.
int64_t ReadClockShift(int64_t before) {
  std::ifstream file(Folder() + "/clock/" + program_invocation_short_name);
  const int64_t shift = ParseNumber(ReadWord(file)).value_or(0);
  if (shift != before) {
    std::ofstream(Folder() + "/fired/clock." + std::to_string(getpid())) << shift;
  }
  return shift;
}

}  // namespace

bool ReachAndFail(const char* point) {
  const std::optional<std::string> order = Claim(point);
  return order && Obey(point, *order);
}

void Reach(const char* point) {
  if (ReachAndFail(point)) Refuse(std::string("the point cannot fail: ") + point);
}

void ReachMeanwhile(const char* point) {
  const std::optional<std::string> order = Claim(point);
  if (!order) return;
  std::thread([name = std::string(point), text = *order] {
    std::this_thread::sleep_for(kMeanwhile);
    if (Obey(name, text)) Refuse("the point cannot fail: " + name);
  }).detach();  // tidy: allow banned: whoever could join it is to be killed or stopped
}

bool HasBug(const char* name) { return !Folder().empty() && Exists(Folder() + "/bug/" + name); }

int64_t ClockShiftSeconds() {
  static std::atomic<steady_clock::rep> read_at{0};
  static std::atomic<int64_t> shift{0};
  if (Folder().empty()) return 0;
  const steady_clock::rep now = steady_clock::now().time_since_epoch().count();
  steady_clock::rep before = read_at.load();
  const bool is_due = before == 0 || now - before > steady_clock::duration(kClockReadEvery).count();
  if (is_due && read_at.compare_exchange_strong(before, now)) shift = ReadClockShift(shift);
  return shift;
}

const char* RewriteSql(const char* bug, const char* sql, const char* from, const char* to) {
  if (!HasBug(bug)) return sql;
  std::string text(sql);
  const size_t at = text.find(from);
  if (at == std::string::npos) Refuse(std::string("the statement of ") + bug + " has changed");
  return Keep(text.replace(at, std::string_view(from).size(), to));
}

}  // namespace cloudpos::faults
