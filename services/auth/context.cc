#include "services/auth/context.h"

#include "libs/base/encoding.h"

namespace cloudpos::auth {

std::string RequestHash(const google::protobuf::Message& request) {
  return base::Sha256(request.SerializeAsString());
}

absl::StatusOr<base::Uuid> CreateId(const rpc::CallContext& ctx, std::string_view text,
                                    std::string_view field) {
  return base::Uuid::ParseField(text.empty() ? ctx.idempotency_key() : text, field);
}

absl::Status CheckSameRequest(rpc::CallContext& ctx, const Existing& existing,
                              const std::string& request_hash, std::string_view field) {
  if (existing.request_hash != request_hash) {
    return base::Fail(common::v1::IDEMPOTENCY_MISMATCH, field, "was used with another request",
                      "Make a new id for another thing.");
  }
  ctx.SetReplayed();
  return absl::OkStatus();
}

void Ring(const Deps& deps) {
  if (deps.doorbell != nullptr) deps.doorbell->Ring();
}

}  // namespace cloudpos::auth
