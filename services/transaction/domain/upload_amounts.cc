#include "services/transaction/domain/upload_amounts.h"

#include <algorithm>
#include <optional>

#include "libs/pricing/price.h"

namespace cloudpos::transaction {
namespace {

using journal::EntryLine;
using journal::EntryTax;
using journal::SaleEntry;

/// Sums are looked at after each addition, and lists within a line are short: nothing wraps.
bool InRange(int64_t amount) {
  return amount >= -pricing::kMaxAmount && amount <= pricing::kMaxAmount;
}

std::optional<pricing::PricePolicy> PolicyOf(const journal::EntryPolicy& policy) {
  const auto tax_rounding = pricing::ParseRoundingMode(policy.tax_rounding);
  const auto level = pricing::ParseRoundingLevel(policy.rounding_level);
  const auto inclusive = pricing::ParseInclusiveRounding(policy.inclusive_rounding);
  const auto order = pricing::ParseDiscountOrder(policy.discount_order);
  const auto discount_rounding = pricing::ParseRoundingMode(policy.discount_rounding);
  if (!tax_rounding || !level || !inclusive || !order || !discount_rounding) return std::nullopt;
  return pricing::PricePolicy{.tax_rounding = *tax_rounding,
                              .rounding_level = *level,
                              .inclusive_rounding = *inclusive,
                              .discount_order = *order,
                              .discount_rounding = *discount_rounding};
}

bool FitsInt32(int64_t value) { return value >= INT32_MIN && value <= INT32_MAX; }

std::optional<pricing::Discount> DiscountOf(const journal::EntryDiscount& discount) {
  if (discount.kind == "FIXED") {
    return pricing::Discount{pricing::Discount::Kind::kFixed, 0, discount.amount};
  }
  if (discount.kind != "PERCENT" || !FitsInt32(discount.rate_ppm)) return std::nullopt;
  return pricing::Discount{pricing::Discount::Kind::kPercent,
                           static_cast<int32_t>(discount.rate_ppm), 0};
}

/// The entry says rate and inclusion; what stands on what is asked of the settings.
std::optional<pricing::Tax> TaxOf(const EntryTax& entry, const Settings& settings) {
  if (!FitsInt32(entry.rate_ppm)) return std::nullopt;
  pricing::Tax tax;
  tax.kind = entry.exempt               ? pricing::TaxKind::kExempt
             : entry.fixed_per_unit > 0 ? pricing::TaxKind::kFixedPerUnit
                                        : pricing::TaxKind::kPercent;
  tax.rate_ppm = entry.exempt ? 0 : static_cast<int32_t>(entry.rate_ppm);
  tax.amount_per_unit = entry.fixed_per_unit;
  tax.inclusive = entry.inclusive;
  const auto id = base::Uuid::Parse(entry.tax_id);
  const auto definition = id ? settings.taxes.find(*id) : settings.taxes.end();
  if (definition != settings.taxes.end()) {
    tax.affects_base = definition->second.affects_base;
    tax.compound = definition->second.compound;
  }
  return tax;
}

bool IsSameTax(const EntryTax& a, const EntryTax& b) {
  return a.tax_id == b.tax_id && a.rate_ppm == b.rate_ppm && a.inclusive == b.inclusive &&
         a.exempt == b.exempt && a.fixed_per_unit == b.fixed_per_unit;
}

std::optional<pricing::PriceLine> LineOf(const EntryLine& line, const SaleEntry& entry) {
  pricing::PriceLine priced;
  priced.quantity_milli = line.quantity_milli;
  priced.unit_price = line.unit_price;
  priced.price_per = line.price_per;
  for (const journal::EntryDiscount& discount : line.discounts) {
    const auto asked = DiscountOf(discount);
    if (!asked) return std::nullopt;
    priced.discounts.push_back(*asked);
  }
  for (const EntryTax& tax : line.taxes) {
    const auto found = std::find_if(entry.taxes.begin(), entry.taxes.end(),
                                    [&tax](const EntryTax& t) { return IsSameTax(t, tax); });
    if (found == entry.taxes.end()) return std::nullopt;
    priced.taxes.push_back(static_cast<int32_t>(found - entry.taxes.begin()));
  }
  return priced;
}

/// The basket as libs/pricing takes it; nullopt when the entry holds what no basket can.
std::optional<pricing::PriceRequest> RequestOf(const SaleEntry& entry, const Settings& settings) {
  pricing::PriceRequest request;
  const auto policy = PolicyOf(entry.policy);
  if (!policy) return std::nullopt;
  request.policy = *policy;
  for (const EntryTax& tax : entry.taxes) {
    const auto applied = TaxOf(tax, settings);
    if (!applied) return std::nullopt;
    request.taxes.push_back(*applied);
  }
  for (const EntryLine& line : entry.lines) {
    auto priced = LineOf(line, entry);
    if (!priced) return std::nullopt;
    request.lines.push_back(*std::move(priced));
  }
  for (const journal::EntryDiscount& discount : entry.order_discounts) {
    const auto asked = DiscountOf(discount);
    if (!asked) return std::nullopt;
    request.order_discounts.push_back(*asked);
  }
  return request;
}

bool TaxesEqual(const std::vector<EntryTax>& entry, const std::vector<pricing::LineTax>& taxes) {
  return std::equal(entry.begin(), entry.end(), taxes.begin(), taxes.end(),
                    [](const EntryTax& e, const pricing::LineTax& t) {
                      return e.amount == t.amount && e.base == t.base;
                    });
}

bool LineEqual(const EntryLine& line, const pricing::PricedLine& priced) {
  const bool same_discounts =
      std::equal(line.discounts.begin(), line.discounts.end(), priced.discounts.begin(),
                 priced.discounts.end(),
                 [](const auto& entry, int64_t amount) { return entry.amount == amount; });
  return same_discounts && line.gross == priced.gross && line.net == priced.net &&
         line.total == priced.total && line.order_discount == priced.order_discount &&
         TaxesEqual(line.taxes, priced.taxes);
}

bool IsPricedRight(const SaleEntry& entry, const Settings& settings) {
  const auto request = RequestOf(entry, settings);
  pricing::PriceResult result;
  if (!request || !pricing::Price(*request, &result).ok()) return false;
  for (size_t i = 0; i < entry.lines.size(); ++i) {
    if (!LineEqual(entry.lines[i], result.lines[i])) return false;
  }
  for (size_t d = 0; d < entry.order_discounts.size(); ++d) {
    if (entry.order_discounts[d].amount != result.order_discounts[d]) return false;
  }
  const pricing::PriceTotals& totals = result.totals;
  return TaxesEqual(entry.taxes, result.taxes) && entry.totals.gross == totals.gross &&
         entry.totals.discount == totals.line_discount + totals.order_discount &&
         entry.totals.net == totals.net && entry.totals.tax == totals.tax &&
         entry.totals.total == totals.total;
}

/// A line of a linked return in itself: what the gross lost is discount, the rest net and taxes.
bool IsLineSound(const EntryLine& line) {
  int64_t discount = line.order_discount, tax = 0, inclusive = 0;
  for (const journal::EntryDiscount& taken : line.discounts) {
    if (!InRange(taken.amount) || taken.amount < 0) return false;
    discount += taken.amount;
  }
  for (const EntryTax& one : line.taxes) {
    if (!InRange(one.amount)) return false;
    tax += one.amount;
    if (one.inclusive) inclusive += one.amount;
  }
  return InRange(line.gross) && InRange(line.net) && InRange(line.total) &&
         InRange(line.order_discount) && line.gross >= 0 && line.order_discount >= 0 &&
         line.total >= 0 && line.gross - discount == line.net + inclusive &&
         line.net + tax == line.total;
}

bool SumsAreRight(const SaleEntry& entry) {
  journal::EntryTotals sums;
  int64_t taxes = 0;
  for (const EntryLine& line : entry.lines) {
    if (!IsLineSound(line)) return false;
    for (const journal::EntryDiscount& taken : line.discounts) sums.discount += taken.amount;
    sums.discount += line.order_discount;
    sums.gross += line.gross;
    sums.net += line.net;
    sums.tax += line.total - line.net;
    sums.total += line.total;
    if (!InRange(sums.gross) || !InRange(sums.net) || !InRange(sums.tax) || !InRange(sums.total) ||
        !InRange(sums.discount)) {
      return false;
    }
  }
  for (const EntryTax& tax : entry.taxes) {
    if (!InRange(tax.amount)) return false;
    taxes += tax.amount;
  }
  const journal::EntryTotals& totals = entry.totals;
  return taxes == sums.tax && totals.gross == sums.gross && totals.discount == sums.discount &&
         totals.net == sums.net && totals.tax == sums.tax && totals.total == sums.total;
}

/// Every tender in itself, and together the total. Which way cash was rounded is the store's rule
/// and not in the entry; that it was rounded to whole coins is.
bool IsSettled(const SaleEntry& entry) {
  int64_t applied = 0, change = 0, rounding = 0;
  for (const journal::EntryTender& tender : entry.tenders) {
    const bool is_cash = tender.type == "CASH";
    if (!InRange(tender.amount) || !InRange(tender.tendered) || !InRange(tender.change) ||
        !InRange(tender.rounding) || tender.amount < 0 || tender.tendered < 0 ||
        tender.change < 0 || tender.tendered - tender.change != tender.amount + tender.rounding ||
        (!is_cash && (tender.change != 0 || tender.rounding != 0)) ||
        tender.rounding >= entry.policy.cash_increment ||
        -tender.rounding >= entry.policy.cash_increment) {
      return false;
    }
    applied += tender.amount;
    change += tender.change;
    rounding += tender.rounding;
  }
  return applied == entry.totals.total && change == entry.totals.change &&
         rounding == entry.totals.cash_rounding;
}

}  // namespace

bool AddsUp(const SaleEntry& entry, const Settings& settings) {
  const bool is_linked = entry.kind == journal::kKindReturn && !entry.source_sale_id.empty();
  const bool is_right = is_linked ? SumsAreRight(entry) : IsPricedRight(entry, settings);
  return is_right && IsSettled(entry);
}

}  // namespace cloudpos::transaction
