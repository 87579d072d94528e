#pragma once

// Which limit a request falls under (architecture section 4): per signed-in user and device; per
// address only when nobody is signed in; sign-in per account, and against an address only failures.

#include <array>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "gateway/exchange.h"
#include "gateway/rate_limiter.h"

namespace cloudpos::gateway {

struct RateLimits {
  BucketLimit read;
  BucketLimit write;
  BucketLimit report;
  int auth_per_minute = 5;
  int auth_failures_per_minute = 60;
};

class RateFilter {
 public:
  RateFilter(RateLimits limits, RateLimiter* limiter) : limits_(limits), limiter_(*limiter) {}

  /// Before the body is looked at. RATE_LIMITED.
  absl::Status CheckRequest(Exchange* exchange);

  /// For routes with policy.account_field, once it is known: what TakeFromMinute needs. Empty when
  /// the route counts no account.
  static std::string AccountKey(const Exchange& exchange, std::string_view account);
  absl::Status CheckAccount(const std::string& key, Exchange* exchange);

  /// Counts an attempt to sign in that failed, or a token that is not valid, against the address.
  void CountFailure(const Exchange& exchange);

 private:
  const BucketLimit& LimitOf(const Route& route) const;

  const RateLimits limits_;
  RateLimiter& limiter_;
};

/// RATE_LIMITED with the time to wait.
absl::Status RateLimited(const LimitVerdict& verdict);

}  // namespace cloudpos::gateway
