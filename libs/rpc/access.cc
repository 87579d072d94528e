#include "libs/rpc/access.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"

namespace cloudpos::rpc {
namespace {

using base::Fail;

constexpr size_t kIdempotencyKeyMax = 128;

absl::Status Denied() {
  return Fail(common::v1::PERMISSION_DENIED, "the permission for this is missing");
}

bool IsSameKey(const std::string& a, const std::string& b) {
  if (a == b) return true;
  const auto left = base::Uuid::Parse(a);
  return left && left == base::Uuid::Parse(b);
}

bool IsVisibleAscii(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

}  // namespace

absl::Status CheckCaller(const common::v1::Policy& policy, std::string_view peer) {
  const auto& callers = policy.callers();
  if (!peer.empty() && std::find(callers.begin(), callers.end(), peer) != callers.end()) {
    return absl::OkStatus();
  }
  return Fail(common::v1::CALLER_NOT_ALLOWED, "this caller may not call this method");
}

std::string_view BearerToken(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer ";
  if (authorization.size() <= kScheme.size()) return {};
  if (!absl::EqualsIgnoreCase({authorization.data(), kScheme.size()},
                              {kScheme.data(), kScheme.size()})) {
    return {};
  }
  return authorization.substr(kScheme.size());
}

absl::Status CheckPermission(const BoundMethod& method, const token::Claims& claims) {
  if (method.policy.handler_checks()) return absl::OkStatus();
  const auto permission = method.policy.permission();
  switch (method.access) {
    case Access::kTenant:
      return claims.HasForTenant(permission) ? absl::OkStatus() : Denied();
    case Access::kResource:
      return claims.HasAnywhere(permission) ? absl::OkStatus() : Denied();
    default:
      return absl::OkStatus();
  }
}

absl::Status CheckStore(const token::Claims& claims, token::Permission permission,
                        const base::Uuid& store) {
  if (!claims.CoversStore(store)) return Fail(common::v1::NOT_FOUND, "not found");
  if (permission != common::v1::PERMISSION_UNSPECIFIED && !claims.HasForStore(permission, store)) {
    return Denied();
  }
  return absl::OkStatus();
}

absl::Status CheckRequestStore(const BoundMethod& method, const token::Claims& claims,
                               const google::protobuf::Message& request) {
  if (method.access != Access::kStore) return absl::OkStatus();
  CLOUDPOS_ASSIGN_OR_RETURN(
      const base::Uuid store,
      base::Uuid::ParseField(method.store_field.Get(request), method.store_field.json()));
  absl::Status status = CheckStore(claims, method.policy.permission(), store);
  if (base::CodeOf(status) != common::v1::NOT_FOUND) return status;
  return Fail(common::v1::NOT_FOUND, method.store_field.json(), "there is no such store");
}

absl::Status CheckIdempotency(const BoundMethod& method, const std::string& key,
                              google::protobuf::Message* request) {
  if (method.policy.idempotency() != common::v1::REQUIRED) return absl::OkStatus();
  if (key.size() > kIdempotencyKeyMax || !IsVisibleAscii(key)) {
    return Fail(common::v1::INVALID_ARGUMENT, "Idempotency-Key",
                "must be 1 to 128 visible ASCII characters");
  }
  const FieldPath& field = method.id_field;
  const std::string id = field.empty() ? std::string() : field.Get(*request);
  if (id.empty() && key.empty()) {
    return Fail(common::v1::IDEMPOTENCY_KEY_REQUIRED,
                field.empty() ? "send the header Idempotency-Key"
                              : "send " + field.json() + " or the header Idempotency-Key");
  }
  if (!field.empty() && id.empty()) field.Set(request, key);
  if (!id.empty() && !key.empty() && !IsSameKey(id, key)) {
    return Fail(common::v1::INVALID_ARGUMENT, field.json(),
                "differs from the Idempotency-Key header");
  }
  return absl::OkStatus();
}

}  // namespace cloudpos::rpc
