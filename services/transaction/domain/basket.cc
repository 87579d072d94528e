#include "services/transaction/domain/basket.h"

#include <algorithm>

#include "libs/base/error.h"
#include "libs/faults/faults.h"

namespace cloudpos::transaction {
namespace {

using common::v1::CURRENCY_MISMATCH;
using common::v1::DISCOUNT_EXCEEDS_LINE;
using common::v1::INTERNAL;
using common::v1::OUT_OF_RANGE;
using common::v1::OVER_TENDER;
using common::v1::OVERFLOW;
using common::v1::PRICE_CHANGED;
using common::v1::UNDER_TENDER;
using common::v1::UNKNOWN_TAX_CATEGORY;
using common::v1::UNKNOWN_VARIANT;
using common::v1::VARIANT_ARCHIVED;

std::string LineField(size_t index, const char* field) {
  return "lines[" + std::to_string(index) + "]." + field;
}

/// The document's list of taxes: definitions in the order of first use, then kept so that each
/// line's indices ascend (libs/pricing wants that).
class TaxTable {
 public:
  TaxTable(const Store& store, const Settings& settings) : store_(store), settings_(settings) {}

  /// Index list of a category's taxes; answers false when it is not set up.
  bool Add(const std::string& category) {
    if (category == kZeroRated) return true;
    if (category == kExempt) {
      Index(base::Uuid());
      return true;
    }
    const auto found = settings_.tax_categories.find(category);
    if (found == settings_.tax_categories.end()) return false;
    if (found->second.exempt) {
      Index(base::Uuid());
      return true;
    }
    const std::vector<base::Uuid>* taxes = found->second.TaxesOf(store_.id);
    if (taxes == nullptr) return false;
    for (const base::Uuid& id : *taxes) Index(id);
    return true;
  }

  /// The lines' own lists; call after every category was added.
  std::vector<int32_t> IndicesOf(const std::string& category) const {
    std::vector<int32_t> indices;
    if (category == kZeroRated) return indices;
    const auto found = settings_.tax_categories.find(category);
    const bool exempt =
        category == kExempt || (found != settings_.tax_categories.end() && found->second.exempt);
    if (exempt) {
      indices.push_back(Find(base::Uuid()));
      return indices;
    }
    const std::vector<base::Uuid>* taxes =
        found == settings_.tax_categories.end() ? nullptr : found->second.TaxesOf(store_.id);
    if (taxes == nullptr) return indices;  // Add has refused it before
    for (const base::Uuid& id : *taxes) indices.push_back(Find(id));
    std::sort(indices.begin(), indices.end());
    return indices;
  }

  void Write(PricedBasket* basket) const {
    for (const base::Uuid& id : ids_) {
      pricing::Tax tax;
      const TaxDefinition* definition = nullptr;
      if (id.is_nil()) {
        tax.kind = pricing::TaxKind::kExempt;
      } else {
        definition = &settings_.taxes.at(id);
        tax.kind = definition->fixed_per_unit > 0 ? pricing::TaxKind::kFixedPerUnit
                                                  : pricing::TaxKind::kPercent;
        tax.rate_ppm = definition->rate_ppm;
        tax.amount_per_unit = definition->fixed_per_unit;
        tax.inclusive = definition->inclusive;
        tax.affects_base = definition->affects_base;
        tax.compound = definition->compound;
      }
      basket->request.taxes.push_back(tax);
      basket->tax_ids.push_back(id);
      basket->tax_definitions.push_back(definition);
    }
  }

 private:
  void Index(const base::Uuid& id) {
    if (std::find(ids_.begin(), ids_.end(), id) == ids_.end()) ids_.push_back(id);
  }
  int32_t Find(const base::Uuid& id) const {
    return static_cast<int32_t>(std::find(ids_.begin(), ids_.end(), id) - ids_.begin());
  }

