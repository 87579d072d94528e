#pragma once

// What the handlers of inventory share.

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "google/protobuf/message.h"
#include "libs/base/clock.h"
#include "libs/base/error.h"
#include "libs/base/ids.h"
#include "libs/events/events.h"
#include "libs/pg/pg.h"
#include "libs/rpc/server.h"

namespace cloudpos::inventory {

struct StoreInfo {
  std::string currency_code;
  bool archived = false;
};

/// Everything lives longer than the handlers.
struct Deps {
  pg::Pool* pool = nullptr;  // requests
  const base::Clock* clock = nullptr;
  base::IdSource* ids = nullptr;
  events::Doorbell* doorbell = nullptr;  // may be null
  /// Asks auth for stores that are new; may be empty.
  std::function<void(absl::Time deadline)> catch_up_stores = {};
};

/// Options of a transaction or statement for this call's tenant and deadline.
inline pg::TxOptions TxFor(const rpc::CallContext& ctx) {
  return {.tenant = ctx.tenant(), .deadline = ctx.deadline()};
}
inline pg::TxOptions ReadFor(const rpc::CallContext& ctx) {
  return {.tenant = ctx.tenant(), .deadline = ctx.deadline(), .read_only = true};
}
inline pg::CallOptions CallFor(const rpc::CallContext& ctx) {
  return {.tenant = ctx.tenant(), .deadline = ctx.deadline()};
}

inline absl::Status NotFound(std::string_view what) {
  return base::Fail(common::v1::NOT_FOUND, "There is no such " + std::string(what) + ".");
}
inline absl::Status NotFound(std::string_view field, std::string_view what) {
  return base::Fail(common::v1::NOT_FOUND, field, "there is no such " + std::string(what));
}

/// What tells a repeat of a creating request from another request with the same id.
std::string RequestHash(const google::protobuf::Message& request);
/// IDEMPOTENCY_MISMATCH naming `field` unless both are the same.
absl::Status CheckSameRequest(const std::string& stored_hash, const std::string& request_hash,
                              std::string_view field);

/// The stores among `wanted` that exist; those unknown here are asked of auth once.
absl::StatusOr<std::map<base::Uuid, StoreInfo>> FindStores(const Deps& deps,
                                                           const rpc::CallContext& ctx,
                                                           const std::set<base::Uuid>& wanted);
/// NOT_FOUND naming `field` when the store does not exist.
absl::Status CheckStoreExists(const Deps& deps, const rpc::CallContext& ctx,
                              const base::Uuid& store, std::string_view field);

/// Rings the bell: there are new events.
void Ring(const Deps& deps);

}  // namespace cloudpos::inventory
