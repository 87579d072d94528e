#include "services/inventory/stock_handler.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "libs/base/clock.h"
#include "libs/base/page.h"
#include "libs/base/status_macros.h"
#include "libs/base/timestamp.h"
#include "services/inventory/adjustment.h"
#include "services/inventory/catalogue_write.h"
#include "services/inventory/convert.h"

namespace cloudpos::inventory {
namespace {

using namespace common::v1;  // error codes

/// The stores in which the caller may read stock; nullopt = all.
std::optional<std::vector<base::Uuid>> ReadableStores(const token::Claims& claims) {
  if (claims.HasForTenant(STOCK_READ)) return std::nullopt;
  std::vector<base::Uuid> stores;
  for (const token::Grant& grant : claims.grants) {
    if (!grant.permissions.Has(STOCK_READ)) continue;
    stores.insert(stores.end(), grant.stores.begin(), grant.stores.end());
  }
  return stores;
}

/// A page token belongs to its filters.
std::string ListName(const char* kind, const std::string& store, const std::string& variant) {
  return std::string(kind) + " " + store + " " + variant;
}

absl::StatusOr<std::optional<LevelKey>> ParseLevelKey(const std::string& token,
                                                      const std::string& list) {
  CLOUDPOS_ASSIGN_OR_RETURN(const auto key, base::ParsePageToken(token, list, 2));
  if (key.empty()) return std::optional<LevelKey>();
  const auto location = base::Uuid::Parse(key[0]);
  const auto variant = base::Uuid::Parse(key[1]);
  if (!location || !variant) return base::BadPageToken();
  return std::optional<LevelKey>({.location = *location, .variant = *variant});
}

absl::StatusOr<std::optional<LedgerKey>> ParseLedgerKey(const std::string& token,
                                                        const std::string& list) {
  CLOUDPOS_ASSIGN_OR_RETURN(const auto key, base::ParsePageToken(token, list, 4));
  if (key.empty()) return std::optional<LedgerKey>();
  const auto time = base::ParseTime(key[0], "pageToken");
  const auto document = base::Uuid::Parse(key[1]);
  LedgerKey out;
  if (!time.ok() || !document || !absl::SimpleAtoi(key[2], &out.line_no) ||
      !absl::SimpleAtoi(key[3], &out.kind)) {
    return base::BadPageToken();
  }
  out.recorded_at = *time;
  out.document = *document;
  return std::optional(out);
}

v1::StockLevel ToProto(const StockLevel& level) {
  v1::StockLevel out;
  out.set_store_id(level.location.store.ToString());
  out.set_location_id(level.location.id.ToString());
  out.set_location_kind(static_cast<v1::LocationKind>(level.location.kind));
  out.set_variant_id(level.variant.ToString());
  out.set_on_hand_milli(level.on_hand_milli);
  out.set_reserved_milli(level.reserved_milli);
  const bool is_for_sale = level.location.kind == LocationKind::kSalesFloor;
  out.set_available_milli(is_for_sale ? level.on_hand_milli - level.reserved_milli : 0);
  base::SetTime(level.updated_at, out.mutable_updated_at());
  return out;
}

v1::StockMovement ToProto(const LedgerRow& row) {
  v1::StockMovement out;
  out.set_document_id(row.movement.document.ToString());
  out.set_line_no(row.movement.line_no);
  out.set_kind(static_cast<v1::MovementKind>(row.movement.kind));
  out.set_store_id(row.store.ToString());
  out.set_location_id(row.movement.location.ToString());
  out.set_variant_id(row.movement.variant.ToString());
  out.set_quantity_milli(row.movement.quantity_milli);
  out.set_reason_code(row.movement.reason_code);
  if (row.movement.actor) out.set_actor_id(row.movement.actor->ToString());
  base::SetTime(row.movement.occurred_at, out.mutable_occurred_at());
  base::SetTime(row.recorded_at, out.mutable_recorded_at());
  return out;
}

absl::Status CheckVariants(pg::Tx& tx, const Adjustment& adjustment) {
  std::vector<base::Uuid> ids;
  for (const Movement& line : adjustment.lines) ids.push_back(line.variant);
  CLOUDPOS_ASSIGN_OR_RETURN(const auto unknown, SelectUnknownVariants(tx, adjustment.tenant, ids));
  if (unknown.empty()) return absl::OkStatus();
  for (size_t i = 0; i < ids.size(); ++i) {
    if (std::find(unknown.begin(), unknown.end(), ids[i]) == unknown.end()) continue;
    return base::Fail(UNKNOWN_VARIANT, "lines[" + std::to_string(i) + "].variantId",
                      "there is no such variant");
  }
  return absl::OkStatus();
}

}  // namespace

rpc::MethodTable StockHandler::Methods() {
  rpc::MethodTable table("cloudpos.inventory.v1.StockService");
  table.Unary("ListStockLevels", this, &StockHandler::ListStockLevels)
      .Unary("ListStockMovements", this, &StockHandler::ListStockMovements)
      .Unary("ListStockLocations", this, &StockHandler::ListStockLocations)
      .Unary("AdjustStock", this, &StockHandler::AdjustStock);
  return table;
}

absl::StatusOr<StockFilter> StockHandler::ReadFilter(rpc::CallContext& ctx,
                                                     const std::string& store_id,
                                                     const std::string& variant_id) {
  StockFilter filter;
  if (!variant_id.empty()) {
    CLOUDPOS_ASSIGN_OR_RETURN(filter.variant, base::Uuid::ParseField(variant_id, "variantId"));
  }
  if (store_id.empty()) {
    ctx.MarkStoresChecked();  // only the caller's stores are read
    filter.stores = ReadableStores(ctx.claims());
    return filter;
  }
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid store, base::Uuid::ParseField(store_id, "storeId"));
  CLOUDPOS_RETURN_IF_ERROR(ctx.RequireStore(store));
  CLOUDPOS_RETURN_IF_ERROR(CheckStoreExists(deps_, ctx, store, "storeId"));
  filter.stores = std::vector<base::Uuid>{store};
  return filter;
}

