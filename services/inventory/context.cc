#include "services/inventory/context.h"

#include "libs/base/encoding.h"
#include "libs/base/status_macros.h"
#include "services/inventory/store_stock.h"

namespace cloudpos::inventory {

std::string RequestHash(const google::protobuf::Message& request) {
  return base::Sha256(request.SerializeAsString());
}

absl::Status CheckSameRequest(const std::string& stored_hash, const std::string& request_hash,
                              std::string_view field) {
  if (stored_hash == request_hash) return absl::OkStatus();
  return base::Fail(common::v1::IDEMPOTENCY_MISMATCH, field, "was used with another request",
                    "Make a new id for another thing.");
}

absl::StatusOr<std::map<base::Uuid, StoreInfo>> FindStores(const Deps& deps,
                                                           const rpc::CallContext& ctx,
                                                           const std::set<base::Uuid>& wanted) {
  std::map<base::Uuid, StoreInfo> found;
  if (wanted.empty()) return found;
  const std::vector<base::Uuid> ids(wanted.begin(), wanted.end());
  CLOUDPOS_ASSIGN_OR_RETURN(found, SelectStores(*deps.pool, CallFor(ctx), ids));
  if (found.size() == wanted.size() || !deps.catch_up_stores) return found;
  deps.catch_up_stores(ctx.deadline());
  return SelectStores(*deps.pool, CallFor(ctx), ids);
}

absl::Status CheckStoreExists(const Deps& deps, const rpc::CallContext& ctx,
                              const base::Uuid& store, std::string_view field) {
  CLOUDPOS_ASSIGN_OR_RETURN(const auto found, FindStores(deps, ctx, {store}));
  return found.empty() ? NotFound(field, "store") : absl::OkStatus();
}

void Ring(const Deps& deps) {
  if (deps.doorbell != nullptr) deps.doorbell->Ring();
}

}  // namespace cloudpos::inventory
