// Two sets: a rebuild from zero gives the same figures and takes the place of the live one at once.

#include "services/reporting/rebuild.h"

#include "catch2/catch.hpp"
#include "services/reporting/sets.h"
#include "services/reporting/test_world.h"

namespace cloudpos::reporting {
namespace {

using journal::kKindReturn;
using journal::kKindSale;

constexpr pg::Query kSelectState{"test_select_state",
                                 "SELECT string_agg(state, ',' ORDER BY set_id) AS states "
                                 "FROM report_sets"};
constexpr pg::Query kSelectNames{"test_select_names",
                                 "SELECT string_agg(name, ',' ORDER BY name) AS names "
                                 "FROM consumer_cursors"};
constexpr pg::Query kCountRows{"test_count_rows",
                               "SELECT (SELECT count(*) FROM fact_sales WHERE set_id = $1) + "
                               "(SELECT count(*) FROM rollup_days WHERE set_id = $1) AS total"};

RebuildOptions OptionsOf(World& world) {
  return {.auth = world.auth,
          .inventory = world.inventory,
          .transaction = world.transaction,
          .worker_pool = &world.worker,
          .clock = &world.clock,
          .ids = &world.ids,
          .pause = std::chrono::milliseconds(1)};
}

std::string Text(World& world, const pg::Query& query, const char* column) {
  const auto rows = world.worker.Exec({}, query);
  REQUIRE(rows.ok());
  return (*rows)[0].Get<std::string>(column);
}

int64_t RowsOf(World& world, int set) {
  const auto rows = world.worker.Exec({}, kCountRows, set);
  REQUIRE(rows.ok());
  return (*rows)[0].Get<int64_t>("total");
}

/// Every answer of every report, without as_of.
std::string Everything(World& world) {
  std::string all = world.Daily("2026-01-01", "2026-12-31").SerializeAsString();
  for (const auto grouping : {v1::DAY, v1::HOUR_OF_DAY, v1::STORE, v1::REGISTER, v1::STAFF,
                              v1::PRODUCT, v1::CATEGORY, v1::CUSTOMER}) {
    v1::GetSalesReportRequest request;
    request.set_from("2026-01-01");
    request.set_to("2026-12-31");
    request.set_group_by(grouping);
    v1::GetSalesReportResponse response;
    testing::TestCall call = world.Call();
    REQUIRE(world.handler.GetSalesReport(call, request, &response).ok());
    response.clear_as_of();
    all += response.SerializeAsString();
  }
  v1::GetTaxReportRequest request;
  request.set_from("2026-01-01");
  request.set_to("2026-12-31");
  v1::GetTaxReportResponse taxes;
  testing::TestCall call = world.Call();
  REQUIRE(world.handler.GetTaxReport(call, request, &taxes).ok());
  taxes.clear_as_of();
  v1::GetDashboardResponse board;
  REQUIRE(world.handler.GetDashboard(call, {}, &board).ok());
  board.clear_as_of();
  return all + taxes.SerializeAsString() + board.SerializeAsString();
}

void Fill(World& world, int documents) {
  for (int i = 0; i < documents; ++i) {
    if (i % 3 == 0) world.product = world.AddProduct("P" + std::to_string(i));
    journal::SaleEntry entry =
        world.Entry(i % 5 == 4 ? kKindReturn : kKindSale,
                    "2026-0" + std::to_string(1 + i % 6) + "-15", 100 + i, 1 + i % 4);
    world.AddLine(&entry, 33, 1, i % 2 * 50'000);
    world.Record(entry);
    if (i % 4 == 0) world.Adjust(world.store, world.clock.Now() + absl::Hours(7 * i), {-i, 2});
  }
}

TEST_CASE("Rebuild: drop and rebuild gives byte-equal figures", "[reporting][store]") {
  World world;
  Fill(world, 30);
  world.CatchUp();
  // The zone changed after corrections were made: they are dated by what it is now, in both sets.
  world.ChangeStore(world.store, 2, "Leeds 2", "Pacific/Kiritimati", 300);
  world.CatchUp();
  const std::string before = Everything(world);
  const int64_t rows = RowsOf(world, 1);
  REQUIRE(rows == 36);  // 30 documents on six days
  REQUIRE(Rebuild(OptionsOf(world)).ok());
  CHECK(Text(world, kSelectState, "states") == "IDLE,LIVE");
  CHECK(RowsOf(world, 1) == 0);
  CHECK(RowsOf(world, 2) == rows);
  CHECK(Everything(world) == before);
  REQUIRE(Rebuild(OptionsOf(world)).ok());
  CHECK(Text(world, kSelectState, "states") == "LIVE,IDLE");
  CHECK(Everything(world) == before);
}

TEST_CASE("Rebuild: the live consumers go on with the new set", "[reporting][store]") {
  World world;
  Fill(world, 10);
  world.CatchUp();
  // Sold while the snapshot is read: not in the old set yet, in the new one by the pulls.
  world.transaction->in_snapshot = [&world] {
    world.transaction->in_snapshot = nullptr;
    world.Record(world.Entry(kKindSale, "2026-01-20", 900, 1));
    world.CatchUp();
  };
  REQUIRE(Rebuild(OptionsOf(world)).ok());
  CHECK(Text(world, kSelectNames, "names") == "auth,inventory,transaction");
  CHECK(world.Daily("2026-01-20", "2026-01-20").days(0).sales_minor() == 1080);
  world.Record(world.Entry(kKindSale, "2026-01-21", 900, 1));
  world.CatchUp();
  CHECK(world.Daily("2026-01-21", "2026-01-21").days(0).sales_minor() == 1080);
  const std::string live = Everything(world);
  REQUIRE(Rebuild(OptionsOf(world)).ok());
  CHECK(Everything(world) == live);
}

TEST_CASE("Rebuild: a producer that is away for a while is waited for", "[reporting][store]") {
  World world;
  Fill(world, 10);
  world.CatchUp();
  const std::string before = Everything(world);
  world.auth->snapshot_failures = 1;
  world.transaction->snapshot_failures = 3;
  world.transaction->pull_failures = 2;
  const absl::Status status = Rebuild(OptionsOf(world));
  INFO(status.ToString());
  CHECK(status.ok());
  CHECK(world.transaction->snapshot_failures + world.transaction->pull_failures == 0);
  CHECK(Text(world, kSelectState, "states") == "IDLE,LIVE");
  CHECK(Everything(world) == before);
  // For ever is too long.
  world.inventory->snapshot_failures = 1000;
  CHECK(absl::IsUnavailable(Rebuild(OptionsOf(world))));
  CHECK(Everything(world) == before);
}

TEST_CASE("Rebuild: one that died is taken over, and the live set is untouched",
          "[reporting][store]") {
  World world;
  Fill(world, 6);
  world.CatchUp();
  const std::string before = Everything(world);
  const base::Uuid dead = world.ids.NewId();
  REQUIRE(BeginBuild(world.worker, dead).ok());
  Consumers::Options options = world.ConsumerOptions();
  options.target = {.build_id = dead};
  Consumers half(options);
  REQUIRE(half.CatchUp(base::SystemClock().Now() + absl::Seconds(20)).ok());
  CHECK(Everything(world) == before);

  REQUIRE(Rebuild(OptionsOf(world)).ok());
  CHECK(Everything(world) == before);
  // The old builder wakes up: it can neither write nor switch, and parks nothing.
  world.Record(world.Entry(kKindSale, "2026-02-01", 100, 1));
  CHECK_FALSE(half.CatchUp(base::SystemClock().Now() + absl::Seconds(20)).ok());
  CHECK_FALSE(FinishBuild(world.worker, dead).ok());
  CHECK(Text(world, kSelectState, "states") == "IDLE,LIVE");
  CHECK(RowsOf(world, 1) == 0);
}

TEST_CASE("Rebuild: an entry that cannot be read is parked in the new set, too",
          "[reporting][store]") {
  World world;
  Fill(world, 3);
  transaction::v1::JournalEntryRecorded bad;
  bad.set_entry("{}");
  world.transaction->Add(world.tenant, "sale", world.ids.NewId().ToString(), bad);
  world.Record(world.Entry(kKindSale, "2026-03-01", 100, 1));
  world.CatchUp();
  const std::string before = Everything(world);
  constexpr pg::Query kParked{"test_parked",
                              "SELECT string_agg(cursor_name, ',') AS names FROM dead_letter"};
  CHECK(Text(world, kParked, "names") == "transaction");
  REQUIRE(Rebuild(OptionsOf(world)).ok());
  CHECK(Text(world, kParked, "names") == "transaction");
  CHECK(Everything(world) == before);
}

}  // namespace
}  // namespace cloudpos::reporting
