#include "services/inventory/domain/movements.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

namespace cloudpos::inventory {

TEST_CASE("See: the numbers in any order close every gap", "[inventory][domain]") {
  std::vector<int64_t> numbers;
  for (int64_t n = 1; n <= 200; ++n) numbers.push_back(n);
  std::mt19937 random(7);
  for (int round = 0; round < 50; ++round) {
    std::shuffle(numbers.begin(), numbers.end(), random);
    JournalProgress progress;
    for (const int64_t number : numbers) {
      See(progress, number);
      See(progress, number);  // twice is once
      CHECK(std::is_sorted(progress.ahead.begin(), progress.ahead.end()));
    }
    CHECK(progress.contiguous_to == 200);
    CHECK(progress.ahead.empty());
  }
}

TEST_CASE("See: a missing number holds it back", "[inventory][domain]") {
  JournalProgress progress;
  for (const int64_t number : {1, 2, 4, 5}) See(progress, number);
  CHECK(progress.contiguous_to == 2);
  CHECK(progress.ahead == std::vector<int64_t>{4, 5});
  See(progress, 3);
  CHECK(progress.contiguous_to == 5);
}

TEST_CASE("See: what is kept ahead is limited, and the missing one still joins",
          "[inventory][domain]") {
  JournalProgress progress;
  for (int64_t n = 2; n < 2 * static_cast<int64_t>(kAheadMax); ++n) See(progress, n);
  CHECK(progress.ahead.size() == kAheadMax);
  See(progress, 1);
  CHECK(progress.contiguous_to == static_cast<int64_t>(kAheadMax) + 1);
}

TEST_CASE("LocationId: one of each kind per store, always the same", "[inventory][domain]") {
  const base::Uuid store = *base::Uuid::Parse("0190a000-0000-7000-8000-00000000000a");
  const base::Uuid other = *base::Uuid::Parse("0190a000-0000-7000-8000-00000000000b");
  CHECK(LocationId(store, LocationKind::kDamaged) == LocationId(store, LocationKind::kDamaged));
  CHECK(LocationId(store, LocationKind::kDamaged) != LocationId(store, LocationKind::kToVendor));
  CHECK(LocationId(store, LocationKind::kDamaged) != LocationId(other, LocationKind::kDamaged));
}

}  // namespace cloudpos::inventory
