#include "services/auth/domain/lockout.h"

#include <algorithm>

namespace cloudpos::auth {

std::optional<absl::Duration> WaitBeforeLogin(const LoginFailures& state, absl::Time now) {
  if (state.locked_until <= now) return std::nullopt;
  return state.locked_until - now;
}

LoginFailures AfterFailure(const LoginFailures& state, const LockoutRules& rules, absl::Time now) {
  const bool forgotten = now - state.last_failed_at > rules.memory;
  LoginFailures next{.failures = (forgotten ? 0 : state.failures) + 1,
                     .last_failed_at = now,
                     .locked_until = absl::InfinitePast()};
  if (next.failures < rules.failures) return next;
  // Beyond 20 doublings every sensible first delay has passed the maximum.
  const int doublings = std::min(next.failures - rules.failures, 20);
  next.locked_until = now + std::min(rules.first_delay * (1 << doublings), rules.delay_max);
  return next;
}

}  // namespace cloudpos::auth
