#include "libs/pricing/price.h"

#include "libs/pricing/internal.h"

namespace cloudpos::pricing {
namespace {

using internal::ErrorAt;
using internal::Fit;

bool IsAmount(std::int64_t value) { return value >= 0 && value <= kMaxAmount; }

bool IsTax(const Tax& tax) {
  const std::int32_t lowest = tax.inclusive ? 0 : -kOneMillionPpm;
  return tax.kind <= TaxKind::kExempt && tax.rate_ppm >= lowest && tax.rate_ppm <= kMaxRatePpm &&
         IsAmount(tax.amount_per_unit);
}

bool IsDiscount(const Discount& discount) {
  return discount.kind <= Discount::Kind::kFixed && discount.rate_ppm >= 0 &&
         discount.rate_ppm <= kOneMillionPpm && IsAmount(discount.amount);
}

Error CheckLine(const PriceRequest& request, std::size_t index) {
  const PriceLine& line = request.lines[index];
  if (line.taxes.size() > kMaxTaxesPerLine || line.discounts.size() > kMaxDiscountsPerLine) {
    return ErrorAt(ErrorCode::kLimitExceeded, index);
  }
  if (line.quantity_milli < 1 || line.quantity_milli > kMaxQuantityMilli) {
    return ErrorAt(ErrorCode::kBadQuantity, index);
  }
  if (!IsAmount(line.unit_price) || line.price_per < 1 || line.price_per > kMaxPricePer) {
    return ErrorAt(ErrorCode::kOutOfRange, index);
  }
  for (std::size_t k = 0; k < line.discounts.size(); ++k) {
    if (!IsDiscount(line.discounts[k])) return ErrorAt(ErrorCode::kOutOfRange, index, k);
  }
  std::int32_t previous = -1;
  for (std::size_t k = 0; k < line.taxes.size(); ++k) {
    const std::int32_t tax = line.taxes[k];
    if (tax <= previous || tax >= static_cast<std::int32_t>(request.taxes.size())) {
      return ErrorAt(ErrorCode::kBadTaxOrder, index, k);
    }
    previous = tax;
  }
  return {};
}

Error Check(const PriceRequest& request) {
  if (request.lines.size() > kMaxLines || request.taxes.size() > kMaxTaxes ||
      request.order_discounts.size() > kMaxOrderDiscounts) {
    return {ErrorCode::kLimitExceeded};
  }
  for (std::size_t k = 0; k < request.taxes.size(); ++k) {
    if (!IsTax(request.taxes[k])) {
      return {ErrorCode::kOutOfRange, -1, static_cast<std::int32_t>(k)};
    }
  }
  for (std::size_t k = 0; k < request.order_discounts.size(); ++k) {
    if (!IsDiscount(request.order_discounts[k])) {
      return {ErrorCode::kOutOfRange, -1, static_cast<std::int32_t>(k)};
    }
  }
  for (std::size_t i = 0; i < request.lines.size(); ++i) {
    if (const Error error = CheckLine(request, i); !error.ok()) return error;
  }
  return {};
}

// Makes room for every result and computes the gross amounts.
Error Start(const PriceRequest& request, PriceResult* result, Trace* trace) {
  result->lines.resize(request.lines.size());
  result->order_discounts.assign(request.order_discounts.size(), 0);
  result->taxes.clear();
  result->totals = {};
  for (std::size_t i = 0; i < request.lines.size(); ++i) {
    const PriceLine& line = request.lines[i];
    PricedLine& priced = result->lines[i];
    const Int128 exact = static_cast<Int128>(line.unit_price) * line.quantity_milli;
    const Int128 divisor = static_cast<Int128>(line.price_per) * 1000;
    if (!Fit(RoundDiv(exact, divisor, RoundingMode::kHalfUp), &priced.gross)) {
      return ErrorAt(ErrorCode::kOverflow, i);
    }
    if (trace != nullptr) {
      TraceStep step{.stage = TraceStage::kGross, .line = static_cast<std::int32_t>(i)};
      step.numerator = exact;
      step.denominator = divisor;
      step.result = priced.gross;
      trace->push_back(step);
    }
    priced.amount = priced.gross;
    priced.line_discount = 0;
    priced.order_discount = 0;
    priced.net = 0;
    priced.tax = 0;
    priced.total = 0;
    priced.discounts.assign(line.discounts.size(), 0);
    priced.order_shares.assign(request.order_discounts.size(), 0);
    priced.taxes.resize(line.taxes.size());
  }
  return {};
}

struct Sums {
  Int128 gross = 0, line_discount = 0, order_discount = 0, net = 0, tax = 0, inclusive = 0;
};

// Adds up what the lines say, taxes by their index, into the document.
Error AddUp(const PriceRequest& request, PriceResult* result) {
  Sums sums;
  std::vector<LineTax>& taxes = result->taxes;
  taxes.assign(request.taxes.size(), LineTax{.tax = -1});
  for (const PricedLine& line : result->lines) {
    sums.gross += line.gross;
    sums.line_discount += line.line_discount;
    sums.order_discount += line.order_discount;
    sums.net += line.net;
    sums.tax += line.tax;
    sums.inclusive += line.amount - line.net;
    for (const LineTax& tax : line.taxes) {
      LineTax& document = taxes[static_cast<std::size_t>(tax.tax)];
      document.tax = tax.tax;
      if (!Fit(document.base + Int128{tax.base}, &document.base) ||
          !Fit(document.amount + Int128{tax.amount}, &document.amount)) {
        return {ErrorCode::kOverflow, -1, tax.tax};
      }
    }
  }
  std::erase_if(taxes, [](const LineTax& tax) { return tax.tax < 0; });
  PriceTotals& totals = result->totals;
  const bool fits =
      Fit(sums.gross, &totals.gross) && Fit(sums.line_discount, &totals.line_discount) &&
      Fit(sums.order_discount, &totals.order_discount) && Fit(sums.net, &totals.net) &&
      Fit(sums.tax, &totals.tax) && Fit(sums.inclusive, &totals.inclusive_tax) &&
      Fit(sums.net + sums.tax, &totals.total);
  if (!fits) return {ErrorCode::kOverflow};
  return {};
}

}  // namespace

Error Price(const PriceRequest& request, PriceResult* result, Trace* trace) {
  Error error = Check(request);
  if (error.ok()) error = Start(request, result, trace);
  if (error.ok()) error = internal::ApplyDiscounts(request, result, trace);
  if (error.ok()) error = internal::ApplyTaxes(request, result, trace);
  if (error.ok()) error = AddUp(request, result);
  return error;
}

}  // namespace cloudpos::pricing
