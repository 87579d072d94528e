#include "services/inventory/prices.h"

#include "libs/base/status_macros.h"

namespace cloudpos::inventory {

void PriceCheck::Add(const std::vector<Price>& prices, std::string field) {
  lists_.push_back({.prices = &prices, .field = std::move(field)});
}

absl::Status PriceCheck::Run(const Deps& deps, const rpc::CallContext& ctx) const {
  std::set<base::Uuid> wanted;
  for (const List& list : lists_) {
    for (const Price& price : *list.prices) {
      if (!price.store.is_nil()) wanted.insert(price.store);
    }
  }
  CLOUDPOS_ASSIGN_OR_RETURN(const auto stores, FindStores(deps, ctx, wanted));
  for (const List& list : lists_) {
    for (size_t i = 0; i < list.prices->size(); ++i) {
      const Price& price = (*list.prices)[i];
      if (price.store.is_nil()) continue;
      const std::string field = list.field + "[" + std::to_string(i) + "].";
      const auto store = stores.find(price.store);
      if (store == stores.end()) return NotFound(field + "storeId", "store");
      if (store->second.currency_code == price.currency) continue;
      return base::Fail(common::v1::CURRENCY_MISMATCH, field + "amount.currencyCode",
                        "the store sells in " + store->second.currency_code);
    }
  }
  return absl::OkStatus();
}

}  // namespace cloudpos::inventory
