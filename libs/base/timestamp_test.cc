#include "libs/base/timestamp.h"

#include <catch2/catch.hpp>

namespace cloudpos::base {
namespace {

TEST_CASE("SetTime: microseconds, also before 1970", "[base]") {
  google::protobuf::Timestamp message;
  SetTime(absl::FromUnixMicros(1'500'001), &message);
  CHECK(message.seconds() == 1);
  CHECK(message.nanos() == 500'001'000);

  SetTime(absl::FromUnixMicros(-1), &message);
  CHECK(message.seconds() == -1);
  CHECK(message.nanos() == 999'999'000);
}

}  // namespace
}  // namespace cloudpos::base