absl::Status StockHandler::ListStockLevels(rpc::CallContext& ctx,
                                           const v1::ListStockLevelsRequest& request,
                                           v1::ListStockLevelsResponse* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const int size, base::PageSize(request.page_size()));
  CLOUDPOS_ASSIGN_OR_RETURN(const StockFilter filter,
                            ReadFilter(ctx, request.store_id(), request.variant_id()));
  const std::string list = ListName("levels", request.store_id(), request.variant_id());
  CLOUDPOS_ASSIGN_OR_RETURN(const auto after, ParseLevelKey(request.page_token(), list));
  CLOUDPOS_ASSIGN_OR_RETURN(auto rows,
                            SelectLevels(*deps_.pool, CallFor(ctx), filter, after, size + 1));
  const bool has_more = rows.size() > static_cast<size_t>(size);
  if (has_more) rows.pop_back();
  for (const StockLevel& level : rows) *response->add_levels() = ToProto(level);
  if (has_more) {
    response->set_next_page_token(base::MakePageToken(
        list, {rows.back().location.id.ToString(), rows.back().variant.ToString()}));
  }
  return absl::OkStatus();
}

absl::Status StockHandler::ListStockMovements(rpc::CallContext& ctx,
                                              const v1::ListStockMovementsRequest& request,
                                              v1::ListStockMovementsResponse* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const int size, base::PageSize(request.page_size()));
  if (request.store_id().empty() && request.variant_id().empty()) {
    return base::Fail(FIELD_REQUIRED, "storeId", "name a store, a variant or both");
  }
  CLOUDPOS_ASSIGN_OR_RETURN(const StockFilter filter,
                            ReadFilter(ctx, request.store_id(), request.variant_id()));
  const std::string list = ListName("movements", request.store_id(), request.variant_id());
  CLOUDPOS_ASSIGN_OR_RETURN(const auto after, ParseLedgerKey(request.page_token(), list));
  CLOUDPOS_ASSIGN_OR_RETURN(auto rows,
                            SelectMovements(*deps_.pool, CallFor(ctx), filter, after, size + 1));
  const bool has_more = rows.size() > static_cast<size_t>(size);
  if (has_more) rows.pop_back();
  for (const LedgerRow& row : rows) *response->add_movements() = ToProto(row);
  if (has_more) {
    const LedgerRow& last = rows.back();
    response->set_next_page_token(base::MakePageToken(
        list, {base::FormatTime(last.recorded_at), last.movement.document.ToString(),
               std::to_string(last.movement.line_no),
               std::to_string(static_cast<int>(last.movement.kind))}));
  }
  return absl::OkStatus();
}

