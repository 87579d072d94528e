#include "services/inventory/feed.h"

#include "libs/base/status_macros.h"
#include "libs/base/timestamp.h"
#include "services/inventory/adjustment.h"
#include "services/inventory/convert.h"

namespace cloudpos::inventory {
namespace {

constexpr int kBatch = 500;

// Variants in the order of their versions, which is that of an index.
constexpr pg::Query kSelectCurrentVariants{"select_current_variants", R"sql(
  SELECT v.tenant_id, v.variant_id AS entity_id, v.version, v.updated_at, c.payload
  FROM variants AS v
  JOIN catalogue_changes AS c ON c.tenant_id = v.tenant_id AND c.version = v.version
  WHERE (v.tenant_id, v.version) > ($1::uuid, $2::bigint)
  ORDER BY v.tenant_id, v.version LIMIT $3)sql"};

constexpr pg::Query kSelectCurrentCategories{"select_current_categories", R"sql(
  SELECT g.tenant_id, g.category_id AS entity_id, g.version, g.updated_at, c.payload
  FROM categories AS g
  JOIN catalogue_changes AS c ON c.tenant_id = g.tenant_id AND c.version = g.version
  WHERE (g.tenant_id, g.version) > ($1::uuid, $2::bigint)
  ORDER BY g.tenant_id, g.version LIMIT $3)sql"};

using Send = std::function<absl::Status(std::vector<events::Event>)>;

/// The same state has the same event id, so that a repeat can be seen as one.
events::Event MakeEvent(const base::Uuid& tenant, const char* type, const base::Uuid& id,
                        const std::string& state, absl::Time at) {
  events::Event event;
  event.set_event_id(base::DeriveUuidV5(id, type + state).ToString());
  event.set_tenant_id(tenant.ToString());
  event.set_aggregate_type(type);
  event.set_aggregate_id(id.ToString());
  base::SetTime(at, event.mutable_recorded_at());
  event.set_shard(events::ShardOf(tenant));
  return event;
}

absl::Status SendChanges(pg::Tx& tx, const pg::Query& query, const char* type,
                         const std::string& event_type, const Send& send) {
  base::Uuid tenant;
  int64_t version = 0;
  while (true) {
    CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows, tx.Exec(query, tenant, version, kBatch));
    if (rows.empty()) return absl::OkStatus();
    std::vector<events::Event> batch;
    for (const pg::Row row : rows) {
      tenant = row.Get<base::Uuid>("tenant_id");
      version = row.Get<int64_t>("version");
      batch.push_back(MakeEvent(tenant, type, row.Get<base::Uuid>("entity_id"),
                                std::to_string(version), row.Get<absl::Time>("updated_at")));
      batch.back().set_event_type(event_type);
      batch.back().set_payload(row.Get<pg::Bytes>("payload").value);
    }
    CLOUDPOS_RETURN_IF_ERROR(send(std::move(batch)));
  }
}

absl::Status SendAdjustments(pg::Tx& tx, const Send& send) {
  base::Uuid tenant, id;
  while (true) {
    CLOUDPOS_ASSIGN_OR_RETURN(const auto adjustments, SelectAllAdjustments(tx, tenant, id, kBatch));
    if (adjustments.empty()) return absl::OkStatus();
    std::vector<events::Event> batch;
    for (const Adjustment& adjustment : adjustments) {
      const v1::StockAdjusted payload = ToEvent(adjustment);
      batch.push_back(MakeEvent(adjustment.tenant, "stock_adjustment", adjustment.id, "",
                                adjustment.recorded_at));
      batch.back().set_event_type(payload.GetTypeName());
      payload.SerializeToString(batch.back().mutable_payload());
    }
    tenant = adjustments.back().tenant;
    id = adjustments.back().id;
    CLOUDPOS_RETURN_IF_ERROR(send(std::move(batch)));
  }
}

}  // namespace

absl::Status SendSnapshot(pg::Tx& tx, const Send& send) {
  CLOUDPOS_RETURN_IF_ERROR(SendChanges(tx, kSelectCurrentCategories, "category",
                                       v1::CategoryChanged::descriptor()->full_name(), send));
  CLOUDPOS_RETURN_IF_ERROR(SendChanges(tx, kSelectCurrentVariants, "variant",
                                       v1::VariantChanged::descriptor()->full_name(), send));
  return SendAdjustments(tx, send);
}

}  // namespace cloudpos::inventory
