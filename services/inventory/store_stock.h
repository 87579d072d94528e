#pragma once

// SQL of stores, locations, levels and the ledger.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cloudpos/auth/v1/events.pb.h"
#include "libs/pg/pg.h"
#include "services/inventory/context.h"
#include "services/inventory/domain/movements.h"

namespace cloudpos::inventory {

absl::StatusOr<std::map<base::Uuid, StoreInfo>> SelectStores(pg::Pool& pool,
                                                             const pg::CallOptions& options,
                                                             const std::vector<base::Uuid>& ids);
/// Keeps the highest version.
absl::Status UpsertStore(pg::Tx& tx, const auth::v1::StoreChanged& store);

/// Makes those that do not exist yet.
absl::Status InsertLocations(pg::Tx& tx, const std::vector<StockLocation>& locations);
absl::StatusOr<std::vector<StockLocation>> SelectLocations(pg::Pool& pool,
                                                           const pg::CallOptions& options,
                                                           const base::Uuid& store);

/// Writes the movements that are not in the ledger yet and moves the levels by them, in one
/// statement. Levels are locked in order of their keys, as everywhere.
absl::Status ApplyMovements(pg::Tx& tx, const std::vector<Movement>& movements,
                            absl::Time recorded_at);

struct StockLevel {
  StockLocation location;
  base::Uuid variant;
  int64_t on_hand_milli = 0;
  int64_t reserved_milli = 0;
  absl::Time updated_at;
};
struct LevelKey {
  base::Uuid location;
  base::Uuid variant;
};
struct StockFilter {
  std::optional<std::vector<base::Uuid>> stores = {};  // nullopt: all of the tenant
  std::optional<base::Uuid> variant = {};
};
/// By location and variant.
absl::StatusOr<std::vector<StockLevel>> SelectLevels(pg::Pool& pool, const pg::CallOptions& options,
                                                     const StockFilter& filter,
                                                     const std::optional<LevelKey>& after,
                                                     int limit);

struct LedgerRow {
  Movement movement;
  base::Uuid store;
  absl::Time recorded_at;
};
struct LedgerKey {
  absl::Time recorded_at;
  base::Uuid document;
  int32_t line_no = 0;
  int32_t kind = 0;
};
/// Newest first. The filter names a variant or stores.
absl::StatusOr<std::vector<LedgerRow>> SelectMovements(pg::Pool& pool,
                                                       const pg::CallOptions& options,
                                                       const StockFilter& filter,
                                                       const std::optional<LedgerKey>& after,
                                                       int limit);

struct Adjustment {
  base::Uuid tenant;
  base::Uuid id;
  base::Uuid store;
  base::Uuid location;
  std::string reason_code;
  std::string note;
  base::Uuid actor;
  absl::Time occurred_at;
  absl::Time recorded_at;
  std::string request_hash;
  std::vector<Movement> lines;
};
/// False when there is one with the id already.
absl::StatusOr<bool> InsertAdjustment(pg::Tx& tx, const Adjustment& adjustment);
/// Without its lines.
absl::StatusOr<Adjustment> SelectAdjustment(pg::Tx& tx, const base::Uuid& tenant,
                                            const base::Uuid& id);
/// Adjustments of all tenants with their lines, after (tenant, id).
absl::StatusOr<std::vector<Adjustment>> SelectAllAdjustments(pg::Tx& tx, const base::Uuid& tenant,
                                                             const base::Uuid& id, int limit);
/// Those of `ids` that are no variants.
absl::StatusOr<std::vector<base::Uuid>> SelectUnknownVariants(pg::Tx& tx, const base::Uuid& tenant,
                                                              const std::vector<base::Uuid>& ids);

/// A level of any tenant.
struct CheckedLevel {
  base::Uuid tenant;
  base::Uuid location;
  base::Uuid variant;
};
/// The first after `level`, in the order of their keys; nothing at the end.
absl::StatusOr<std::optional<CheckedLevel>> SelectLevelAfter(pg::Pool& pool,
                                                             const CheckedLevel& level,
                                                             absl::Time deadline);
/// Whether a level that exists is the sum of its ledger.
absl::StatusOr<bool> IsSumOfLedger(pg::Pool& pool, const CheckedLevel& level, absl::Time deadline);

}  // namespace cloudpos::inventory