  const Store& store_;
  const Settings& settings_;
  std::vector<base::Uuid> ids_;
};

absl::Status PricingFailure(const pricing::Error& error) {
  const std::string field =
      error.line < 0 ? std::string("lines") : "lines[" + std::to_string(error.line) + "]";
  switch (error.code) {
    case pricing::ErrorCode::kOverflow:
      return base::Fail(OVERFLOW, field, "an amount is too large");
    case pricing::ErrorCode::kOutOfRange:
    case pricing::ErrorCode::kBadQuantity:
    case pricing::ErrorCode::kLimitExceeded:
      return base::Fail(OUT_OF_RANGE, field, "a value is out of range");
    default:
      return base::Fail(INTERNAL, "pricing refused the basket");
  }
}

/// Picks variant and price of one line.
absl::Status ChoosePrice(const LineInput& line, size_t index, const Store& store,
                         const Catalogue& catalogue, PricedBasket* basket) {
  const auto found = catalogue.find(line.variant);
  if (found == catalogue.end() || found->second == nullptr) {
    return base::Fail(UNKNOWN_VARIANT, LineField(index, "variantId"),
                      "there is no such product variant");
  }
  const VariantPtr& variant = found->second;
  if (variant->archived) {
    return base::Fail(VARIANT_ARCHIVED, LineField(index, "variantId"),
                      "this product variant is archived and cannot be sold");
  }
  const VariantPrice* price = variant->PriceIn(store);
  if (price == nullptr && !line.override_price) {
    return base::Fail(CURRENCY_MISMATCH, LineField(index, "variantId"),
                      "this product variant has no price in " + store.currency_code);
  }
  const int64_t list_price = price != nullptr ? price->amount : *line.override_price;
  pricing::PriceLine priced;
  priced.quantity_milli = line.quantity_milli;
  priced.unit_price = line.override_price.value_or(list_price);
  priced.price_per = price != nullptr ? price->price_per : 1;
  for (const DiscountInput& discount : line.discounts)
    priced.discounts.push_back(discount.discount);
  basket->request.lines.push_back(std::move(priced));
  basket->variants.push_back(variant);
  basket->list_prices.push_back(list_price);
  return absl::OkStatus();
}

/// libs/pricing caps a discount at what is left; a counter wants to hear of it instead.
absl::Status CheckDiscounts(const BasketInput& input, const PricedBasket& basket) {
  for (size_t i = 0; i < input.lines.size(); ++i) {
    for (size_t d = 0; d < input.lines[i].discounts.size(); ++d) {
      const pricing::Discount& asked = input.lines[i].discounts[d].discount;
      if (asked.kind == pricing::Discount::Kind::kFixed &&
          basket.result.lines[i].discounts[d] < asked.amount) {
        return base::Fail(DISCOUNT_EXCEEDS_LINE,
                          LineField(i, "discounts[") + std::to_string(d) + "].amountMinor",
                          "the discount is larger than the line");
      }
    }
  }
  for (size_t d = 0; d < input.discounts.size(); ++d) {
    const pricing::Discount& asked = input.discounts[d].discount;
    if (asked.kind == pricing::Discount::Kind::kFixed &&
        basket.result.order_discounts[d] < asked.amount) {
      return base::Fail(DISCOUNT_EXCEEDS_LINE, "discounts[" + std::to_string(d) + "].amountMinor",
                        "the discount is larger than the basket");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckExpectedPrices(const BasketInput& input, const PricedBasket& basket) {
  for (size_t i = 0; i < input.lines.size(); ++i) {
    const LineInput& line = input.lines[i];
    if (!line.expected_unit_price || line.override_price ||
        *line.expected_unit_price == basket.list_prices[i]) {
      continue;
    }
    return base::Fail({.code = PRICE_CHANGED,
                       .detail = "the price of " + basket.variants[i]->sku + " has changed",
                       .fields = {{LineField(i, "expectedUnitPriceMinor"),
                                   "the price is " + std::to_string(basket.list_prices[i])}},
                       .hint = "show the customer the new price and send the sale again",
                       .data = {{"unitPriceMinor", std::to_string(basket.list_prices[i])}}});
  }
  return absl::OkStatus();
}

absl::StatusOr<pricing::Settlement> Settle(int64_t total, const std::vector<TenderInput>& tenders,
                                           const pricing::CashRounding& rounding,
                                           decltype(pricing::Settle)* settle) {
  std::vector<pricing::Tender> given;
  given.reserve(tenders.size());
  for (const TenderInput& tender : tenders) given.push_back({tender.is_cash(), tender.amount});
  pricing::Settlement settlement;
  const pricing::Error error = settle(total, given, rounding, &settlement);
  if (error.code == pricing::ErrorCode::kOverTender) {
    return base::Fail(OVER_TENDER, "tenders[" + std::to_string(error.line) + "].amountMinor",
                      "the tender exceeds what is due", "only cash may exceed what is due");
  }
  if (!error.ok()) return PricingFailure(error);
  if (!settlement.complete()) {
    return base::Fail(
        {.code = UNDER_TENDER,
         .detail = "the tenders do not cover the total",
         .fields = {{"tenders", std::to_string(settlement.due_left) + " is still due"}},
         .data = {{"dueMinor", std::to_string(settlement.due_left)}}});
  }
  return settlement;
}

journal::EntryTax EntryTaxOf(const PricedBasket& basket, const pricing::LineTax& tax) {
  const size_t index = static_cast<size_t>(tax.tax);
  journal::EntryTax entry;
  entry.amount = tax.amount;
  entry.base = tax.base;
  const TaxDefinition* definition = basket.tax_definitions[index];
  if (definition == nullptr) {
    entry.exempt = true;
    entry.tax_id = kExempt;
    return entry;
  }
  entry.fixed_per_unit = definition->fixed_per_unit;
  entry.inclusive = definition->inclusive;
  entry.jurisdiction = definition->jurisdiction;
  entry.rate_ppm = definition->rate_ppm;
  entry.tax_id = definition->id.ToString();
  return entry;
}

journal::EntryDiscount EntryDiscountOf(const DiscountInput& input, int64_t amount) {
  const bool percent = input.discount.kind == pricing::Discount::Kind::kPercent;
  return {.amount = amount,
          .code = input.reason_code,
          .kind = percent ? "PERCENT" : "FIXED",
          .rate_ppm = input.discount.rate_ppm};
}

}  // namespace

absl::StatusOr<PricedBasket> PriceBasket(const BasketInput& input, const Store& store,
                                         const Settings& settings, const Catalogue& catalogue,
                                         pricing::Trace* trace) {
  PricedBasket basket;
  basket.request.policy = settings.PolicyOf(store.id).price;
  basket.request.lines.reserve(input.lines.size());
  TaxTable taxes(store, settings);
  for (size_t i = 0; i < input.lines.size(); ++i) {
    if (absl::Status s = ChoosePrice(input.lines[i], i, store, catalogue, &basket); !s.ok()) {
      return s;
    }
  }
  for (size_t i = 0; i < input.lines.size(); ++i) {
    if (!taxes.Add(basket.variants[i]->tax_category)) {
      return base::Fail(
          UNKNOWN_TAX_CATEGORY, LineField(i, "variantId"),
          "tax category \"" + basket.variants[i]->tax_category + "\" is not set up for this store",
          "set it up with PUT /v1/taxCategories/" + basket.variants[i]->tax_category);
    }
  }
  for (size_t i = 0; i < input.lines.size(); ++i) {
    basket.request.lines[i].taxes = taxes.IndicesOf(basket.variants[i]->tax_category);
  }
  taxes.Write(&basket);
  for (const DiscountInput& discount : input.discounts) {
    basket.request.order_discounts.push_back(discount.discount);
  }
  if (const pricing::Error error = pricing::Price(basket.request, &basket.result, trace);
      !error.ok()) {
    return PricingFailure(error);
  }
  if (absl::Status s = CheckDiscounts(input, basket); !s.ok()) return s;
  if (absl::Status s = CheckExpectedPrices(input, basket); !s.ok()) return s;
  return basket;
}

absl::StatusOr<pricing::Settlement> SettleSale(int64_t total,
                                               const std::vector<TenderInput>& tenders,
                                               const pricing::CashRounding& rounding) {
  return Settle(total, tenders, rounding, &pricing::Settle);
}

absl::StatusOr<pricing::Settlement> SettleReturn(int64_t total,
                                                 const std::vector<TenderInput>& tenders,
                                                 const pricing::CashRounding& rounding) {
  return Settle(total, tenders, rounding, &pricing::SettleRefund);
}

void FillEntry(const BasketInput& input, const PricedBasket& basket, const StorePolicy& policy,
               journal::SaleEntry* entry) {
  entry->lines.reserve(input.lines.size());
  for (size_t i = 0; i < input.lines.size(); ++i) {
    const pricing::PricedLine& priced = basket.result.lines[i];
    const Variant& variant = *basket.variants[i];
    journal::EntryLine line;
    if (!variant.category.is_nil()) line.category_id = variant.category.ToString();
    for (size_t d = 0; d < input.lines[i].discounts.size(); ++d) {
      line.discounts.push_back(EntryDiscountOf(input.lines[i].discounts[d], priced.discounts[d]));
    }
    line.gross = priced.gross;
    line.line_no = static_cast<int64_t>(i) + 1;
    line.list_price = basket.list_prices[i];
    line.net = priced.net;
    line.order_discount = priced.order_discount;
    line.override_reason = input.lines[i].override_reason;
    line.price_per = basket.request.lines[i].price_per;
    line.product_id = variant.product.ToString();
    line.quantity_milli = input.lines[i].quantity_milli;
    line.sku = variant.sku;
    line.stocked = variant.stocked;
    line.tax_category = variant.tax_category;
    for (const pricing::LineTax& tax : priced.taxes) line.taxes.push_back(EntryTaxOf(basket, tax));
    line.total = priced.total;
    line.unit_price = basket.request.lines[i].unit_price;
    line.variant_id = variant.id.ToString();
    entry->lines.push_back(std::move(line));
  }
  for (size_t d = 0; d < input.discounts.size(); ++d) {
    entry->order_discounts.push_back(
        EntryDiscountOf(input.discounts[d], basket.result.order_discounts[d]));
  }
  for (const pricing::LineTax& tax : basket.result.taxes) {
    entry->taxes.push_back(EntryTaxOf(basket, tax));
  }
  entry->policy.cash_increment = policy.cash.increment;
  entry->policy.discount_order = pricing::DiscountOrderName(policy.price.discount_order);
  entry->policy.discount_rounding = pricing::RoundingModeName(policy.price.discount_rounding);
  entry->policy.inclusive_rounding =
      pricing::InclusiveRoundingName(policy.price.inclusive_rounding);
  entry->policy.rounding_level = pricing::RoundingLevelName(policy.price.rounding_level);
  entry->policy.tax_rounding = pricing::RoundingModeName(policy.price.tax_rounding);
  const pricing::PriceTotals& totals = basket.result.totals;
  entry->totals.gross = totals.gross;
  entry->totals.discount = totals.line_discount + totals.order_discount;
  entry->totals.net = totals.net;
  entry->totals.tax = totals.tax;
  entry->totals.total = totals.total;
}

void FillTenders(const std::vector<TenderInput>& tenders, const pricing::Settlement& settlement,
                 journal::SaleEntry* entry) {
  for (size_t i = 0; i < tenders.size(); ++i) {
    const pricing::SettledTender& settled = settlement.tenders[i];
    journal::EntryTender tender;
    tender.amount = settled.applied;
    tender.change = settled.change;
    tender.rounding = settled.rounding;
    tender.tendered = settled.tendered;
    tender.tender_no = static_cast<int64_t>(i) + 1;
    tender.type = tenders[i].type;
    entry->tenders.push_back(std::move(tender));
  }
  entry->totals.cash_rounding = settlement.rounding;
  entry->totals.change = settlement.change;
  if (SEEDED_BUG("wrong_change") && settlement.change > 0) ++entry->totals.change;
}

}  // namespace cloudpos::transaction
