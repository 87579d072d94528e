// Reading and changing variants and their prices.

#include <algorithm>

#include "absl/strings/numbers.h"
#include "libs/base/page.h"
#include "libs/base/status_macros.h"
#include "libs/base/timestamp.h"
#include "services/inventory/catalogue_handler.h"
#include "services/inventory/catalogue_write.h"
#include "services/inventory/convert.h"
#include "services/inventory/prices.h"
#include "services/inventory/store_products.h"
#include "services/inventory/store_search.h"
#include "services/inventory/taken.h"

namespace cloudpos::inventory {
namespace {

using namespace common::v1;  // error codes

struct VariantChange {
  std::optional<std::string> sku;
  std::optional<std::string> name;
  std::optional<std::vector<Option>> options;
  std::optional<std::vector<Barcode>> barcodes;
  std::optional<bool> stocked;
  std::optional<NegativeStock> negative_stock;
  std::optional<bool> archived;
};

absl::StatusOr<VariantChange> ParseChange(const v1::UpdateVariantRequest& request) {
  VariantChange change;
  if (request.has_sku()) change.sku = request.sku();
  if (request.has_name()) change.name = request.name();
  if (request.has_options()) change.options = ParseOptions(request.options().items());
  if (request.has_barcodes()) {
    CLOUDPOS_ASSIGN_OR_RETURN(change.barcodes,
                              ParseBarcodes(request.barcodes().items(), "barcodes.items"));
  }
  if (request.has_stocked()) change.stocked = request.stocked();
  if (request.negative_stock_policy() != v1::NEGATIVE_STOCK_POLICY_UNSPECIFIED) {
    CLOUDPOS_ASSIGN_OR_RETURN(change.negative_stock,
                              ParsePolicy(request.negative_stock_policy(), "negativeStockPolicy"));
  }
  if (request.has_archived()) change.archived = request.archived();
  // What the fields would be refused for, whatever the variant is.
  Variant checked;
  checked.sku = change.sku.value_or("-");
  checked.name = change.name.value_or("");
  checked.options = change.options.value_or(std::vector<Option>{});
  checked.barcodes = change.barcodes.value_or(std::vector<Barcode>{});
  CLOUDPOS_RETURN_IF_ERROR(CheckVariant(checked, ""));
  return change;
}

/// False when nothing changes.
bool Apply(const VariantChange& change, Variant* variant) {
  const Variant before = *variant;
  const bool is_named_by_options = before.name == NameOf(before.options);
  variant->sku = change.sku.value_or(variant->sku);
  variant->options = change.options.value_or(variant->options);
  if (is_named_by_options) variant->name = NameOf(variant->options);
  variant->name = change.name.value_or(variant->name);
  variant->barcodes = change.barcodes.value_or(variant->barcodes);
  variant->stocked = change.stocked.value_or(variant->stocked);
  variant->negative_stock = change.negative_stock.value_or(variant->negative_stock);
  variant->archived = change.archived.value_or(variant->archived);
  return variant->sku != before.sku || variant->options != before.options ||
         variant->name != before.name || variant->barcodes != before.barcodes ||
         variant->stocked != before.stocked || variant->negative_stock != before.negative_stock ||
         variant->archived != before.archived;
}

absl::Status WriteVariant(pg::Tx& tx, const base::Uuid& tenant, const Product& product,
                          const Variant& before, const Variant& after) {
  CLOUDPOS_RETURN_IF_ERROR(CheckNotTakenByOthers(tx, tenant, after));
  CLOUDPOS_RETURN_IF_ERROR(UpdateVariant(tx, tenant, after));
  if (after.barcodes != before.barcodes) {
    CLOUDPOS_RETURN_IF_ERROR(ReplaceBarcodes(tx, tenant, after));
  }
  if (after.barcodes == before.barcodes && after.sku == before.sku && after.name == before.name) {
    return absl::OkStatus();
  }
  Product indexed = product;
  indexed.variants = {after};
  return IndexProducts(tx, tenant, {&indexed}, false);
}

void AuditVariant(CatalogueWrite& write, absl::Time now, const char* action, const Variant& before,
                  const Variant& after) {
  const v1::Variant old_state = ToProto(before);
  const v1::Variant new_state = ToProto(after);
  write.Audit(now, {.action = action,
                    .subject_type = "variant",
                    .subject_id = after.id.ToString(),
                    .before_json = events::AuditJson(old_state),
                    .after_json = events::AuditJson(new_state)});
}

/// The caller may change each of these prices.
absl::Status CheckMaySet(rpc::CallContext& ctx, const std::vector<Price>& changed) {
  for (const Price& price : changed) {
    if (!price.store.is_nil()) {
      CLOUDPOS_RETURN_IF_ERROR(ctx.RequireStore(price.store));
    } else if (!ctx.claims().HasForTenant(PRICE_WRITE)) {
      return base::Fail(PERMISSION_DENIED, "prices",
                        "a price for every store needs the permission for all of them");
    }
  }
  ctx.MarkStoresChecked();
  return absl::OkStatus();
}

absl::StatusOr<std::optional<PeriodKey>> ParsePeriodKey(const std::string& token,
                                                        const std::string& list) {
  CLOUDPOS_ASSIGN_OR_RETURN(const auto key, base::ParsePageToken(token, list, 3));
  if (key.empty()) return std::optional<PeriodKey>();
  const auto store = base::Uuid::Parse(key[1]);
  int64_t version = 0;
  if (!store || !absl::SimpleAtoi(key[0], &version)) return base::BadPageToken();
  return std::optional<PeriodKey>({.from_version = version, .store = *store, .currency = key[2]});
}

}  // namespace

absl::Status CatalogueHandler::GetVariant(rpc::CallContext& ctx,
                                          const v1::GetVariantRequest& request,
                                          v1::CatalogueItem* response) {
  ctx.MarkStoresChecked();  // the catalogue is the tenant's
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid id,
                            base::Uuid::ParseField(request.variant_id(), "variantId"));
  CLOUDPOS_ASSIGN_OR_RETURN(auto product, pg::Transact(*deps_.pool, ReadFor(ctx), [&](pg::Tx& tx) {
                              return SelectProductOfVariant(tx, ctx.tenant(), id);
                            }));
  const Variant* variant = product ? FindVariant(*product, id) : nullptr;
  if (variant == nullptr) return NotFound("variant");
  *response = ToItem(*product, *variant);
  return absl::OkStatus();
}

