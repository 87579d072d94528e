// Limits and refusals of Price(): the rows the vectors have no words for.
#include "libs/pricing/price.h"

#include <catch2/catch.hpp>

namespace cloudpos::pricing {
namespace {

PriceLine Line(std::int64_t unit_price, std::vector<std::int32_t> taxes = {}) {
  PriceLine line;
  line.quantity_milli = 1'000;
  line.unit_price = unit_price;
  line.taxes = std::move(taxes);
  return line;
}

Tax Percent(std::int32_t rate_ppm, bool inclusive = false) {
  Tax tax;
  tax.rate_ppm = rate_ppm;
  tax.inclusive = inclusive;
  return tax;
}

Error ErrorOf(const PriceRequest& request) {
  PriceResult result;
  return Price(request, &result);
}

}  // namespace

TEST_CASE("Price: an empty basket costs nothing", "[pricing][domain]") {
  PriceRequest request;
  request.order_discounts = {{Discount::Kind::kFixed, 0, 500}};
  request.taxes = {Percent(200'000)};
  for (const RoundingLevel level : {RoundingLevel::kPerLine, RoundingLevel::kPerRateGroup}) {
    request.policy.rounding_level = level;
    PriceResult result;
    REQUIRE(Price(request, &result).ok());
    CHECK(result.totals.total == 0);
    CHECK(result.order_discounts == std::vector<std::int64_t>{0});
    CHECK(result.taxes.empty());
  }
}

TEST_CASE("Price: limits, at and beyond", "[pricing][domain]") {
  PriceRequest request;
  request.lines.assign(kMaxLines, Line(1));
  CHECK(ErrorOf(request).ok());
  request.lines.push_back(Line(1));
  CHECK(ErrorOf(request).code == ErrorCode::kLimitExceeded);

  request = {};
  request.taxes.assign(kMaxTaxes, Percent(0));
  request.order_discounts.assign(kMaxOrderDiscounts, {});
  request.lines = {Line(1)};
  request.lines[0].discounts.assign(kMaxDiscountsPerLine, {});
  CHECK(ErrorOf(request).ok());
  request.lines[0].discounts.emplace_back();
  CHECK(ErrorOf(request).line == 0);
  request.lines[0].discounts.clear();
  request.order_discounts.emplace_back();
  CHECK(ErrorOf(request).code == ErrorCode::kLimitExceeded);
  request.order_discounts.clear();
  request.taxes.push_back(Percent(0));
  CHECK(ErrorOf(request).code == ErrorCode::kLimitExceeded);
}

TEST_CASE("Price: fields out of range are refused with their place", "[pricing][domain]") {
  const auto with = [](auto change) {
    PriceRequest request;
    request.taxes = {Percent(100'000)};
    request.lines = {Line(100, {0}), Line(100, {0})};
    request.order_discounts = {{}};
    change(request);
    return ErrorOf(request);
  };
  CHECK(with([](PriceRequest&) {}).ok());
  CHECK(with([](PriceRequest& r) { r.taxes[0].rate_ppm = kMaxRatePpm + 1; }).item == 0);
  CHECK(with([](PriceRequest& r) { r.taxes[0].rate_ppm = -1'000'001; }).item == 0);
  CHECK(with([](PriceRequest& r) { r.taxes[0].rate_ppm = -1'000'000; }).ok());
  CHECK(with([](PriceRequest& r) {
          r.taxes[0].inclusive = true;
          r.taxes[0].rate_ppm = -1;
        }).code == ErrorCode::kOutOfRange);
  CHECK(with([](PriceRequest& r) { r.taxes[0].amount_per_unit = -1; }).item == 0);
  CHECK(with([](PriceRequest& r) { r.order_discounts[0].amount = -1; }).item == 0);
  CHECK(with([](PriceRequest& r) { r.order_discounts[0].rate_ppm = 1'000'001; }).item == 0);
  CHECK(with([](PriceRequest& r) { r.lines[1].unit_price = kMaxAmount + 1; }).line == 1);
  CHECK(with([](PriceRequest& r) { r.lines[1].price_per = 0; }).line == 1);
  CHECK(with([](PriceRequest& r) { r.lines[1].price_per = kMaxPricePer + 1; }).line == 1);
  CHECK(with([](PriceRequest& r) { r.lines[1].quantity_milli = kMaxQuantityMilli + 1; }).code ==
        ErrorCode::kBadQuantity);
  CHECK(with([](PriceRequest& r) { r.lines[1].taxes = {-1}; }).code == ErrorCode::kBadTaxOrder);
  CHECK(with([](PriceRequest& r) { r.lines[1].taxes = {0, 0}; }).item == 1);
}

TEST_CASE("Price: amounts that do not fit are errors, never wrapped", "[pricing][domain]") {
  PriceRequest request;
  request.lines = {Line(kMaxAmount)};
  CHECK(ErrorOf(request).ok());
  request.lines[0].quantity_milli = 1'001;
  CHECK(ErrorOf(request).code == ErrorCode::kOverflow);
  // The lines fit, their sum does not.
  request.lines = {Line(kMaxAmount), Line(1)};
  CHECK(ErrorOf(request).code == ErrorCode::kOverflow);
  request.order_discounts = {{}};
  CHECK(ErrorOf(request).code == ErrorCode::kOverflow);
  // The net fits, with the tax it does not; at 1000 % the tax alone does not.
  for (const RoundingLevel level : {RoundingLevel::kPerLine, RoundingLevel::kPerRateGroup}) {
    request = {};
    request.policy.rounding_level = level;
    request.lines = {Line(kMaxAmount, {0})};
    request.taxes = {Percent(1)};
    CHECK(ErrorOf(request).code == ErrorCode::kOverflow);
    request.taxes = {Percent(kMaxRatePpm)};
    CHECK(ErrorOf(request).code == ErrorCode::kOverflow);
    request.taxes = {Percent(kMaxRatePpm, true)};
    CHECK(ErrorOf(request).ok());
  }
  // A deposit per unit times the largest quantity.
  request = {};
  request.lines = {Line(0, {0})};
  request.lines[0].quantity_milli = kMaxQuantityMilli;
  request.taxes = {Percent(0)};
  request.taxes[0].kind = TaxKind::kFixedPerUnit;
  request.taxes[0].amount_per_unit = kMaxAmount;
  CHECK(ErrorOf(request).code == ErrorCode::kOverflow);
}

TEST_CASE("Price: a compound tax on a base below zero is refused", "[pricing][domain]") {
  PriceRequest request;
  request.taxes = {Percent(-700'000), Percent(-700'000), Percent(100'000)};
  request.taxes[0].affects_base = request.taxes[1].affects_base = true;
  request.taxes[2].compound = true;
  request.lines = {Line(100, {0, 1, 2})};
  const Error error = ErrorOf(request);
  CHECK(error.code == ErrorCode::kOutOfRange);
  CHECK(error.item == 2);
}

TEST_CASE("Price: names of settings go there and back", "[pricing][domain]") {
  CHECK(ParseRoundingLevel(RoundingLevelName(RoundingLevel::kPerRateGroup)) ==
        RoundingLevel::kPerRateGroup);
  CHECK(ParseInclusiveRounding(InclusiveRoundingName(InclusiveRounding::kRoundNet)) ==
        InclusiveRounding::kRoundNet);
  CHECK(ParseDiscountOrder(DiscountOrderName(DiscountOrder::kLineFirst)) ==
        DiscountOrder::kLineFirst);
  CHECK(ParseTaxKind(TaxKindName(TaxKind::kExempt)) == TaxKind::kExempt);
  CHECK(ErrorName(ErrorCode::kReturnExceeds) == "RETURN_EXCEEDS_SOLD");
  CHECK_FALSE(ParseTaxKind("FLAT"));
}

}  // namespace cloudpos::pricing
