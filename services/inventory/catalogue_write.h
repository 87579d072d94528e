#pragma once

// One write of a tenant's catalogue: holds its lock, hands out the dense versions, and leaves the
// log, the events and the audit row behind, all in the caller's transaction.

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "libs/base/ids.h"
#include "libs/events/audit.h"
#include "libs/events/events.h"
#include "libs/pg/pg.h"
#include "libs/rpc/server.h"
#include "services/inventory/domain/catalogue.h"
#include "services/inventory/store_catalogue.h"

namespace cloudpos::inventory {

class CatalogueWrite {
 public:
  /// Locks the tenant's catalogue until the transaction ends.
  static absl::StatusOr<CatalogueWrite> Begin(pg::Tx& tx, const rpc::CallContext& ctx,
                                              base::IdSource& ids);

  int64_t NextVersion() { return ++version_; }
  /// The state as of the version in it, which NextVersion gave.
  void Add(const Category& category);
  void Add(const Product& product, const Variant& variant);
  /// Raises the versions of all variants of the product and adds them.
  void TouchVariants(Product& product, absl::Time now);
  void Audit(absl::Time now, const events::AuditedChange& change);

  /// Writes it all. Nothing when no version was taken.
  absl::Status Finish();

 private:
  CatalogueWrite(pg::Tx& tx, const rpc::CallContext& ctx, base::IdSource& ids, int64_t version)
      : tx_(&tx), ctx_(&ctx), ids_(&ids), first_version_(version), version_(version) {}
  void AddEvent(bool is_category, const base::Uuid& entity, int64_t version,
                const google::protobuf::Message& event);

  pg::Tx* tx_;
  const rpc::CallContext* ctx_;
  base::IdSource* ids_;
  int64_t first_version_;
  int64_t version_;
  std::vector<CatalogueChange> changes_;
  std::vector<events::NewEvent> events_;
};

}  // namespace cloudpos::inventory