absl::Status CatalogueHandler::UpdateVariant(rpc::CallContext& ctx,
                                             const v1::UpdateVariantRequest& request,
                                             v1::Variant* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid id,
                            base::Uuid::ParseField(request.variant_id(), "variantId"));
  CLOUDPOS_ASSIGN_OR_RETURN(const VariantChange change, ParseChange(request));
  const absl::Time now = deps_.clock->Now();
  CLOUDPOS_ASSIGN_OR_RETURN(
      const Variant changed,
      pg::Transact(*deps_.pool, TxFor(ctx), [&](pg::Tx& tx) -> absl::StatusOr<Variant> {
        CLOUDPOS_ASSIGN_OR_RETURN(CatalogueWrite write, CatalogueWrite::Begin(tx, ctx, *deps_.ids));
        CLOUDPOS_ASSIGN_OR_RETURN(auto product, SelectProductOfVariant(tx, ctx.tenant(), id));
        if (!product) return NotFound("variant");
        const Variant before = *FindVariant(*product, id);
        CLOUDPOS_RETURN_IF_ERROR(CheckVersion(before.version, request.version()));
        Variant after = before;
        if (!Apply(change, &after)) return after;
        after.version = write.NextVersion();
        after.updated_at = now;
        CLOUDPOS_RETURN_IF_ERROR(WriteVariant(tx, ctx.tenant(), *product, before, after));
        write.Add(*product, after);
        AuditVariant(write, now, "variant.update", before, after);
        CLOUDPOS_RETURN_IF_ERROR(write.Finish());
        return after;
      }));
  Ring(deps_);
  *response = ToProto(changed);
  return absl::OkStatus();
}

