#pragma once

// SQL of the read model: applying other services' events and loading what the checkout needs.

#include <map>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cloudpos/auth/v1/events.pb.h"
#include "cloudpos/inventory/v1/events.pb.h"
#include "libs/pg/pg.h"
#include "services/transaction/domain/settings.h"

namespace cloudpos::transaction {

absl::Status UpsertStore(pg::Tx& tx, const auth::v1::StoreChanged& event);
absl::Status UpsertRegister(pg::Tx& tx, const auth::v1::RegisterChanged& event);
absl::Status UpsertDevice(pg::Tx& tx, const auth::v1::DeviceChanged& event);
/// Adds what somebody may do since then; a repeat changes nothing.
absl::Status InsertOperator(pg::Tx& tx, const auth::v1::StaffRightsChanged& event);
/// Adds the variant's state at its version; a repeat changes nothing.
absl::Status InsertVariants(pg::Tx& tx, const std::vector<inventory::v1::VariantChanged>& events);
/// Raises the tenant's settings version by one.
absl::Status TouchSettings(pg::Tx& tx, const base::Uuid& tenant);

absl::StatusOr<std::shared_ptr<const Settings>> LoadSettings(pg::Pool& pool,
                                                             const base::Uuid& tenant,
                                                             absl::Time deadline);

/// The newest state of each variant that exists.
absl::StatusOr<std::vector<VariantPtr>> LoadVariants(pg::Pool& pool, const base::Uuid& tenant,
                                                     const std::vector<base::Uuid>& ids,
                                                     absl::Time deadline);

/// A variant and the version of the catalogue it is wanted of; 0: the newest.
struct VariantVersion {
  base::Uuid variant;
  int64_t version = 0;
  friend auto operator<=>(const VariantVersion&, const VariantVersion&) = default;
};
using GoodsAsOf = std::map<VariantVersion, VariantPtr>;
/// Those variants that exist, as they were then; the oldest state kept for what is older still.
absl::StatusOr<GoodsAsOf> LoadVariantsAsOf(pg::Pool& pool, const base::Uuid& tenant,
                                           const std::vector<VariantVersion>& wanted,
                                           absl::Time deadline);

struct Versions {
  int64_t catalogue = 0;  // the owner's dense version
  int64_t applied = 0;    // batches applied here
  int64_t settings = 0;
};
absl::StatusOr<std::map<base::Uuid, Versions>> LoadVersions(pg::Pool& pool,
                                                            const std::vector<base::Uuid>& tenants,
                                                            absl::Time deadline);
/// Variants that changed after batch `applied`.
absl::StatusOr<std::vector<base::Uuid>> LoadChangedVariants(pg::Pool& pool,
                                                            const base::Uuid& tenant,
                                                            int64_t applied, absl::Time deadline);

}  // namespace cloudpos::transaction
