// What a return of part of a sold line gives back (features 5.5): from stored amounts, never from
// rates, so that all returns together give back exactly what was paid.
#pragma once

#include <cstdint>
#include <vector>

#include "libs/pricing/error.h"

namespace cloudpos::pricing {

struct SoldTax {
  std::int64_t amount = 0;
  bool inclusive = false;
};

// A line as it was sold, from the stored allocations. Minor units.
struct SoldLine {
  std::int64_t quantity_milli = 0;  // 1..kMaxQuantityMilli
  std::int64_t gross = 0;
  std::int64_t line_discount = 0;
  std::int64_t order_discount = 0;
  std::vector<SoldTax> taxes;
};

// The part given back, all amounts positive. net + tax = total; gross - line_discount -
// order_discount = amount = net + inclusive taxes. total is never negative.
struct RefundedLine {
  std::int64_t gross = 0;
  std::int64_t line_discount = 0;
  std::int64_t order_discount = 0;
  std::int64_t amount = 0;
  std::int64_t net = 0;
  std::int64_t tax = 0;
  std::int64_t total = 0;           // money back, before cash rounding
  std::vector<std::int64_t> taxes;  // in the order of SoldLine::taxes
};

// The return of `quantity_milli` after `returned_milli` came back before: for each stored x,
// f(returned + quantity) - f(returned) with f(b) = round(x * b / sold). The result depends on the
// two ends only, so any sequence of returns that ends at the same quantity gives the same sums.
//
// x is gross, each tax, and the amount after discounts. 5.5 rounds the discount instead of the
// amount; its formula gives -1 for some parts worth less than one minor unit. Halves of a
// discounted amount go down here, which makes both the same wherever the gross of the part is a
// whole number of minor units, and money back never negative everywhere.
// Errors: kBadQuantity, kReturnExceeds (returned + quantity > sold), kOutOfRange (an amount beyond
// kMaxAmount, negative gross or discount, discounts beyond gross), kLimitExceeded (taxes).
Error Refund(const SoldLine& sold, std::int64_t returned_milli, std::int64_t quantity_milli,
             RefundedLine* refunded);

}  // namespace cloudpos::pricing
