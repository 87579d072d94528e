#include "libs/pg/watchdog.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

namespace cloudpos::pg {

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

Watchdog::Watch::Watch(Watchdog& watchdog, int socket)
    : watchdog_(watchdog), socket_(fcntl(socket, F_DUPFD_CLOEXEC, 0)) {
  watchdog_.Add(this);
}

Watchdog::Watch::~Watch() {
  watchdog_.Remove(this);
  if (socket_ >= 0) close(socket_);
}

void Watchdog::Watch::Arm(Clock::time_point cutoff) {
  const int64_t at = cutoff.time_since_epoch().count();
  cutoff_.store(at);
  // Run either sees this cutoff or has set next_ to a later time, in which case it is woken.
  if (at >= watchdog_.next_.load()) return;
  const std::lock_guard lock(watchdog_.mutex_);
  watchdog_.nudged_ = true;
  watchdog_.wake_.notify_one();
}

void Watchdog::Add(Watch* watch) {
  const std::lock_guard lock(mutex_);
  watches_.push_back(watch);
  if (!thread_.joinable()) thread_ = std::thread([this] { Run(); });
}

void Watchdog::Remove(Watch* watch) {
  const std::lock_guard lock(mutex_);
  watches_.erase(std::find(watches_.begin(), watches_.end(), watch));
}

// Answers the earliest cutoff still to come.
int64_t Watchdog::CutOffOverdue() {
  const int64_t now = Clock::now().time_since_epoch().count();
  int64_t earliest = kNever;
  for (Watch* watch : watches_) {
    int64_t at = watch->cutoff_.load();
    if (at <= now && watch->cutoff_.compare_exchange_strong(at, kNever)) {
      shutdown(watch->socket_, SHUT_RDWR);
      cut_off_.fetch_add(1);
    } else {
      earliest = std::min(earliest, at);
    }
  }
  return earliest;
}

void Watchdog::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    nudged_ = false;
    next_.store(kNever);  // whoever arms from here on nudges
    const int64_t earliest = CutOffOverdue();
    next_.store(earliest);
    const auto woken = [this] { return stopping_ || nudged_; };
    if (earliest == kNever) {
      wake_.wait(lock, woken);
    } else {
      wake_.wait_until(lock, Clock::time_point(Clock::duration(earliest)), woken);
    }
  }
}

}  // namespace cloudpos::pg