absl::Status StockHandler::ListStockLocations(rpc::CallContext& ctx,
                                              const v1::ListStockLocationsRequest& request,
                                              v1::ListStockLocationsResponse* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid store,
                            base::Uuid::ParseField(request.store_id(), "storeId"));
  CLOUDPOS_RETURN_IF_ERROR(CheckStoreExists(deps_, ctx, store, "storeId"));
  CLOUDPOS_ASSIGN_OR_RETURN(const auto rows, SelectLocations(*deps_.pool, CallFor(ctx), store));
  for (const StockLocation& row : rows) {
    v1::StockLocation* location = response->add_locations();
    location->set_location_id(row.id.ToString());
    location->set_store_id(row.store.ToString());
    location->set_kind(static_cast<v1::LocationKind>(row.kind));
    location->set_name(std::string(LocationName(row.kind)));
  }
  return absl::OkStatus();
}

absl::Status StockHandler::Record(rpc::CallContext& ctx, Adjustment* adjustment, bool* is_replay) {
  const StockLocation floor{.tenant = adjustment->tenant,
                            .id = LocationId(adjustment->store, LocationKind::kSalesFloor),
                            .store = adjustment->store,
                            .kind = LocationKind::kSalesFloor};
  const Adjustment asked = *adjustment;
  return pg::Transact(*deps_.pool, TxFor(ctx), [&](pg::Tx& tx) -> absl::Status {
    if (asked.location == floor.id) CLOUDPOS_RETURN_IF_ERROR(InsertLocations(tx, {floor}));
    CLOUDPOS_ASSIGN_OR_RETURN(const bool is_new, InsertAdjustment(tx, asked));
    *is_replay = !is_new;
    if (!is_new) {
      CLOUDPOS_ASSIGN_OR_RETURN(const Adjustment stored,
                                SelectAdjustment(tx, asked.tenant, asked.id));
      adjustment->occurred_at = stored.occurred_at;
      adjustment->recorded_at = stored.recorded_at;
      adjustment->actor = stored.actor;
      return CheckSameRequest(stored.request_hash, asked.request_hash, "adjustmentId");
    }
    CLOUDPOS_RETURN_IF_ERROR(CheckVariants(tx, asked));
    CLOUDPOS_RETURN_IF_ERROR(ApplyMovements(tx, asked.lines, asked.recorded_at));
    const v1::StockAdjustment after = inventory::ToProto(asked);
    return events::AppendAll(
        tx, {events::MakeEvent(deps_.ids->NewId(), asked.tenant, "stock_adjustment",
                               asked.id.ToString(), ToEvent(asked), ctx.traceparent()),
             events::AuditEvent(ctx, "inventory", deps_.ids->NewId(), asked.recorded_at,
                                {.action = "stock.adjust",
                                 .subject_type = "stock_adjustment",
                                 .subject_id = asked.id.ToString(),
                                 .store_id = IdText(asked.store),
                                 .after_json = events::AuditJson(after)})});
  });
}

absl::Status StockHandler::AdjustStock(rpc::CallContext& ctx, const v1::AdjustStockRequest& request,
                                       v1::StockAdjustment* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(Adjustment adjustment, ParseAdjustment(request, deps_.clock->Now()));
  adjustment.tenant = ctx.tenant();
  adjustment.actor = ctx.subject();
  CLOUDPOS_RETURN_IF_ERROR(CheckStoreExists(deps_, ctx, adjustment.store, "storeId"));
  CLOUDPOS_ASSIGN_OR_RETURN(const auto locations,
                            SelectLocations(*deps_.pool, CallFor(ctx), adjustment.store));
  const bool is_own =
      adjustment.location == LocationId(adjustment.store, LocationKind::kSalesFloor) ||
      std::any_of(locations.begin(), locations.end(),
                  [&](const auto& location) { return location.id == adjustment.location; });
  if (!is_own) return NotFound("locationId", "stock location in this store");
  for (Movement& line : adjustment.lines) {
    line.tenant = adjustment.tenant;
    line.document = adjustment.id;
    line.location = adjustment.location;
    line.reason_code = adjustment.reason_code;
    line.actor = adjustment.actor;
    line.occurred_at = adjustment.occurred_at;
  }
  bool is_replay = false;
  CLOUDPOS_RETURN_IF_ERROR(Record(ctx, &adjustment, &is_replay));
  if (is_replay) {
    ctx.SetReplayed();
  } else {
    Ring(deps_);
  }
  *response = inventory::ToProto(adjustment);
  return absl::OkStatus();
}

}  // namespace cloudpos::inventory
