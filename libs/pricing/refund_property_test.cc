// Any way of returning a line gives back the same, and all of it exactly what was paid.
#include <algorithm>
#include <catch2/catch.hpp>

#include "libs/pricing/refund.h"
#include "tests/support/random_basket.h"

namespace cloudpos::pricing {
namespace {

SoldLine SoldOf(const PriceRequest& request, const PriceResult& result, std::size_t index) {
  const PricedLine& line = result.lines[index];
  SoldLine sold{
      request.lines[index].quantity_milli, line.gross, line.line_discount, line.order_discount, {}};
  for (const LineTax& tax : line.taxes) {
    sold.taxes.push_back({tax.amount, request.taxes[static_cast<std::size_t>(tax.tax)].inclusive});
  }
  return sold;
}

void AddTo(const RefundedLine& part, RefundedLine* sum) {
  sum->gross += part.gross;
  sum->line_discount += part.line_discount;
  sum->order_discount += part.order_discount;
  sum->amount += part.amount;
  sum->net += part.net;
  sum->tax += part.tax;
  sum->total += part.total;
  sum->taxes.resize(part.taxes.size());
  for (std::size_t k = 0; k < part.taxes.size(); ++k) sum->taxes[k] += part.taxes[k];
}

bool Same(const RefundedLine& a, const RefundedLine& b) {
  return a.gross == b.gross && a.line_discount == b.line_discount &&
         a.order_discount == b.order_discount && a.amount == b.amount && a.net == b.net &&
         a.tax == b.tax && a.total == b.total && a.taxes == b.taxes;
}

// The formula of features 5.5 as it is written there.
std::int64_t MoneyBack(const SoldLine& sold, std::int64_t from, std::int64_t to) {
  const auto part = [&](std::int64_t x) {
    const auto f = [&](std::int64_t b) {
      return RoundDiv(static_cast<Int128>(x) * b, sold.quantity_milli, RoundingMode::kHalfUp);
    };
    return static_cast<std::int64_t>(f(to) - f(from));
  };
  std::int64_t back = part(sold.gross) - part(sold.line_discount + sold.order_discount);
  for (const SoldTax& tax : sold.taxes) back += tax.inclusive ? 0 : part(tax.amount);
  return back;
}

// Whether 5.5's formula and ours must agree: no discount, or parts of whole gross (see refund.h).
bool Comparable(const SoldLine& sold, std::int64_t from, std::int64_t to) {
  const auto whole = [&](std::int64_t b) {
    return static_cast<Int128>(sold.gross) * b % sold.quantity_milli == 0;
  };
  return sold.line_discount + sold.order_discount == 0 || (whole(from) && whole(to));
}

// Returns `sold` piece by piece. `step`: quantities are multiples of it.
void ReturnInPieces(testing::Random& random, const SoldLine& sold, std::int64_t step,
                    RefundedLine* sum) {
  std::int64_t returned = 0;
  while (returned < sold.quantity_milli) {
    const std::int64_t left = (sold.quantity_milli - returned) / step;
    const std::int64_t quantity = random.Between(1, std::min<std::int64_t>(left, 4)) * step;
    RefundedLine part;
    REQUIRE(Refund(sold, returned, quantity, &part).ok());
    REQUIRE(part.total >= 0);
    REQUIRE(part.amount == part.gross - part.line_discount - part.order_discount);
    REQUIRE(part.total == part.net + part.tax);
    if (Comparable(sold, returned, returned + quantity)) {
      REQUIRE(part.total == MoneyBack(sold, returned, returned + quantity));
    }
    AddTo(part, sum);
    returned += quantity;
    // Everything up to here at once.
    RefundedLine whole;
    REQUIRE(Refund(sold, 0, returned, &whole).ok());
    REQUIRE(Same(*sum, whole));
  }
}

}  // namespace

TEST_CASE("Refund: path independent, never negative, all of it exactly what was paid",
          "[pricing][property][domain]") {
  testing::Random random(10);
  PriceResult result;
  int lines = 0;
  for (int i = 0; lines < 100'000; ++i) {
    const PriceRequest request = RandomRequest(random, {.negative_taxes = false});
    if (!Price(request, &result).ok()) continue;  // see price_property_test.cc
    for (std::size_t l = 0; l < request.lines.size(); ++l, ++lines) {
      const SoldLine sold = SoldOf(request, result, l);
      RefundedLine sum;
      const bool units = sold.quantity_milli % 1'000 == 0;
      const std::int64_t piece = std::max<std::int64_t>(1, sold.quantity_milli / 8);
      if (units) {
        ReturnInPieces(random, sold, 1'000, &sum);
      } else {
        RefundedLine part;
        REQUIRE(Refund(sold, 0, piece, &sum).ok());
        if (piece < sold.quantity_milli) {
          REQUIRE(Refund(sold, piece, sold.quantity_milli - piece, &part).ok());
          REQUIRE(part.total >= 0);
          AddTo(part, &sum);
        }
      }
      REQUIRE(sum.gross == sold.gross);
      REQUIRE(sum.line_discount == sold.line_discount);
      REQUIRE(sum.order_discount == sold.order_discount);
      REQUIRE(sum.total == result.lines[l].total);
      REQUIRE(sum.tax == result.lines[l].tax);
    }
  }
}

TEST_CASE("Refund: parts worth less than a minor unit never cost the customer money",
          "[pricing][domain]") {
  // 5.5's formula says -1 for the second quarter of this line.
  const SoldLine sold{4'000, 2, 1, 0, {}};
  REQUIRE(MoneyBack(sold, 1'000, 2'000) == -1);
  std::int64_t sum = 0;
  for (std::int64_t returned = 0; returned < 4'000; returned += 1'000) {
    RefundedLine part;
    REQUIRE(Refund(sold, returned, 1'000, &part).ok());
    CHECK(part.total >= 0);
    sum += part.total;
  }
  CHECK(sum == 1);
}

TEST_CASE("Refund: refuses what was not sold", "[pricing][domain]") {
  const SoldLine sold{2'000, 200, 10, 10, {{18, false}}};
  RefundedLine part;
  CHECK(Refund(sold, 1'000, 1'000, &part).ok());
  CHECK(Refund(sold, 1'000, 1'001, &part).code == ErrorCode::kReturnExceeds);
  CHECK(Refund(sold, 2'001, 1, &part).code == ErrorCode::kReturnExceeds);
  CHECK(Refund(sold, 0, 0, &part).code == ErrorCode::kBadQuantity);
  CHECK(Refund(sold, -1, 1, &part).code == ErrorCode::kBadQuantity);
  CHECK(Refund({2'000, 10, 6, 5, {}}, 0, 1, &part).code == ErrorCode::kOutOfRange);
  CHECK(Refund({2'000, -10, 0, 0, {}}, 0, 1, &part).code == ErrorCode::kOutOfRange);
}

}  // namespace cloudpos::pricing
