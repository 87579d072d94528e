#include "libs/events/payload.h"

#include <catch2/catch.hpp>

#include "cloudpos/common/v1/money.pb.h"

namespace cloudpos::events {
namespace {

using common::v1::Money;

TEST_CASE("Payload: what was written is read, other bytes are data loss", "[events]") {
  Money money;
  money.set_currency_code("GBP");
  money.set_minor_units(1250);
  common::v1::Event event;
  event.set_event_type(TypeOf<Money>());
  event.set_payload(money.SerializeAsString());

  CHECK(event.event_type() == "cloudpos.common.v1.Money");
  CHECK(Is<Money>(event));
  CHECK_FALSE(Is<common::v1::Event>(event));
  CHECK(TypesOf<Money, common::v1::Event>() ==
        std::vector<std::string>{"cloudpos.common.v1.Money", "cloudpos.common.v1.Event"});
  const auto read = Payload<Money>(event);
  REQUIRE(read.ok());
  CHECK(read->minor_units() == 1250);

  event.set_payload("\xff");
  CHECK(Payload<Money>(event).status().code() == absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace cloudpos::events
