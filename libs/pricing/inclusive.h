// Taking the inclusive taxes out of one line's amount, exactly. Internal to libs/pricing.
#pragma once

#include <array>
#include <cstdint>

#include "libs/pricing/internal.h"

namespace cloudpos::pricing::internal {

// Each tax inside an amount A is linear in the net N: tax_j = g_j * N + h_j. A percent tax has
// g_j = rate_j * (1 + sum of the g of the taxes in its base) and h_j = rate_j * (sum of their h), a
// tax per unit g_j = 0 and h_j = its amount. From A = N + sum of all taxes:
//   N = (A - H) / (1 + G),  tax_j = g_j * (A - H) / (1 + G) + h_j,  G = sum of g, H = sum of h
// which for plain percentages is A * R_j / (1e6 + sum of R), as in features 5.3, and for compound
// ones divides by the product. All of it is held as whole numbers over common denominators.
struct InclusiveLine {
  std::int64_t fixed = 0;  // sum of the taxes per unit
  int percents = 0;        // number of percent taxes inside
  // The exact value of each percent tax, by position in PriceLine::taxes.
  std::array<Int128, kMaxTaxesPerLine> numerator{};
  Int128 denominator = 1;
  // The exact net.
  Int128 net_numerator = 0;
  Int128 net_denominator = 1;
};

// Fills `exact` for line `index` and writes the amounts of the inclusive taxes per unit into its
// PricedLine::taxes. `reduce` asks for small denominators, so that lines can be added up.
// Errors: kOverflow.
Error TakeApart(const PriceRequest& request, std::size_t index, bool reduce, PricedLine* priced,
                InclusiveLine* exact);

// Amount of a tax per unit for a quantity. Errors: kOverflow.
Error FixedTax(const PriceRequest& request, std::size_t line, std::size_t position,
               std::int64_t* amount);

}  // namespace cloudpos::pricing::internal
