#include "gateway/cookies.h"

#include <algorithm>

namespace cloudpos::gateway {
namespace {

constexpr std::string_view kHostPrefix = "__Host-";

/// cookie-octet of RFC 6265.
bool IsCookieChar(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte > 0x20 && byte < 0x7F && c != '"' && c != ',' && c != ';' && c != '\\';
}

}  // namespace

std::string CookieName(const common::v1::CookiePolicy& policy, bool is_secure) {
  const std::string& name = policy.name();
  const bool has_prefix = name.compare(0, kHostPrefix.size(), kHostPrefix) == 0;
  return !is_secure && has_prefix ? name.substr(kHostPrefix.size()) : name;
}

std::optional<std::string> FindCookie(const RequestHead& head, std::string_view name) {
  std::string_view rest = head.Find("cookie");
  std::optional<std::string> found;
  while (!rest.empty()) {
    const size_t end = rest.find(';');
    std::string_view pair = rest.substr(0, end);
    rest = end == rest.npos ? std::string_view() : rest.substr(end + 1);
    while (!pair.empty() && pair.front() == ' ') pair.remove_prefix(1);
    const size_t equals = pair.find('=');
    if (equals == pair.npos || pair.substr(0, equals) != name) continue;
    const std::string_view value = pair.substr(equals + 1);
    if (found || !std::all_of(value.begin(), value.end(), IsCookieChar)) return std::nullopt;
    found = std::string(value);
  }
  return found;
}

std::optional<std::string> FormatCookie(const std::string& name, const std::string& value,
                                        int64_t max_age_seconds, bool is_secure) {
  if (!std::all_of(value.begin(), value.end(), IsCookieChar)) return std::nullopt;
  std::string text = name + "=" + value + "; Path=/; HttpOnly; SameSite=Strict";
  if (is_secure) text += "; Secure";
  if (value.empty()) return text + "; Max-Age=0";
  if (max_age_seconds > 0) text += "; Max-Age=" + std::to_string(max_age_seconds);
  return text;
}

}  // namespace cloudpos::gateway
