#pragma once

// Failed sign-ins delay further tries, per e-mail address, known or not. Never permanent.

#include <optional>

#include "absl/time/time.h"

namespace cloudpos::auth {

struct LockoutRules {
  int failures = 5;  // so many in a row are free of delay, the last of them brings the first one
  absl::Duration first_delay = absl::Seconds(30);
  absl::Duration delay_max = absl::Minutes(15);
  /// A failure older than this is forgotten.
  absl::Duration memory = absl::Hours(24);
};

struct LoginFailures {
  int failures = 0;
  absl::Time last_failed_at = absl::InfinitePast();
  absl::Time locked_until = absl::InfinitePast();
};

/// How long a try at `now` has to wait; nullopt = it may be made.
std::optional<absl::Duration> WaitBeforeLogin(const LoginFailures& state, absl::Time now);

/// The state after one more failure at `now`: from the `failures`-th on, each doubles the delay.
LoginFailures AfterFailure(const LoginFailures& state, const LockoutRules& rules, absl::Time now);

}  // namespace cloudpos::auth
