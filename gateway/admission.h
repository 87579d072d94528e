#pragma once

// Whether a call may start: a limit on calls in flight in which important calls have room that
// others have not, and a circuit breaker that spares a dead upstream (and its callers).

#include <array>
#include <cstdint>
#include <mutex>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/base/clock.h"

namespace cloudpos::gateway {

struct AdmissionLimits {
  int in_flight = 256;
  /// Opens when at least `failures_percent` of at least `calls_min` calls of the last ten seconds
  /// failed; stays open this long, then lets one call through as a probe.
  int calls_min = 20;
  int failures_percent = 50;
  absl::Duration open_time = absl::Seconds(5);
};

/// What is said to calls for which there is no room.
absl::Status Overloaded();

/// Thread-safe.
class Admission {
 public:
  Admission(AdmissionLimits limits, const base::Clock& clock);

  /// UNAVAILABLE (breaker) or OVERLOADED, both with a time after which to try again. Each OK must
  /// be followed by one Done. `priority` is policy.priority, 0..3.
  absl::Status Admit(int priority);
  /// `is_failure`: the upstream did not do its work (unreachable, overloaded, out of time).
  void Done(bool is_failure);

  /// Whether Admit would say OVERLOADED just now. Asking takes no place.
  bool IsFull(int priority) const;

  /// The upstream is known to work again: no need to wait for the probe.
  void Close();

  int in_flight() const;

 private:
  static constexpr size_t kSeconds = 10;
  struct Second {
    int64_t second = 0;
    int calls = 0;
    int failures = 0;
  };
  enum class State { kClosed, kOpen, kProbing };

  bool IsFullLocked(int priority) const;
  Second& Current();
  bool IsFailing();

  const AdmissionLimits limits_;
  const base::Clock& clock_;
  mutable std::mutex mutex_;
  State state_ = State::kClosed;
  absl::Time open_until_;
  int in_flight_ = 0;
  std::array<Second, kSeconds> seconds_;
};

}  // namespace cloudpos::gateway
