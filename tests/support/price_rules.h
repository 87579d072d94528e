// What holds for every priced basket (price.h), for property tests and the fuzzer.
#pragma once

#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "libs/pricing/price.h"

namespace cloudpos::pricing {

inline std::int64_t SumOf(const std::vector<std::int64_t>& values) {
  return std::accumulate(values.begin(), values.end(), std::int64_t{0});
}

// Empty if the line keeps the rules of price.h, else the one it breaks.
inline std::string LineRule(const PriceRequest& request, const PricedLine& line) {
  std::int64_t inclusive = 0;
  std::int64_t all = 0;
  for (const LineTax& tax : line.taxes) {
    const Tax& rule = request.taxes[static_cast<std::size_t>(tax.tax)];
    if (rule.inclusive) inclusive += tax.amount;
    if (rule.kind == TaxKind::kExempt && tax.amount != 0) return "exempt is 0";
    all += tax.amount;
  }
  if (line.line_discount != SumOf(line.discounts)) return "line discount";
  if (line.order_discount != SumOf(line.order_shares)) return "order discount";
  if (line.amount != line.gross - line.line_discount - line.order_discount) return "amount";
  if (line.amount < 0 || line.net < 0) return "amount and net are not negative";
  if (line.net + inclusive != line.amount) return "net + inclusive taxes = amount";
  if (line.tax != all) return "tax";
  if (line.total != line.net + line.tax) return "total";
  return "";
}

// The same for the whole document.
inline std::string DocumentRule(const PriceRequest& request, const PriceResult& result) {
  PriceTotals sums;
  std::vector<std::int64_t> shares(request.order_discounts.size());
  std::vector<std::int64_t> taxes(request.taxes.size());
  for (const PricedLine& line : result.lines) {
    sums.gross += line.gross;
    sums.line_discount += line.line_discount;
    sums.order_discount += line.order_discount;
    sums.net += line.net;
    sums.tax += line.tax;
    sums.total += line.total;
    for (std::size_t k = 0; k < shares.size(); ++k) shares[k] += line.order_shares[k];
    for (const LineTax& tax : line.taxes) taxes[static_cast<std::size_t>(tax.tax)] += tax.amount;
  }
  const PriceTotals& totals = result.totals;
  if (totals.gross != sums.gross || totals.line_discount != sums.line_discount ||
      totals.order_discount != sums.order_discount || totals.net != sums.net ||
      totals.tax != sums.tax || totals.total != sums.total) {
    return "totals are the sums of the lines";
  }
  if (shares != result.order_discounts) return "shares = order discount";
  for (const LineTax& tax : result.taxes) {
    if (tax.amount != taxes[static_cast<std::size_t>(tax.tax)]) return "line taxes = document tax";
    taxes[static_cast<std::size_t>(tax.tax)] = 0;
  }
  if (SumOf(taxes) != 0) return "every tax is in the document";
  return "";
}

}  // namespace cloudpos::pricing
