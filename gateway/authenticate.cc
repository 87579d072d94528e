#include "gateway/authenticate.h"

#include "libs/base/error.h"

namespace cloudpos::gateway {
namespace {

/// The scheme's name has no case (RFC 9110 section 11.1).
bool IsBearer(std::string_view value) {
  constexpr std::string_view kScheme = "bearer ";
  if (value.size() <= kScheme.size()) return false;
  for (size_t i = 0; i < kScheme.size(); ++i) {
    const char c = value[i];
    if ((c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) != kScheme[i]) return false;
  }
  return true;
}

}  // namespace

absl::Status Authenticate(const token::Verifier& verifier, Exchange* exchange) {
  const bool is_needed = exchange->route().needs_token();
  const std::string_view value = exchange->head().Find("authorization");
  if (!IsBearer(value)) {
    if (!is_needed) return absl::OkStatus();
    return base::Fail(common::v1::UNAUTHENTICATED,
                      "Send an access token: Authorization: Bearer ...");
  }
  exchange->bearer = value.substr(std::string_view("bearer ").size());
  auto claims = verifier.Verify(exchange->bearer);
  if (claims.ok()) {
    exchange->claims = *std::move(claims);
    return absl::OkStatus();
  }
  exchange->bearer = {};
  return is_needed ? claims.status() : absl::OkStatus();
}

absl::Status CheckPermission(const Exchange& exchange) {
  const common::v1::Policy& policy = *exchange.route().policy;
  // With handler_checks the service decides after it has looked up the request's id: a replay must
  // be answered whatever rights have changed since.
  if (policy.permission() == common::v1::PERMISSION_UNSPECIFIED || policy.public_() ||
      policy.handler_checks()) {
    return absl::OkStatus();
  }
  if (exchange.claims->HasAnywhere(policy.permission())) return absl::OkStatus();
  const auto* value = common::v1::Permission_descriptor()->FindValueByNumber(policy.permission());
  return base::Fail(common::v1::PERMISSION_DENIED,
                    "This needs the permission " +
                        value->options().GetExtension(common::v1::permission_name) + ".");
}

}  // namespace cloudpos::gateway
