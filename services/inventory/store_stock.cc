// Writing stock, and what the workers need.

#include "services/inventory/store_stock.h"

#include "libs/base/clock.h"
#include "libs/base/status_macros.h"
#include "libs/faults/faults.h"

namespace cloudpos::inventory {
namespace {

constexpr pg::Query kSelectStores{"select_stores", R"sql(
  SELECT store_id, currency_code, archived FROM stores
  WHERE tenant_id = $1 AND store_id = ANY($2::uuid[]))sql"};

constexpr pg::Query kUpsertStore{"upsert_store", R"sql(
  INSERT INTO stores AS s (tenant_id, store_id, version, name, currency_code, archived)
  VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT (tenant_id, store_id) DO UPDATE SET version = excluded.version,
    name = excluded.name, currency_code = excluded.currency_code, archived = excluded.archived
  WHERE s.version < excluded.version)sql"};

constexpr pg::Query kInsertLocations{"insert_stock_locations", R"sql(
  INSERT INTO stock_locations (tenant_id, location_id, store_id, kind, name)
  SELECT e.tenant_id, e.location_id, e.store_id, e.kind, e.name
  FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::integer[], $5::text[])
    AS e (tenant_id, location_id, store_id, kind, name)
  ORDER BY e.tenant_id, e.location_id
  ON CONFLICT DO NOTHING)sql"};

constexpr pg::Query kApplyMovements{"apply_stock_movements", R"sql(
  WITH inserted AS (
    INSERT INTO stock_movements (tenant_id, document_id, line_no, kind, location_id, variant_id,
      quantity_milli, reason_code, actor_id, occurred_at, recorded_at)
    SELECT e.tenant_id, e.document_id, e.line_no, e.kind, e.location_id, e.variant_id, e.quantity,
      e.reason_code, e.actor_id, e.occurred_at, $11::timestamptz
    FROM unnest($1::uuid[], $2::uuid[], $3::integer[], $4::integer[], $5::uuid[], $6::uuid[],
      $7::bigint[], $8::text[], $9::uuid[], $10::timestamptz[])
      AS e (tenant_id, document_id, line_no, kind, location_id, variant_id, quantity, reason_code,
        actor_id, occurred_at)
    ON CONFLICT (tenant_id, document_id, line_no, kind) DO NOTHING
    RETURNING tenant_id, location_id, variant_id, quantity_milli)
  INSERT INTO stock_levels AS l (tenant_id, location_id, variant_id, on_hand_milli, updated_at)
  SELECT tenant_id, location_id, variant_id, sum(quantity_milli)::bigint, $11::timestamptz
  FROM inserted
  GROUP BY tenant_id, location_id, variant_id
  ORDER BY tenant_id, location_id, variant_id
  ON CONFLICT (tenant_id, location_id, variant_id) DO UPDATE
    SET on_hand_milli = l.on_hand_milli + excluded.on_hand_milli,
      updated_at = excluded.updated_at)sql"};

/// The seeded bug no_unique_key: levels move by what was delivered, new or not.
constexpr char kFromDelivered[] = R"sql(
  FROM unnest($1::uuid[], $5::uuid[], $6::uuid[], $7::bigint[])
    AS d (tenant_id, location_id, variant_id, quantity_milli))sql";

constexpr pg::Query kInsertAdjustment{"insert_stock_adjustment", R"sql(
  INSERT INTO stock_adjustments (tenant_id, adjustment_id, store_id, location_id, reason_code, note,
    actor_id, occurred_at, recorded_at, request_hash)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING)sql"};

constexpr pg::Query kSelectAdjustment{"select_stock_adjustment", R"sql(
  SELECT tenant_id, adjustment_id, store_id, location_id, reason_code, note, actor_id, occurred_at,
    recorded_at, request_hash
  FROM stock_adjustments WHERE tenant_id = $1 AND adjustment_id = $2)sql"};

constexpr pg::Query kSelectAllAdjustments{"select_all_stock_adjustments", R"sql(
  SELECT tenant_id, adjustment_id, store_id, location_id, reason_code, note, actor_id, occurred_at,
    recorded_at, request_hash
  FROM stock_adjustments WHERE (tenant_id, adjustment_id) > ($1::uuid, $2::uuid)
  ORDER BY tenant_id, adjustment_id LIMIT $3)sql"};

