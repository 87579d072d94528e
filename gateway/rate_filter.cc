#include "gateway/rate_filter.h"

#include <algorithm>

#include "gateway/client_address.h"
#include "gateway/cookies.h"
#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"

namespace cloudpos::gateway {
namespace {

BucketLimit FailureLimit(int per_minute) { return {per_minute / 60.0, per_minute}; }

std::string FailureKey(const Exchange& exchange) { return "f:" + AddressGroup(exchange.client_ip); }

/// Hashed: keys are short, of one length, and nobody's name stands in Redis.
std::string Hash(std::string_view text) {
  return base::Base64UrlEncode(base::Sha256(text).substr(0, 16));
}

/// Where a session cookie speaks for the caller, its part before the dot names the session family
/// and stays the same when the secret after it is renewed.
std::string SessionFamily(const Exchange& exchange) {
  if (exchange.route().cookie_request.empty()) return "";
  const auto value = FindCookie(exchange.head(),
                                CookieName(exchange.route().policy->cookie(), exchange.is_secure));
  if (!value) return "";
  const size_t dot = value->find('.');
  return dot == value->npos || dot == 0 ? "" : value->substr(0, dot);
}

std::string CallerKey(const Exchange& exchange) {
  if (exchange.claims != nullptr) {
    const token::Claims& claims = *exchange.claims;
    std::string key = "u:" + claims.tenant.ToString() + claims.subject.ToString();
    if (claims.device) key += claims.device->ToString();
    return key;
  }
  const std::string family = SessionFamily(exchange);
  return family.empty() ? "i:" + AddressGroup(exchange.client_ip) : "s:" + Hash(family);
}

}  // namespace

absl::Status RateLimited(const LimitVerdict& verdict) {
  base::ErrorInfo info;
  info.code = common::v1::RATE_LIMITED;
  info.detail = "Slow down and try again after the time given.";
  info.retry_after =
      std::max(absl::ToChronoMilliseconds(verdict.retry_after), std::chrono::milliseconds(1));
  return base::Fail(info);
}

const BucketLimit& RateFilter::LimitOf(const Route& route) const {
  switch (route.policy->rate_class()) {
    case common::v1::REPORT:
      return limits_.report;
    case common::v1::READ:
      return limits_.read;
    default:
      return limits_.write;
  }
}

absl::Status RateFilter::CheckRequest(Exchange* exchange) {
  const Route& route = exchange->route();
  const common::v1::RateClass rate_class = route.policy->rate_class();
  if (exchange->claims == nullptr) {
    const LimitVerdict failures =
        limiter_.Peek(FailureKey(*exchange), FailureLimit(limits_.auth_failures_per_minute));
    if (!failures.is_allowed) return RateLimited(failures);
  }
  if (rate_class == common::v1::AUTH) return absl::OkStatus();
  const std::string key =
      common::v1::RateClass_Name(rate_class).substr(0, 2) + CallerKey(*exchange);
  exchange->limit = limiter_.Take(key, LimitOf(route));
  return exchange->limit->is_allowed ? absl::OkStatus() : RateLimited(*exchange->limit);
}

std::string RateFilter::AccountKey(const Exchange& exchange, std::string_view account) {
  if (exchange.route().policy->rate_class() != common::v1::AUTH) return "";
  // Spelling does not make another account.
  std::string name;
  for (const char c : account) {
    if (c != ' ') name.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  }
  if (!name.empty()) return Hash("a:" + name);
  // Where a request names no account, the user stands for it, or else the address.
  if (exchange.claims != nullptr) {
    return Hash("u:" + exchange.claims->tenant.ToString() + exchange.claims->subject.ToString());
  }
  return Hash("i:" + AddressGroup(exchange.client_ip));
}

absl::Status RateFilter::CheckAccount(const std::string& key, Exchange* exchange) {
  exchange->limit = limiter_.TakeFromMinute(key, limits_.auth_per_minute);
  return exchange->limit->is_allowed ? absl::OkStatus() : RateLimited(*exchange->limit);
}

void RateFilter::CountFailure(const Exchange& exchange) {
  limiter_.Take(FailureKey(exchange), FailureLimit(limits_.auth_failures_per_minute));
}

}  // namespace cloudpos::gateway
