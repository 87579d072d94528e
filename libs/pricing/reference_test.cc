// Price() against an independent model in exact rationals.
#include <catch2/catch.hpp>

#include "libs/pricing/price.h"
#include "tests/support/price_model.h"
#include "tests/support/random_basket.h"

namespace cloudpos::pricing {

TEST_CASE("Price: the same as an independent model in exact rationals",
          "[pricing][property][domain]") {
  testing::Random random(40);
  PriceResult result;
  for (int i = 0; i < 20'000; ++i) {
    const PriceRequest request = RandomRequest(random, {.lines = 6});
    const Error error = Price(request, &result);
    if (!error.ok()) continue;  // see price_property_test.cc
    const std::string difference = DifferenceFromModel(request, result);
    if (!difference.empty()) FAIL("case " << i << ": " << difference);
  }
}

// Found by the fuzzer: percentages on a deposit are nothing in the first line, whose deposit is
// squeezed to nothing, and something in the second; both are parts of one tax.
TEST_CASE("Price: one tax of lines with and without a deposit is shared by what each contains",
          "[pricing][domain]") {
  PriceRequest request;
  request.policy = {.rounding_level = RoundingLevel::kPerRateGroup,
                    .inclusive_rounding = InclusiveRounding::kRoundNet};
  request.taxes = {{.kind = TaxKind::kFixedPerUnit,
                    .amount_per_unit = 28,
                    .inclusive = true,
                    .affects_base = true},
                   {.rate_ppm = 8'604'210, .inclusive = true, .compound = true}};
  request.lines = {{.quantity_milli = 29, .unit_price = 28, .taxes = {0, 1}},
                   {.quantity_milli = 34, .unit_price = 6'431'004, .taxes = {0, 1}}};
  PriceResult result;
  REQUIRE(Price(request, &result).ok());
  CHECK(DifferenceFromModel(request, result).empty());
  CHECK(result.lines[0].taxes[1].amount == 1);
}

}  // namespace cloudpos::pricing
