#include "libs/events/audit.h"

#include <catch2/catch.hpp>

#include "cloudpos/auth/v1/events.pb.h"
#include "cloudpos/common/v1/money.pb.h"
#include "libs/events/payload.h"
#include "libs/testing/call_context.h"

namespace cloudpos::events {
namespace {

TEST_CASE("AuditEvent: says who did what to what, and when to the microsecond", "[events]") {
  base::RandomIdSource ids;
  const base::Uuid tenant = ids.NewId(), audit_id = ids.NewId();
  testing::TestCall call(testing::ClaimsFor(tenant, {}));
  common::v1::Money after;
  after.set_currency_code("GBP");
  const NewEvent made = AuditEvent(call, "inventory", audit_id, absl::FromUnixMicros(1'500'001),
                                   {.action = "thing.create",
                                    .subject_type = "thing",
                                    .subject_id = "7",
                                    .after_json = AuditJson(after)});

  CHECK(made.event_id == audit_id);
  CHECK(made.tenant == tenant);
  CHECK(made.event_type == TypeOf<auth::v1::AuditRecorded>());
  auth::v1::AuditRecorded row;
  REQUIRE(row.ParseFromString(made.payload));
  CHECK(row.service() == "inventory");
  CHECK(row.actor_id() == call.subject().ToString());
  CHECK(row.session_id() == call.claims().session.ToString());
  CHECK(row.occurred_at().nanos() == 500'001'000);
  CHECK(row.before_json().empty());
  CHECK(row.after_json() == R"({"currencyCode":"GBP"})");
}

}  // namespace
}  // namespace cloudpos::events
