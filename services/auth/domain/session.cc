#include "services/auth/domain/session.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "libs/base/encoding.h"
#include "libs/base/error.h"

namespace cloudpos::auth {
namespace {

using namespace common::v1;  // error codes

constexpr std::string_view kPrefix = "rt_";
constexpr size_t kTenantBytes = 16;
constexpr size_t kSecretBytes = 32;

}  // namespace

std::string MakeRefreshToken(const base::Uuid& tenant, std::string_view secret) {
  std::string bytes(reinterpret_cast<const char*>(tenant.bytes().data()), kTenantBytes);
  bytes.append(secret);
  return std::string(kPrefix) + base::Base64UrlEncode(bytes);
}

absl::StatusOr<RefreshToken> ParseRefreshToken(std::string_view text) {
  const absl::Status bad = base::Fail(UNAUTHENTICATED, "The refresh token is not valid.");
  if (text.substr(0, kPrefix.size()) != kPrefix) return bad;
  const auto bytes = base::Base64UrlDecode(text.substr(kPrefix.size()));
  if (!bytes || bytes->size() != kTenantBytes + kSecretBytes) return bad;
  std::array<uint8_t, kTenantBytes> tenant;
  std::memcpy(tenant.data(), bytes->data(), tenant.size());
  return RefreshToken{.tenant = base::Uuid(tenant), .hash = base::Sha256(text)};
}

RefreshDecision DecideRefresh(const RefreshState& state, const SessionRules& rules,
                              absl::Time now) {
  if (!state.found) return RefreshDecision::kUnknown;
  if (state.session_revoked) return RefreshDecision::kRevoked;
  if (now >= state.session_expires_at) return RefreshDecision::kExpired;
  if (now - state.session_last_used_at > rules.idle) return RefreshDecision::kExpired;
  if (state.used) return state.raced ? RefreshDecision::kRaced : RefreshDecision::kReused;
  return RefreshDecision::kRotate;
}

absl::Time IssueTime(absl::Time now, absl::Time not_before) { return std::max(now, not_before); }

absl::Time NotBeforeFor(absl::Time now) {
  return absl::FromUnixSeconds(absl::ToUnixSeconds(now) + 1);
}

}  // namespace cloudpos::auth