absl::Status CatalogueHandler::SetPrices(rpc::CallContext& ctx, const v1::SetPricesRequest& request,
                                         v1::Variant* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid id,
                            base::Uuid::ParseField(request.variant_id(), "variantId"));
  CLOUDPOS_ASSIGN_OR_RETURN(const std::vector<Price> prices,
                            ParsePrices(request.prices(), "prices"));
  PriceCheck check;
  check.Add(prices, "prices");
  CLOUDPOS_RETURN_IF_ERROR(check.Run(deps_, ctx));
  const absl::Time now = deps_.clock->Now();
  CLOUDPOS_ASSIGN_OR_RETURN(
      const Variant changed,
      pg::Transact(*deps_.pool, TxFor(ctx), [&](pg::Tx& tx) -> absl::StatusOr<Variant> {
        CLOUDPOS_ASSIGN_OR_RETURN(CatalogueWrite write, CatalogueWrite::Begin(tx, ctx, *deps_.ids));
        CLOUDPOS_ASSIGN_OR_RETURN(auto product, SelectProductOfVariant(tx, ctx.tenant(), id));
        if (!product) return NotFound("variant");
        const Variant before = *FindVariant(*product, id);
        const std::vector<Price> differing = ChangedPrices(before.prices, prices);
        CLOUDPOS_RETURN_IF_ERROR(CheckMaySet(ctx, differing));
        if (differing.empty()) return before;
        CLOUDPOS_RETURN_IF_ERROR(CheckVersion(before.version, request.version()));
        Variant after = before;
        after.prices = prices;
        after.version = write.NextVersion();
        after.updated_at = now;
        std::vector<Price> ended, begun;
        std::set_difference(before.prices.begin(), before.prices.end(), prices.begin(),
                            prices.end(), std::back_inserter(ended));
        std::set_difference(prices.begin(), prices.end(), before.prices.begin(),
                            before.prices.end(), std::back_inserter(begun));
        CLOUDPOS_RETURN_IF_ERROR(inventory::UpdateVariant(tx, ctx.tenant(), after));
        CLOUDPOS_RETURN_IF_ERROR(
            ReplacePrices(tx, ctx.tenant(), after, ended, begun, ctx.subject()));
        write.Add(*product, after);
        AuditVariant(write, now, "variant.set_prices", before, after);
        CLOUDPOS_RETURN_IF_ERROR(write.Finish());
        return after;
      }));
  Ring(deps_);
  *response = ToProto(changed);
  return absl::OkStatus();
}

absl::Status CatalogueHandler::ListPriceHistory(rpc::CallContext& ctx,
                                                const v1::ListPriceHistoryRequest& request,
                                                v1::ListPriceHistoryResponse* response) {
  ctx.MarkStoresChecked();
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid id,
                            base::Uuid::ParseField(request.variant_id(), "variantId"));
  CLOUDPOS_ASSIGN_OR_RETURN(const int size, base::PageSize(request.page_size()));
  const std::string list = "prices " + id.ToString();
  CLOUDPOS_ASSIGN_OR_RETURN(const auto after, ParsePeriodKey(request.page_token(), list));
  using Periods = std::vector<PricePeriod>;
  CLOUDPOS_ASSIGN_OR_RETURN(
      Periods rows,
      pg::Transact(*deps_.pool, ReadFor(ctx), [&](pg::Tx& tx) -> absl::StatusOr<Periods> {
        CLOUDPOS_ASSIGN_OR_RETURN(const auto found, SelectCreatedVariants(tx, ctx.tenant(), {id}));
        if (found.empty()) return NotFound("variant");
        return SelectPriceHistory(tx, ctx.tenant(), id, after, size + 1);
      }));
  const bool has_more = rows.size() > static_cast<size_t>(size);
  if (has_more) rows.pop_back();
  for (const PricePeriod& row : rows) {
    v1::PricePeriod* period = response->add_periods();
    *period->mutable_price() = ToProto(row.price);
    period->set_from_version(row.from_version);
    period->set_to_version(row.to_version.value_or(0));
    base::SetTime(row.valid_from, period->mutable_valid_from());
    if (row.valid_to) base::SetTime(*row.valid_to, period->mutable_valid_to());
    period->set_actor_id(row.actor.ToString());
  }
  if (has_more) {
    const PricePeriod& last = rows.back();
    response->set_next_page_token(base::MakePageToken(
        list,
        {std::to_string(last.from_version), last.price.store.ToString(), last.price.currency}));
  }
  return absl::OkStatus();
}

}  // namespace cloudpos::inventory
