#include "libs/pricing/tender.h"

#include <catch2/catch.hpp>

#include "tests/support/random.h"

namespace cloudpos::pricing {
namespace {

constexpr Tender Cash(std::int64_t amount) { return {true, amount}; }
constexpr Tender Card(std::int64_t amount) { return {false, amount}; }

Settlement Settled(std::int64_t total, std::vector<Tender> tenders, const CashRounding& rounding) {
  Settlement settlement;
  REQUIRE(Settle(total, tenders, rounding, &settlement).ok());
  return settlement;
}

Error ErrorOf(std::int64_t total, std::vector<Tender> tenders, bool refund = false) {
  Settlement ignored;
  return refund ? SettleRefund(total, tenders, {}, &ignored) : Settle(total, tenders, {}, &ignored);
}

}  // namespace

TEST_CASE("Settle: nothing due needs no tender and takes none", "[pricing][domain]") {
  CHECK(Settled(0, {}, {}).complete());
  CHECK(Settled(0, {Cash(0)}, {}).complete());
  CHECK(ErrorOf(0, {Cash(1)}).code == ErrorCode::kOverTender);
  CHECK(ErrorOf(100, {Card(100), Cash(5)}).line == 1);
}

TEST_CASE("Settle: a rest below half a coin closes with no cash", "[pricing][domain]") {
  const Settlement s = Settled(102, {Card(100), Cash(0)}, {.increment = 5});
  CHECK(s.complete());
  CHECK(s.rounding == -2);
  CHECK(s.cash_moved == 0);
}

TEST_CASE("Settle: a surplus that coins cannot express is rounded, too", "[pricing][domain]") {
  const Settlement s = Settled(100, {Cash(203)}, {.increment = 5});
  CHECK(s.change == 105);
  CHECK(s.rounding == -2);
  CHECK(s.cash_moved == 98);
}

TEST_CASE("Settle: cash between the due and the rounded due leaves nothing due",
          "[pricing][domain]") {
  const Settlement s = Settled(103, {Cash(104)}, {.increment = 5});
  CHECK(s.complete());
  CHECK(s.change == 0);
  CHECK(s.rounding == 1);
  CHECK(s.cash_moved == 104);
  CHECK(ErrorOf(103, {Cash(104), Card(1)}).line == 1);
}

TEST_CASE("Settle: change is never more than what was handed over", "[pricing][domain]") {
  const Settlement s = Settled(2, {Cash(3)}, {.increment = 5});
  CHECK(s.complete());
  CHECK(s.change == 3);
  CHECK(s.cash_moved == 0);
}

TEST_CASE("SettleRefund: cash names the rest, the rounded rest, or less", "[pricing][domain]") {
  const CashRounding five{.increment = 5};
  for (const std::int64_t amount : {1572, 1570}) {
    Settlement s;
    REQUIRE(SettleRefund(1572, std::vector{Cash(amount)}, five, &s).ok());
    CHECK(s.complete());
    CHECK(s.cash_moved == 1570);
    CHECK(s.rounding == -2);
  }
  Settlement part;
  REQUIRE(SettleRefund(1572, std::vector{Cash(1000), Card(572)}, five, &part).ok());
  CHECK(part.complete());
  CHECK(part.rounding == 0);
  CHECK(ErrorOf(1572, {Cash(1573)}, true).code == ErrorCode::kOverTender);
  CHECK(ErrorOf(1572, {Card(1573)}, true).code == ErrorCode::kOverTender);
}

TEST_CASE("SettleRefund: the payout has a mode of its own", "[pricing][domain]") {
  const CashRounding up{.increment = 100, .payout_mode = RoundingMode::kUp};
  Settlement s;
  REQUIRE(SettleRefund(110, std::vector{Cash(110)}, up, &s).ok());
  CHECK(s.cash_moved == 200);
}

TEST_CASE("Settle: refuses what is no amount or too much of it", "[pricing][domain]") {
  CHECK(ErrorOf(-1, {}).code == ErrorCode::kOutOfRange);
  CHECK(ErrorOf(kMaxAmount + 1, {}).code == ErrorCode::kOutOfRange);
  CHECK(ErrorOf(10, {Cash(-1)}).line == 0);
  CHECK(ErrorOf(10, std::vector<Tender>(65, Cash(0))).code == ErrorCode::kLimitExceeded);
  Settlement ignored;
  CHECK(Settle(10, {}, {.increment = 0}, &ignored).code == ErrorCode::kOutOfRange);
}

TEST_CASE("Settle: money that moved is what was due, rounded", "[pricing][property][domain]") {
  testing::Random random(50);
  constexpr std::int64_t kIncrements[] = {1, 5, 10, 50, 100};
  for (int i = 0; i < 50'000; ++i) {
    CashRounding rounding{.increment = kIncrements[random.Index(5)]};
    rounding.due_mode = static_cast<RoundingMode>(random.Between(0, 4));
    rounding.payout_mode = static_cast<RoundingMode>(random.Between(0, 4));
    const std::int64_t total = random.Between(1, 20'000);
    std::vector<Tender> tenders;
    const std::int64_t card = random.OneIn(2) ? random.Between(1, total) : 0;
    if (card > 0) tenders.push_back(Card(card));
    if (card < total) tenders.push_back(Cash(random.Between(0, 2 * total)));
    const Settlement s = Settled(total, tenders, rounding);
    std::int64_t applied = 0;
    std::int64_t moved = 0;
    for (const SettledTender& tender : s.tenders) {
      applied += tender.applied;
      moved += tender.tendered - tender.change;
      REQUIRE(tender.change >= 0);
      REQUIRE(tender.tendered - tender.change == tender.applied + tender.rounding);
    }
    REQUIRE(applied + s.due_left == total);
    REQUIRE(moved == total - s.due_left + s.rounding);
    REQUIRE(std::abs(s.rounding) < 2 * rounding.increment);
    if (s.complete() && s.cash_moved > 0 && tenders.back().amount % rounding.increment == 0) {
      REQUIRE(s.cash_moved % rounding.increment == 0);
    }
  }
}

}  // namespace cloudpos::pricing
