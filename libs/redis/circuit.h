#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace cloudpos::redis {

/// Spares callers the wait for a Redis that is away: after a failure nobody tries for a second,
/// then one caller does; the others follow when it succeeds. Thread-safe.
class Circuit {
 public:
  static constexpr std::chrono::milliseconds kPause{1000};

  /// True when the caller may try; it must then tell the outcome.
  bool Allows() {
    int64_t until = closed_until_.load(std::memory_order_relaxed);
    if (until == 0) return true;
    const int64_t now = Now();
    return now >= until && closed_until_.compare_exchange_strong(until, now + Pause());
  }
  /// True when this ends a pause.
  bool Succeeded() {
    return closed_until_.load(std::memory_order_relaxed) != 0 && closed_until_.exchange(0) != 0;
  }
  /// True when this begins a pause.
  bool Failed() { return closed_until_.exchange(Now() + Pause()) == 0; }

 private:
  static int64_t Now() {
    return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
  }
  static int64_t Pause() { return kPause / std::chrono::nanoseconds(1); }

  std::atomic<int64_t> closed_until_{0};  // 0: calls pass
};

}  // namespace cloudpos::redis
