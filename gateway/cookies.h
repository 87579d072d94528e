#pragma once

// Cookies by policy (CookiePolicy): a request field filled from one, a response field sent as one.

#include <optional>
#include <string>
#include <string_view>

#include "cloudpos/common/v1/policy.pb.h"
#include "gateway/http_message.h"

namespace cloudpos::gateway {

/// The name in use: over plain http (loopback only) browsers refuse the prefix "__Host-".
std::string CookieName(const common::v1::CookiePolicy& policy, bool is_secure);

/// The value of cookie `name`; nullopt when absent, malformed or given twice.
std::optional<std::string> FindCookie(const RequestHead& head, std::string_view name);

/// A Set-Cookie value: HttpOnly, SameSite=Strict, Path=/, Secure where possible. An empty value
/// clears the cookie. nullopt when `value` cannot be a cookie's value.
std::optional<std::string> FormatCookie(const std::string& name, const std::string& value,
                                        int64_t max_age_seconds, bool is_secure);

}  // namespace cloudpos::gateway
