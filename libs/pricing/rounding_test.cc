#include "libs/pricing/rounding.h"

#include <catch2/catch.hpp>

#include "tests/support/random.h"

namespace cloudpos::pricing {
namespace {

constexpr RoundingMode kModes[] = {RoundingMode::kHalfUp, RoundingMode::kHalfEven,
                                   RoundingMode::kHalfDown, RoundingMode::kDown, RoundingMode::kUp};

// By search rather than by division: the whole numbers around n / d, chosen by the mode's words.
std::int64_t Expected(std::int64_t n, std::int64_t d, RoundingMode mode) {
  const std::int64_t size = n < 0 ? -n : n;
  std::int64_t low = 0;
  while ((low + 1) * d <= size) ++low;
  const std::int64_t twice = 2 * (size - low * d);
  bool up = false;
  if (mode == RoundingMode::kUp) up = twice > 0;
  if (mode == RoundingMode::kHalfUp) up = twice >= d;
  if (mode == RoundingMode::kHalfDown) up = twice > d;
  if (mode == RoundingMode::kHalfEven) up = twice > d || (twice == d && low % 2 == 1);
  const std::int64_t result = up ? low + 1 : low;
  return n < 0 ? -result : result;
}

}  // namespace

TEST_CASE("RoundDiv: every small fraction in every mode", "[pricing][domain]") {
  for (std::int64_t d = 1; d <= 12; ++d) {
    for (std::int64_t n = -60; n <= 60; ++n) {
      for (const RoundingMode mode : kModes) {
        REQUIRE(static_cast<std::int64_t>(RoundDiv(n, d, mode)) == Expected(n, d, mode));
      }
    }
  }
}

// The two paths, of 64 and of 128 bits, agree: scaling a fraction does not change its value.
TEST_CASE("RoundDiv: large fractions round as small ones", "[pricing][property][domain]") {
  testing::Random random(30);
  constexpr Int128 kScale = Int128{1} << 64;
  for (int i = 0; i < 100'000; ++i) {
    const Int128 n = random.Between(-(std::int64_t{1} << 60), std::int64_t{1} << 60);
    const Int128 d = random.Between(1, std::int64_t{1} << random.Between(0, 61));
    const RoundingMode mode = kModes[random.Index(5)];
    const bool same = RoundDiv(n * kScale, d * kScale, mode) == RoundDiv(n, d, mode);
    const bool symmetric = RoundDiv(-n, d, mode) == -RoundDiv(n, d, mode);
    REQUIRE(same);
    REQUIRE(symmetric);
  }
}

TEST_CASE("Rounding modes: names go there and back", "[pricing][domain]") {
  for (const RoundingMode mode : kModes) {
    CHECK(ParseRoundingMode(RoundingModeName(mode)) == mode);
  }
  CHECK_FALSE(ParseRoundingMode("half_up"));
  CHECK_FALSE(ParseRoundingMode(""));
}

}  // namespace cloudpos::pricing