constexpr pg::Query kSelectAdjustmentLines{"select_stock_adjustment_lines", R"sql(
  SELECT m.tenant_id, m.document_id, m.line_no, m.variant_id, m.quantity_milli
  FROM unnest($1::uuid[], $2::uuid[]) AS a (tenant_id, adjustment_id)
  JOIN stock_movements AS m ON m.tenant_id = a.tenant_id AND m.document_id = a.adjustment_id
    AND m.kind = 3
  ORDER BY m.tenant_id, m.document_id, m.line_no)sql"};

constexpr pg::Query kSelectUnknownVariants{"select_unknown_variants", R"sql(
  SELECT DISTINCT e.variant_id FROM unnest($2::uuid[]) AS e (variant_id)
  WHERE NOT EXISTS (
    SELECT 1 FROM variants AS v
    WHERE v.tenant_id = $1 AND v.variant_id = e.variant_id))sql"};

constexpr pg::Query kSelectLevelAfter{"select_level_after", R"sql(
  SELECT tenant_id, location_id, variant_id FROM stock_levels
  WHERE (tenant_id, location_id, variant_id) > ($1::uuid, $2::uuid, $3::uuid)
  ORDER BY tenant_id, location_id, variant_id LIMIT 1)sql"};

// One statement sees one moment: a level and its ledger cannot differ by what commits meanwhile.
constexpr pg::Query kIsSumOfLedger{"is_sum_of_ledger", R"sql(
  SELECT l.on_hand_milli = coalesce((
    SELECT sum(m.quantity_milli) FROM stock_movements AS m
    WHERE m.tenant_id = l.tenant_id AND m.variant_id = l.variant_id
      AND m.location_id = l.location_id), 0) AS is_sum
  FROM stock_levels AS l
  WHERE l.tenant_id = $1 AND l.location_id = $2 AND l.variant_id = $3)sql"};

Adjustment AdjustmentOf(const pg::Row& row) {
  Adjustment adjustment;
  adjustment.tenant = row.Get<base::Uuid>("tenant_id");
  adjustment.id = row.Get<base::Uuid>("adjustment_id");
  adjustment.store = row.Get<base::Uuid>("store_id");
  adjustment.location = row.Get<base::Uuid>("location_id");
  adjustment.reason_code = row.Get<std::string>("reason_code");
  adjustment.note = row.Get<std::string>("note");
  adjustment.actor = row.Get<base::Uuid>("actor_id");
  adjustment.occurred_at = row.Get<absl::Time>("occurred_at");
  adjustment.recorded_at = row.Get<absl::Time>("recorded_at");
  adjustment.request_hash = row.Get<pg::Bytes>("request_hash").value;
  return adjustment;
}

}  // namespace

absl::StatusOr<std::map<base::Uuid, StoreInfo>> SelectStores(pg::Pool& pool,
                                                             const pg::CallOptions& options,
                                                             const std::vector<base::Uuid>& ids) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows,
                            pool.Exec(options, kSelectStores, options.tenant, ids));
  std::map<base::Uuid, StoreInfo> stores;
  for (const pg::Row row : rows) {
    stores[row.Get<base::Uuid>("store_id")] = {
        .currency_code = row.Get<std::string>("currency_code"),
        .archived = row.Get<bool>("archived")};
  }
  return stores;
}

absl::Status UpsertStore(pg::Tx& tx, const auth::v1::StoreChanged& store) {
  return tx
      .Exec(kUpsertStore, store.tenant_id(), store.store_id(), store.version(), store.name(),
            store.currency_code(), store.archived())
      .status();
}

absl::Status InsertLocations(pg::Tx& tx, const std::vector<StockLocation>& locations) {
  if (locations.empty()) return absl::OkStatus();
  std::vector<base::Uuid> tenants, ids, stores;
  std::vector<int32_t> kinds;
  std::vector<std::string> names;
  for (const StockLocation& location : locations) {
    tenants.push_back(location.tenant);
    ids.push_back(location.id);
    stores.push_back(location.store);
    kinds.push_back(static_cast<int32_t>(location.kind));
    names.emplace_back(LocationName(location.kind));
  }
  return tx.Exec(kInsertLocations, tenants, ids, stores, kinds, names).status();
}

