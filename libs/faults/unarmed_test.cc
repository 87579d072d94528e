// What production is compiled with: constants.

#include <catch2/catch.hpp>

#include "libs/faults/faults.h"

namespace cloudpos {
namespace {

constexpr int kAnswer = 42;
static_assert(!SEEDED_BUG("wrong_change"));
static_assert(!FAIL_POINT_ERROR("T1.before"));
static_assert(SEEDED_SQL("blind", kAnswer, "a", "b") == kAnswer);
static_assert(CLOCK_SHIFT_SECONDS() == 0);

TEST_CASE("without CLOUDPOS_FAULTS there is nothing to reach", "[faults]") {
  FAIL_POINT("T1.before");
  FAIL_POINT_MEANWHILE("T1.before");
  SUCCEED("it compiled");
}

}  // namespace
}  // namespace cloudpos
