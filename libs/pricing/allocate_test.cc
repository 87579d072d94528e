#include "libs/pricing/allocate.h"

#include <catch2/catch.hpp>
#include <numeric>
#include <vector>

#include "tests/support/random.h"

namespace cloudpos::pricing {
namespace {

std::vector<std::int64_t> Shares(std::int64_t total, const std::vector<std::int64_t>& weights) {
  std::vector<std::int64_t> shares(weights.size());
  REQUIRE(Allocate(total, weights, shares).ok());
  return shares;
}

}  // namespace

TEST_CASE("Allocate: ties go to the lowest index, signs are kept", "[pricing][domain]") {
  using Amounts = std::vector<std::int64_t>;
  CHECK(Shares(2, {1, 1, 1}) == Amounts{1, 1, 0});
  CHECK(Shares(-2, {1, 1, 1}) == Amounts{-1, -1, 0});
  CHECK(Shares(0, {3, 4}) == Amounts{0, 0});
  CHECK(Shares(5, {0, 1}) == Amounts{0, 5});
  CHECK(Shares(kMaxAmount, {kMaxAmount, kMaxAmount}) ==
        Amounts{kMaxAmount / 2 + 1, kMaxAmount / 2});
  CHECK(Shares(7, {}).empty());
}

TEST_CASE("Allocate: refuses what is no amount", "[pricing][domain]") {
  std::vector<std::int64_t> shares(2);
  const std::vector<std::int64_t> negative = {1, -1};
  const std::vector<std::int64_t> three = {1, 1, 1};
  const std::vector<std::int64_t> two = {1, 1};
  CHECK(Allocate(1, negative, shares).line == 1);
  CHECK(Allocate(1, three, shares).code == ErrorCode::kOutOfRange);
  CHECK(Allocate(kMaxAmount + 1, two, shares).code == ErrorCode::kOutOfRange);
}

TEST_CASE("Allocate: adds up, each share within one of its exact part, order free but for ties",
          "[pricing][property][domain]") {
  testing::Random random(20);
  for (int i = 0; i < 100'000; ++i) {
    std::vector<std::int64_t> weights(static_cast<std::size_t>(random.Between(1, 40)));
    std::int64_t sum = 0;
    for (std::int64_t& weight : weights) sum += weight = random.Between(0, 5'000);
    const std::int64_t total = random.Between(-sum, sum);
    const std::vector<std::int64_t> shares = Shares(total, weights);
    REQUIRE(std::accumulate(shares.begin(), shares.end(), std::int64_t{0}) == total);
    if (sum == 0) continue;
    for (std::size_t k = 0; k < shares.size(); ++k) {
      const std::int64_t off = shares[k] * sum - total * weights[k];
      REQUIRE(off < sum);
      REQUIRE(-off < sum);
      REQUIRE(std::abs(shares[k]) <= weights[k]);
    }
  }
}

}  // namespace cloudpos::pricing
