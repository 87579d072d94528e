// Levels are compared with their ledger, a little of it at a time.

#include "services/inventory/checks.h"

#include <chrono>

#include "services/inventory/test_world.h"

namespace cloudpos::inventory {
namespace {

using H = StockHandler;

}  // namespace

TEST_CASE("LevelCheck: finds a level that is not its ledger's sum", "[inventory][store]") {
  World world;
  const std::string mug = NewVariant(world, "MUG");
  world.Do(world.stock, &H::AdjustStock, NewAdjustment(world, mug, 1'000));
  constexpr pg::Query kSpoil{"test_spoil", "UPDATE inventory.stock_levels SET on_hand_milli = 1"};
  LevelCheck check(world.worker);
  const auto before = check.Run(base::SystemClock().Now() + absl::Seconds(10));
  World::Require(before.status());
  CHECK(*before == 0);
  World::Require(world.admin.Exec({}, kSpoil).status());
  for (int round = 0; round < 2; ++round) {  // and again from the start
    const auto wrong = check.Run(base::SystemClock().Now() + absl::Seconds(10));
    World::Require(wrong.status());
    CHECK(*wrong == 1);
  }
}

TEST_CASE("LevelCheck: a run that has no more time leaves the rest to the next",
          "[inventory][store]") {
  World world;
  const std::string mug = NewVariant(world, "MUG");
  world.Do(world.stock, &H::AdjustStock, NewAdjustment(world, mug, 1'000));
  constexpr pg::Query kAddWrong{"test_add_wrong", R"sql(
    INSERT INTO inventory.stock_levels
      (tenant_id, location_id, variant_id, on_hand_milli, updated_at)
    SELECT tenant_id, location_id, gen_random_uuid(), 7, now()
    FROM inventory.stock_levels, generate_series(1, 3))sql"};
  World::Require(world.admin.Exec({}, kAddWrong).status());
  const absl::Time deadline = base::SystemClock().Now() + absl::Seconds(30);
  LevelCheck hurried(world.worker, std::chrono::milliseconds(0));
  int64_t found = 0;
  for (int level = 0; level < 4; ++level) {
    const auto wrong = hurried.Run(deadline);
    World::Require(wrong.status());
    CHECK(*wrong <= 1);
    found += *wrong;
  }
  CHECK(found == 3);
  LevelCheck patient(world.worker, std::chrono::seconds(30));
  const auto wrong = patient.Run(deadline);
  World::Require(wrong.status());
  CHECK(*wrong == 3);
}

TEST_CASE("The ledger: what a level is compared with is added up from an index alone",
          "[inventory][store]") {
  World world;
  constexpr pg::Query kOnlyIndexes{"test_only_indexes", R"sql(
    SELECT set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true)
    )sql"};
  constexpr pg::Query kExplain{"test_explain", R"sql(
    EXPLAIN SELECT sum(m.quantity_milli)
    FROM inventory.stock_levels AS l JOIN inventory.stock_movements AS m
      ON m.tenant_id = l.tenant_id AND m.variant_id = l.variant_id
        AND m.location_id = l.location_id
    WHERE l.tenant_id = gen_random_uuid())sql"};
  std::string plan;
  World::Require(pg::Transact(world.admin, {}, [&](pg::Tx& tx) -> absl::Status {
    World::Require(tx.Exec(kOnlyIndexes).status());
    const auto lines = tx.Exec(kExplain);
    World::Require(lines.status());
    for (const pg::Row line : *lines) plan += line.Get<std::string>("QUERY PLAN") + "\n";
    return absl::OkStatus();
  }));
  INFO(plan);
  CHECK(plan.find("Index Only Scan using stock_movements_ledger_idx") != std::string::npos);
}

}  // namespace cloudpos::inventory
