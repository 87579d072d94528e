#pragma once

// From what the cashier asks for to every amount of the sale: choosing prices and taxes, pricing,
// settling. Pure.

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/base/ids.h"
#include "libs/journal/entry.h"
#include "libs/pricing/price.h"
#include "libs/pricing/tender.h"
#include "libs/pricing/trace.h"
#include "services/transaction/domain/settings.h"

namespace cloudpos::transaction {

struct DiscountInput {
  pricing::Discount discount;
  std::string reason_code;
};

struct LineInput {
  base::Uuid variant;
  int64_t quantity_milli = 0;
  std::optional<int64_t> expected_unit_price;
  std::optional<int64_t> override_price;
  std::string override_reason;
  std::vector<DiscountInput> discounts;
  std::string note;
};

struct TenderInput {
  std::string type;  // CASH, EXTERNAL_CARD, ...
  int64_t amount = 0;
  std::string reference;

  bool is_cash() const { return type == "CASH"; }
};

struct BasketInput {
  std::vector<LineInput> lines;
  std::vector<DiscountInput> discounts;
};

/// A basket with every amount worked out; indices are those of the input.
struct PricedBasket {
  pricing::PriceRequest request;
  pricing::PriceResult result;
  std::vector<VariantPtr> variants;  // per line
  std::vector<int64_t> list_prices;  // per line
  std::vector<base::Uuid> tax_ids;   // per tax of the request; nil: the exempt marker
  std::vector<const TaxDefinition*> tax_definitions;  // point into the settings; nullptr: exempt
};

/// Prices `input` for `store`. `catalogue` holds every variant of the input that exists.
/// Refusals, in order: UNKNOWN_VARIANT, VARIANT_ARCHIVED, CURRENCY_MISMATCH (no price in the
/// store's currency), UNKNOWN_TAX_CATEGORY, DISCOUNT_EXCEEDS_LINE, OVERFLOW, PRICE_CHANGED.
absl::StatusOr<PricedBasket> PriceBasket(const BasketInput& input, const Store& store,
                                         const Settings& settings, const Catalogue& catalogue,
                                         pricing::Trace* trace = nullptr);

/// Applies tenders to `total`. Refusals: OVER_TENDER, UNDER_TENDER, OVERFLOW.
absl::StatusOr<pricing::Settlement> SettleSale(int64_t total,
                                               const std::vector<TenderInput>& tenders,
                                               const pricing::CashRounding& rounding);
/// The same for money going back.
absl::StatusOr<pricing::Settlement> SettleReturn(int64_t total,
                                                 const std::vector<TenderInput>& tenders,
                                                 const pricing::CashRounding& rounding);

/// Writes lines, taxes, discounts, policy and totals of `basket` into `entry`.
void FillEntry(const BasketInput& input, const PricedBasket& basket, const StorePolicy& policy,
               journal::SaleEntry* entry);
/// Writes the tenders and the totals' change and rounding.
void FillTenders(const std::vector<TenderInput>& tenders, const pricing::Settlement& settlement,
                 journal::SaleEntry* entry);

}  // namespace cloudpos::transaction
