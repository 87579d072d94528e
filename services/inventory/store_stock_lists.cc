// Reading stock.

#include "libs/base/status_macros.h"
#include "services/inventory/store_stock.h"

namespace cloudpos::inventory {
namespace {

constexpr pg::Query kSelectLocations{"select_stock_locations", R"sql(
  SELECT tenant_id, location_id, store_id, kind::int4 AS kind FROM stock_locations
  WHERE tenant_id = $1 AND store_id = $2 ORDER BY kind)sql"};

constexpr pg::Query kSelectLevels{"select_stock_levels", R"sql(
  SELECT l.tenant_id, l.location_id, s.store_id, s.kind::int4 AS kind, l.variant_id,
    l.on_hand_milli, l.reserved_milli, l.updated_at
  FROM stock_levels AS l
  JOIN stock_locations AS s ON s.tenant_id = l.tenant_id AND s.location_id = l.location_id
  WHERE l.tenant_id = $1 AND ($2::uuid[] IS NULL OR s.store_id = ANY($2::uuid[]))
    AND ($3::uuid IS NULL OR l.variant_id = $3::uuid)
    AND (l.location_id, l.variant_id) > ($4::uuid, $5::uuid)
  ORDER BY l.location_id, l.variant_id LIMIT $6)sql"};

// One walk down the index per location, joined: a store has few.
constexpr pg::Query kSelectMovementsOfStores{"select_stock_movements_of_stores", R"sql(
  SELECT found.tenant_id, document_id, line_no, found.kind::int4 AS kind, found.location_id,
    s.store_id, variant_id, quantity_milli, reason_code, actor_id, occurred_at, recorded_at
  FROM stock_locations AS s
  CROSS JOIN LATERAL (
    SELECT m.tenant_id, m.document_id, m.line_no, m.kind, m.location_id, m.variant_id,
      m.quantity_milli, m.reason_code, m.actor_id, m.occurred_at, m.recorded_at
    FROM stock_movements AS m
    WHERE m.tenant_id = $1 AND m.location_id = s.location_id
      AND ($3::timestamptz IS NULL OR (m.recorded_at, m.document_id, m.line_no, m.kind)
        < ($3::timestamptz, $4::uuid, $5::integer, $6::integer))
    ORDER BY m.recorded_at DESC, m.document_id DESC, m.line_no DESC, m.kind DESC LIMIT $7) AS found
  WHERE s.tenant_id = $1 AND s.store_id = ANY($2::uuid[])
  ORDER BY recorded_at DESC, document_id DESC, line_no DESC, found.kind DESC LIMIT $7)sql"};

constexpr pg::Query kSelectMovementsOfVariant{"select_stock_movements_of_variant", R"sql(
  SELECT m.tenant_id, m.document_id, m.line_no, m.kind::int4 AS kind, m.location_id, s.store_id,
    m.variant_id, m.quantity_milli, m.reason_code, m.actor_id, m.occurred_at, m.recorded_at
  FROM stock_movements AS m
  JOIN stock_locations AS s ON s.tenant_id = m.tenant_id AND s.location_id = m.location_id
  WHERE m.tenant_id = $1 AND ($2::uuid[] IS NULL OR s.store_id = ANY($2::uuid[]))
    AND ($3::timestamptz IS NULL OR (m.recorded_at, m.document_id, m.line_no, m.kind)
      < ($3::timestamptz, $4::uuid, $5::integer, $6::integer))
    AND m.variant_id = $8
  ORDER BY m.recorded_at DESC, m.document_id DESC, m.line_no DESC, m.kind DESC LIMIT $7)sql"};

StockLocation LocationOf(const pg::Row& row) {
  return {.tenant = row.Get<base::Uuid>("tenant_id"),
          .id = row.Get<base::Uuid>("location_id"),
          .store = row.Get<base::Uuid>("store_id"),
          .kind = static_cast<LocationKind>(row.Get<int32_t>("kind"))};
}

LedgerRow LedgerRowOf(const pg::Row& row) {
  LedgerRow out;
  out.movement = {.tenant = row.Get<base::Uuid>("tenant_id"),
                  .document = row.Get<base::Uuid>("document_id"),
                  .line_no = row.Get<int32_t>("line_no"),
                  .kind = static_cast<MovementKind>(row.Get<int32_t>("kind")),
                  .location = row.Get<base::Uuid>("location_id"),
                  .variant = row.Get<base::Uuid>("variant_id"),
                  .quantity_milli = row.Get<int64_t>("quantity_milli"),
                  .reason_code = row.Get<std::string>("reason_code"),
                  .actor = row.Get<std::optional<base::Uuid>>("actor_id"),
                  .occurred_at = row.Get<absl::Time>("occurred_at")};
  out.store = row.Get<base::Uuid>("store_id");
  out.recorded_at = row.Get<absl::Time>("recorded_at");
  return out;
}

}  // namespace

absl::StatusOr<std::vector<StockLocation>> SelectLocations(pg::Pool& pool,
                                                           const pg::CallOptions& options,
                                                           const base::Uuid& store) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows,
                            pool.Exec(options, kSelectLocations, options.tenant, store));
  std::vector<StockLocation> locations;
  for (const pg::Row row : rows) locations.push_back(LocationOf(row));
  return locations;
}

absl::StatusOr<std::vector<StockLevel>> SelectLevels(pg::Pool& pool, const pg::CallOptions& options,
                                                     const StockFilter& filter,
                                                     const std::optional<LevelKey>& after,
                                                     int limit) {
  const LevelKey from = after.value_or(LevelKey{});
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows,
                            pool.Exec(options, kSelectLevels, options.tenant, filter.stores,
                                      filter.variant, from.location, from.variant, limit));
  std::vector<StockLevel> levels;
  for (const pg::Row row : rows) {
    levels.push_back({.location = LocationOf(row),
                      .variant = row.Get<base::Uuid>("variant_id"),
                      .on_hand_milli = row.Get<int64_t>("on_hand_milli"),
                      .reserved_milli = row.Get<int64_t>("reserved_milli"),
                      .updated_at = row.Get<absl::Time>("updated_at")});
  }
  return levels;
}

absl::StatusOr<std::vector<LedgerRow>> SelectMovements(pg::Pool& pool,
                                                       const pg::CallOptions& options,
                                                       const StockFilter& filter,
                                                       const std::optional<LedgerKey>& after,
                                                       int limit) {
  std::optional<absl::Time> before;
  if (after) before = after->recorded_at;
  const LedgerKey from = after.value_or(LedgerKey{});
  const auto rows =
      filter.variant
          ? pool.Exec(options, kSelectMovementsOfVariant, options.tenant, filter.stores, before,
                      from.document, from.line_no, from.kind, limit, *filter.variant)
          : pool.Exec(options, kSelectMovementsOfStores, options.tenant, filter.stores, before,
                      from.document, from.line_no, from.kind, limit);
  CLOUDPOS_RETURN_IF_ERROR(rows.status());
  std::vector<LedgerRow> ledger;
  for (const pg::Row row : *rows) ledger.push_back(LedgerRowOf(row));
  return ledger;
}

}  // namespace cloudpos::inventory