absl::Status ApplyMovements(pg::Tx& tx, const std::vector<Movement>& movements,
                            absl::Time recorded_at) {
  if (movements.empty()) return absl::OkStatus();
  std::vector<base::Uuid> tenants, documents, locations, variants;
  std::vector<int32_t> line_nos, kinds;
  std::vector<int64_t> quantities;
  std::vector<std::string> reasons, times;
  std::vector<std::optional<base::Uuid>> actors;
  for (const Movement& movement : movements) {
    tenants.push_back(movement.tenant);
    documents.push_back(movement.document);
    line_nos.push_back(movement.line_no);
    kinds.push_back(static_cast<int32_t>(movement.kind));
    locations.push_back(movement.location);
    variants.push_back(movement.variant);
    quantities.push_back(movement.quantity_milli);
    reasons.push_back(movement.reason_code);
    actors.push_back(movement.actor);
    times.push_back(base::FormatTime(movement.occurred_at));
  }
  const pg::Query query =
      SEEDED_SQL("no_unique_key", kApplyMovements, "FROM inserted", kFromDelivered);
  return tx
      .Exec(query, tenants, documents, line_nos, kinds, locations, variants, quantities, reasons,
            actors, times, recorded_at)
      .status();
}

absl::StatusOr<bool> InsertAdjustment(pg::Tx& tx, const Adjustment& adjustment) {
  CLOUDPOS_ASSIGN_OR_RETURN(
      const pg::Result result,
      tx.Exec(kInsertAdjustment, adjustment.tenant, adjustment.id, adjustment.store,
              adjustment.location, adjustment.reason_code, adjustment.note, adjustment.actor,
              adjustment.occurred_at, adjustment.recorded_at, pg::Bytes{adjustment.request_hash}));
  return result.affected() > 0;
}

absl::StatusOr<Adjustment> SelectAdjustment(pg::Tx& tx, const base::Uuid& tenant,
                                            const base::Uuid& id) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows, tx.Exec(kSelectAdjustment, tenant, id));
  if (rows.empty()) return NotFound("adjustment");
  return AdjustmentOf(rows[0]);
}

absl::StatusOr<std::vector<Adjustment>> SelectAllAdjustments(pg::Tx& tx, const base::Uuid& tenant,
                                                             const base::Uuid& id, int limit) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows,
                            tx.Exec(kSelectAllAdjustments, tenant, id, limit));
  std::vector<Adjustment> adjustments;
  std::vector<base::Uuid> tenants, ids;
  std::map<std::pair<base::Uuid, base::Uuid>, size_t> places;
  for (const pg::Row row : rows) {
    adjustments.push_back(AdjustmentOf(row));
    tenants.push_back(adjustments.back().tenant);
    ids.push_back(adjustments.back().id);
    places[{tenants.back(), ids.back()}] = adjustments.size() - 1;
  }
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result lines, tx.Exec(kSelectAdjustmentLines, tenants, ids));
  for (const pg::Row row : lines) {
    const std::pair key(row.Get<base::Uuid>("tenant_id"), row.Get<base::Uuid>("document_id"));
    Movement line;
    line.line_no = row.Get<int32_t>("line_no");
    line.variant = row.Get<base::Uuid>("variant_id");
    line.quantity_milli = row.Get<int64_t>("quantity_milli");
    adjustments[places.at(key)].lines.push_back(std::move(line));
  }
  return adjustments;
}

absl::StatusOr<std::vector<base::Uuid>> SelectUnknownVariants(pg::Tx& tx, const base::Uuid& tenant,
                                                              const std::vector<base::Uuid>& ids) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows, tx.Exec(kSelectUnknownVariants, tenant, ids));
  std::vector<base::Uuid> unknown;
  for (const pg::Row row : rows) unknown.push_back(row.Get<base::Uuid>("variant_id"));
  return unknown;
}

absl::StatusOr<std::optional<CheckedLevel>> SelectLevelAfter(pg::Pool& pool,
                                                             const CheckedLevel& level,
                                                             absl::Time deadline) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows,
                            pool.Exec({.deadline = deadline}, kSelectLevelAfter, level.tenant,
                                      level.location, level.variant));
  if (rows.empty()) return std::nullopt;
  return CheckedLevel{.tenant = rows[0].Get<base::Uuid>("tenant_id"),
                      .location = rows[0].Get<base::Uuid>("location_id"),
                      .variant = rows[0].Get<base::Uuid>("variant_id")};
}

absl::StatusOr<bool> IsSumOfLedger(pg::Pool& pool, const CheckedLevel& level, absl::Time deadline) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows,
                            pool.Exec({.deadline = deadline}, kIsSumOfLedger, level.tenant,
                                      level.location, level.variant));
  return rows.empty() || rows[0].Get<bool>("is_sum");
}

}  // namespace cloudpos::inventory
