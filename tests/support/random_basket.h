// Baskets for property tests.
#pragma once

#include "libs/pricing/price.h"
#include "tests/support/random.h"

namespace cloudpos::pricing {

struct RandomLimits {
  int lines = 8;
  bool order_discounts = true;
  bool negative_taxes = true;
};

inline Discount RandomDiscount(testing::Random& random) {
  Discount discount;
  if (random.OneIn(2)) {
    discount.rate_ppm = static_cast<std::int32_t>(random.OneIn(8) ? kOneMillionPpm
                                                                  : random.Between(0, 500) * 1'000);
  } else {
    discount.kind = Discount::Kind::kFixed;
    discount.amount = random.Between(0, random.OneIn(4) ? 1'000'000 : 500);
  }
  return discount;
}

inline Tax RandomTax(testing::Random& random, const RandomLimits& limits) {
  constexpr std::int32_t kRates[] = {0,       50'000,  55'000,  60'000,  70'000,  82'500,
                                     88'750,  99'750,  100'000, 140'000, 190'000, 200'000,
                                     210'000, 117'500, 333'333, 999'983};
  Tax tax;
  tax.inclusive = random.OneIn(2);
  tax.affects_base = random.OneIn(3);
  tax.compound = random.OneIn(3);
  if (random.OneIn(8)) {
    tax.kind = TaxKind::kFixedPerUnit;
    tax.amount_per_unit = random.Between(0, 300);
  } else if (random.OneIn(10)) {
    tax.kind = TaxKind::kExempt;
  } else {
    tax.rate_ppm = kRates[random.Index(std::size(kRates))];
    if (limits.negative_taxes && !tax.inclusive && random.OneIn(10)) tax.rate_ppm = -200'000;
  }
  if (random.OneIn(6)) tax.rounding = static_cast<RoundingMode>(random.Between(0, 4));
  return tax;
}

inline PriceLine RandomLine(testing::Random& random, std::size_t taxes) {
  PriceLine line;
  line.quantity_milli = random.OneIn(3) ? random.Between(1, 20'000) : random.Between(1, 9) * 1'000;
  line.unit_price = random.Between(0, random.OneIn(5) ? 10'000'000 : 3'000);
  if (random.OneIn(10)) line.price_per = random.Between(1, 100);
  line.discountable = !random.OneIn(6);
  while (random.OneIn(3) && line.discounts.size() < 4) {
    line.discounts.push_back(RandomDiscount(random));
  }
  for (std::size_t t = 0; t < taxes; ++t) {
    if (random.OneIn(2)) line.taxes.push_back(static_cast<std::int32_t>(t));
  }
  return line;
}

inline PriceRequest RandomRequest(testing::Random& random, const RandomLimits& limits = {}) {
  PriceRequest request;
  request.policy.tax_rounding = static_cast<RoundingMode>(random.Between(0, 4));
  request.policy.rounding_level = static_cast<RoundingLevel>(random.Between(0, 1));
  request.policy.inclusive_rounding = static_cast<InclusiveRounding>(random.Between(0, 1));
  request.policy.discount_order = static_cast<DiscountOrder>(random.Between(0, 1));
  request.policy.discount_rounding = static_cast<RoundingMode>(random.Between(0, 4));
  const std::int64_t taxes = random.Between(0, 4);
  for (std::int64_t t = 0; t < taxes; ++t) request.taxes.push_back(RandomTax(random, limits));
  const std::int64_t lines = random.Between(0, limits.lines);
  for (std::int64_t i = 0; i < lines; ++i) {
    request.lines.push_back(RandomLine(random, request.taxes.size()));
  }
  while (limits.order_discounts && random.OneIn(2) && request.order_discounts.size() < 4) {
    request.order_discounts.push_back(RandomDiscount(random));
  }
  return request;
}

}  // namespace cloudpos::pricing
