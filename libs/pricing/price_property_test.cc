// What holds for every basket: 100,000 generated ones for the sum rules, then order of lines,
// reuse, and the trace.
#include <algorithm>
#include <catch2/catch.hpp>
#include <numeric>

#include "libs/pricing/price.h"
#include "tests/support/price_rules.h"
#include "tests/support/random_basket.h"

namespace cloudpos::pricing {
namespace {

// What generated taxes may run into: a compound tax on a negative base (withholding twice), and
// three odd compound inclusive rates on top of an inclusive deposit, whose exact value needs more
// than 128 bits.
bool Refused(const Error& error) {
  return error.code == ErrorCode::kOutOfRange || error.code == ErrorCode::kOverflow;
}

}  // namespace

TEST_CASE("Price: sums hold for any basket", "[pricing][property][domain]") {
  testing::Random random(1);
  PriceResult result;
  int priced = 0;
  for (int i = 0; i < 100'000; ++i) {
    const PriceRequest request = RandomRequest(random);
    const Error error = Price(request, &result);
    if (Refused(error)) continue;
    ++priced;
    if (!error.ok()) FAIL("case " << i << ": " << ErrorName(error.code));
    for (const PricedLine& line : result.lines) {
      if (const std::string rule = LineRule(request, line); !rule.empty()) {
        FAIL("case " << i << ", line " << (&line - result.lines.data()) << ": " << rule);
      }
    }
    if (const std::string rule = DocumentRule(request, result); !rule.empty()) {
      FAIL("case " << i << ": " << rule);
    }
  }
  CHECK(priced > 95'000);
}

TEST_CASE("Price: a discount never takes more than is left or more than it says",
          "[pricing][property][domain]") {
  testing::Random random(2);
  PriceResult result;
  for (int i = 0; i < 20'000; ++i) {
    const PriceRequest request = RandomRequest(random, {.negative_taxes = false});
    if (Refused(Price(request, &result))) continue;
    for (std::size_t k = 0; k < request.order_discounts.size(); ++k) {
      const Discount& discount = request.order_discounts[k];
      if (discount.kind == Discount::Kind::kFixed) {
        REQUIRE(result.order_discounts[k] <= discount.amount);
      }
    }
    for (std::size_t l = 0; l < request.lines.size(); ++l) {
      for (const std::int64_t taken : result.lines[l].discounts) REQUIRE(taken >= 0);
      for (const std::int64_t share : result.lines[l].order_shares) REQUIRE(share >= 0);
      if (!request.lines[l].discountable) REQUIRE(result.lines[l].order_discount == 0);
    }
  }
}

// Without an order discount no line depends on another one per line, and per rate group the
// document's figures do not depend on the order of the lines. Ties of an allocation go to the
// lowest line, so what is computed on single shares (tax after an order discount, tax on the net of
// an inclusive group) may differ by a minor unit.
TEST_CASE("Price: the order of lines changes no sum", "[pricing][property][domain]") {
  testing::Random random(3);
  PriceResult before;
  PriceResult after;
  for (int i = 0; i < 100'000; ++i) {
    PriceRequest request = RandomRequest(random, {.order_discounts = random.OneIn(2)});
    for (Tax& tax : request.taxes) tax.compound = false;
    const Error error = Price(request, &before);
    REQUIRE(error.ok());
    std::vector<std::size_t> order(request.lines.size());
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), random.engine());
    PriceRequest shuffled = request;
    for (std::size_t k = 0; k < order.size(); ++k) shuffled.lines[k] = request.lines[order[k]];
    REQUIRE(Price(shuffled, &after).ok());

    REQUIRE(after.totals.gross == before.totals.gross);
    // Fixed line discounts between the order's are capped by single shares.
    if (request.policy.discount_order == DiscountOrder::kLineFirst) {
      REQUIRE(after.order_discounts == before.order_discounts);
      REQUIRE(after.totals.line_discount == before.totals.line_discount);
    }
    if (!request.order_discounts.empty()) continue;
    const bool per_line = request.policy.rounding_level == RoundingLevel::kPerLine;
    const auto inclusive = std::count_if(request.taxes.begin(), request.taxes.end(),
                                         [](const Tax& tax) { return tax.inclusive; });
    if (!per_line && inclusive != 0 && inclusive != std::ssize(request.taxes)) continue;
    REQUIRE(after.totals.net == before.totals.net);
    REQUIRE(after.totals.total == before.totals.total);
    for (std::size_t k = 0; k < before.taxes.size(); ++k) {
      REQUIRE(after.taxes[k].amount == before.taxes[k].amount);
    }
    if (!per_line) continue;
    for (std::size_t k = 0; k < order.size(); ++k) {
      REQUIRE(after.lines[k].total == before.lines[order[k]].total);
    }
  }
}

TEST_CASE("Price: neither a reused result nor a trace changes an answer",
          "[pricing][property][domain]") {
  testing::Random random(4);
  PriceResult reused;
  for (int i = 0; i < 10'000; ++i) {
    const PriceRequest request = RandomRequest(random, {.negative_taxes = false});
    PriceResult fresh;
    Trace trace;
    const Error error = Price(request, &reused);
    REQUIRE(Price(request, &fresh, &trace).code == error.code);
    if (Refused(error)) continue;
    REQUIRE(fresh.totals.total == reused.totals.total);
    REQUIRE(fresh.taxes.size() == reused.taxes.size());
    REQUIRE(fresh.lines.size() == reused.lines.size());
    for (std::size_t l = 0; l < fresh.lines.size(); ++l) {
      REQUIRE(fresh.lines[l].order_shares == reused.lines[l].order_shares);
      REQUIRE(fresh.lines[l].net == reused.lines[l].net);
      REQUIRE(fresh.lines[l].total == reused.lines[l].total);
    }
    for (const TraceStep& step : trace) REQUIRE_FALSE(Explain(step, 2).empty());
  }
}

TEST_CASE("Price: exact values stay within one minor unit of their results",
          "[pricing][property][domain]") {
  testing::Random random(5);
  PriceResult result;
  for (int i = 0; i < 10'000; ++i) {
    Trace trace;
    const PriceRequest request = RandomRequest(random, {.negative_taxes = false});
    if (Refused(Price(request, &result, &trace))) continue;
    for (const TraceStep& step : trace) {
      if (step.capped) continue;
      const Int128 distance = step.numerator - step.denominator * step.result;
      const bool near = distance < step.denominator && -distance < step.denominator;
      INFO(Explain(step, 2));
      REQUIRE(near);
    }
  }
}

}  // namespace cloudpos::pricing
