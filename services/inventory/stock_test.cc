// Stock: entries of the journals, adjustments, lists.

#include <algorithm>
#include <atomic>
#include <thread>

#include "services/inventory/checks.h"
#include "services/inventory/test_world.h"

namespace cloudpos::inventory {
namespace {

using H = StockHandler;

/// Journal entries as the transaction service sends them.
struct Journals {
  explicit Journals(World* w) : world(w) {}

  journal::SaleEntry Sale(int64_t number, const std::string& variant, int64_t milli) {
    journal::SaleEntry entry;
    entry.tenant = world->tenant.ToString();
    entry.store = world->store.ToString();
    entry.register_id = world->ids.NewId().ToString();
    entry.journal = journal;
    entry.sale_id = world->ids.NewId().ToString();
    entry.kind = journal::kKindSale;
    entry.currency = "GBP";
    entry.business_date = entry.posting_date = "2026-01-05";
    entry.generation = 1;
    entry.n = number;
    entry.occurred_at_us = absl::ToUnixMicros(world->clock.Now());
    entry.operator_id = world->ids.NewId().ToString();
    AddLine(&entry, variant, milli);
    return entry;
  }
  static void AddLine(journal::SaleEntry* entry, const std::string& variant, int64_t milli,
                      const std::string& disposition = {}) {
    journal::EntryLine line;
    line.line_no = static_cast<int64_t>(entry->lines.size()) + 1;
    line.variant_id = variant;
    line.sku = "SKU";
    line.quantity_milli = milli;
    line.stocked = true;
    line.disposition = disposition;
    line.product_id = variant;
    entry->lines.push_back(line);
  }
  static events::Event EventOf(const journal::SaleEntry& entry,
                               const transaction::v1::JournalEntryRecorded& besides = {}) {
    transaction::v1::JournalEntryRecorded recorded = besides;
    const journal::Error error = journal::EncodeEntry(entry, recorded.mutable_entry());
    REQUIRE(error.ok());
    events::Event event;
    event.set_tenant_id(entry.tenant);
    event.set_event_type(recorded.GetTypeName());
    event.set_payload(recorded.SerializeAsString());
    return event;
  }
  absl::Status Apply(const std::vector<events::Event>& batch) {
    return pg::Transact(world->worker, {},
                        [&](pg::Tx& tx) { return ApplyEntries(tx, batch, world->clock.Now()); });
  }
  void Apply(const journal::SaleEntry& entry) { World::Require(Apply({EventOf(entry)})); }

  World* world;
  std::string journal = base::RandomIdSource().NewId().ToString();
};

std::vector<v1::StockLevel> Levels(World& world, const std::string& variant = {}) {
  v1::ListStockLevelsRequest request;
  request.set_store_id(world.store.ToString());
  request.set_variant_id(variant);
  const auto response = world.Do(world.stock, &H::ListStockLevels, request);
  return {response.levels().begin(), response.levels().end()};
}

int64_t OnHand(World& world, const std::string& variant, v1::LocationKind kind = v1::SALES_FLOOR) {
  for (const auto& level : Levels(world, variant)) {
    if (level.location_kind() == kind) return level.on_hand_milli();
  }
  return 0;
}

void CheckLevels(World& world) {
  LevelCheck check(world.worker);
  const auto wrong = check.Run(base::SystemClock().Now() + absl::Seconds(10));
  World::Require(wrong.status());
  CHECK(*wrong == 0);
}

}  // namespace

TEST_CASE("Entries: a sale takes away, a return brings back to its place", "[inventory][store]") {
  World world;
  Journals journals(&world);
  const std::string mug = NewVariant(world, "MUG");
  journals.Apply(journals.Sale(1, mug, 3'000));
  CHECK(OnHand(world, mug) == -3'000);
  CHECK(Levels(world, mug).at(0).available_milli() == -3'000);
  journal::SaleEntry back = journals.Sale(2, mug, 1'000);
  back.kind = journal::kKindReturn;
  back.lines[0].disposition = "RESTOCK";
  back.lines[0].return_reason = "UNWANTED";
  Journals::AddLine(&back, mug, 500, "DAMAGED");
  Journals::AddLine(&back, mug, 250, "TO_VENDOR");
  journals.Apply(back);
  CHECK(OnHand(world, mug) == -2'000);
  CHECK(OnHand(world, mug, v1::DAMAGED) == 500);
  CHECK(OnHand(world, mug, v1::TO_VENDOR) == 250);
  for (const auto& level : Levels(world, mug)) {
    if (level.location_kind() != v1::SALES_FLOOR) CHECK(level.available_milli() == 0);
  }
  CheckLevels(world);

  v1::ListStockMovementsRequest request;
  request.set_variant_id(mug);
  const auto ledger = world.Do(world.stock, &H::ListStockMovements, request);
  REQUIRE(ledger.movements_size() == 4);
  int64_t sum = 0;
  for (const auto& movement : ledger.movements()) {
    sum += movement.quantity_milli();
    CHECK_FALSE(movement.actor_id().empty());
    if (movement.kind() == v1::SALE) CHECK(movement.quantity_milli() == -3'000);
  }
  CHECK(sum == -3'000 + 1'750);
}

TEST_CASE("Entries: one that was set aside is seen and moves nothing until it is released",
          "[inventory][store]") {
  World world;
  Journals journals(&world);
  const std::string mug = NewVariant(world, "MUG");
  transaction::v1::JournalEntryRecorded held, believed;
  held.set_state(transaction::v1::JournalEntryRecorded::QUARANTINED);
  believed.set_state(transaction::v1::JournalEntryRecorded::ACCEPTED);
  believed.set_believed_at_us(absl::ToUnixMicros(world.clock.Now()));
  const journal::SaleEntry first = journals.Sale(1, mug, 1'000);
  journal::SaleEntry unreadable = journals.Sale(2, mug, 1'000);
  unreadable.lines[0].variant_id = "x";  // why it was set aside
  journal::SaleEntry ahead = journals.Sale(3, mug, 1'000);
  ahead.occurred_at_us += 1'000'000'000'000;
  World::Require(
      journals.Apply({Journals::EventOf(first, held), Journals::EventOf(unreadable, held),
                      Journals::EventOf(ahead, believed)}));
  CHECK(OnHand(world, mug) == -1'000);
  CHECK(world.Number("SELECT contiguous_to AS n FROM inventory.journal_progress") == 3);
  CHECK(world.Number("SELECT count(*) AS n FROM inventory.stock_movements WHERE occurred_at > "
                     "now() + interval '1 day'") == 0);
  for (int i = 0; i < 2; ++i) journals.Apply(first);  // released, and told again
  CHECK(OnHand(world, mug) == -2'000);
  // An old event of it, read again, takes nothing back.
  World::Require(journals.Apply({Journals::EventOf(first, held)}));
  CHECK(OnHand(world, mug) == -2'000);
  CHECK(world.Number("SELECT contiguous_to AS n FROM inventory.journal_progress") == 3);
  CheckLevels(world);
}

TEST_CASE("Entries: what is not stocked, training and other kinds move nothing",
          "[inventory][store]") {
  World world;
  Journals journals(&world);
  const std::string mug = NewVariant(world, "MUG");
  journal::SaleEntry unstocked = journals.Sale(1, mug, 1'000);
  unstocked.lines[0].stocked = false;
  journals.Apply(unstocked);
  journal::SaleEntry training = journals.Sale(2, mug, 1'000);
  training.training = true;
  journals.Apply(training);
  journal::SaleEntry abandoned = journals.Sale(3, mug, 1'000);
  abandoned.kind = journal::kKindAbandoned;
  abandoned.lines.clear();
  journals.Apply(abandoned);
  CHECK(Levels(world).size() == 0);
  // A variant nobody knows still moves: it happened.
  journals.Apply(journals.Sale(4, world.ids.NewId().ToString(), 1'000));
  CHECK(Levels(world).size() == 1);
  CHECK(world.Number("SELECT contiguous_to AS n FROM inventory.journal_progress") == 4);
}

TEST_CASE("Entries: duplicates count once, in one batch and in many", "[inventory][store]") {
  World world;
  Journals journals(&world);
  const std::string mug = NewVariant(world, "MUG");
  std::vector<events::Event> batch;
  for (int64_t n = 1; n <= 100; ++n) {
    batch.push_back(Journals::EventOf(journals.Sale(n, mug, 1'000)));
  }
  std::vector<events::Event> twice = batch;
  twice.insert(twice.end(), batch.begin(), batch.end());
  World::Require(journals.Apply(twice));
  std::reverse(batch.begin(), batch.end());
  World::Require(journals.Apply(batch));
  CHECK(OnHand(world, mug) == -100'000);
  CHECK(world.Number("SELECT count(*) AS n FROM inventory.stock_movements") == 100);
  CHECK(world.Number("SELECT contiguous_to AS n FROM inventory.journal_progress") == 100);
  CheckLevels(world);
}

TEST_CASE("Entries: two consumers and adjustments at once, levels stay the ledger's sum",
          "[inventory][store]") {
  World world;
  Journals journals(&world);
  std::vector<std::string> variants;
  for (int i = 0; i < 5; ++i) variants.push_back(NewVariant(world, std::to_string(i)));
  std::vector<std::vector<events::Event>> batches(20);
  int64_t number = 0;
  for (auto& batch : batches) {
    for (int i = 0; i < 10; ++i) {
      journal::SaleEntry sale = journals.Sale(++number, variants[0], 1'000);
      for (size_t v = 1; v < 5; ++v) {
        Journals::AddLine(&sale, variants[(v * 3 + static_cast<size_t>(i)) % 5], 1'000);
      }
      batch.push_back(Journals::EventOf(sale));
    }
  }
  std::atomic<int> failed{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&] {
      for (const auto& batch : batches) {
        if (!journals.Apply(batch).ok()) ++failed;
      }
    });
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) {
        v1::AdjustStockRequest request = NewAdjustment(world, variants[4], 1'000);
        *request.add_lines() = request.lines(0);
        request.mutable_lines(1)->set_variant_id(variants[0]);
        testing::TestCall call = world.Call();
        v1::StockAdjustment response;
        if (!world.stock.AdjustStock(call, request, &response).ok()) ++failed;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(failed == 0);
  CHECK(world.Number("SELECT (-sum(quantity_milli))::int8 AS n FROM inventory.stock_movements "
                     "WHERE kind = 1") == 20 * 10 * 5 * 1'000);
  CHECK(world.Number("SELECT sum(on_hand_milli)::int8 AS n FROM inventory.stock_levels") ==
        -1'000'000 + 2 * 20 * 2 * 1'000);
  CheckLevels(world);
}

TEST_CASE("Entries: another tenant's entry in an event is refused", "[inventory][store]") {
  World world;
  Journals journals(&world);
  events::Event event = Journals::EventOf(journals.Sale(1, world.ids.NewId().ToString(), 1));
  event.set_tenant_id(world.ids.NewId().ToString());
  CHECK_FALSE(journals.Apply({event}).ok());
  event.set_payload("nonsense");
  CHECK_FALSE(journals.Apply({event}).ok());
}

TEST_CASE("JournalCheck: a gap counts when it persists", "[inventory][store]") {
  World world;
  Journals journals(&world);
  const std::string mug = NewVariant(world, "MUG");
  const auto journal = *base::Uuid::Parse(journals.journal);
  int64_t head = 0;
  JournalCheck check(world.worker, [&](const std::string&, absl::Time) {
    return absl::StatusOr<JournalHeads>(
        {.heads = {{.journal = {world.tenant, journal}, .number = head}}, .next_page_token = ""});
  });
  const auto gaps = [&check] {
    const auto found = check.Run(base::SystemClock().Now() + absl::Seconds(10));
    World::Require(found.status());
    return *found;
  };
  journals.Apply(journals.Sale(1, mug, 1));
  head = 1;
  CHECK(gaps() == 0);
  CHECK(gaps() == 0);
  head = 4;
  CHECK(gaps() == 0);  // may be on its way
  journals.Apply(journals.Sale(3, mug, 1));
  journals.Apply(journals.Sale(4, mug, 1));
  CHECK(gaps() == 1);  // 2 is missing
  journals.Apply(journals.Sale(2, mug, 1));
  CHECK(gaps() == 0);
  CHECK(world.Number("SELECT contiguous_to AS n FROM inventory.journal_progress") == 4);
}

TEST_CASE("AdjustStock: moves, tells, keeps its time and answers a repeat the same",
          "[inventory][handler]") {
  World world;
  const std::string mug = NewVariant(world, "MUG");
  v1::AdjustStockRequest request = NewAdjustment(world, mug, -10'000);
  request.mutable_occurred_at()->set_seconds(1'291'205'520);  // 2010-12-01
  request.set_note("broken in transit");
  const v1::StockAdjustment first = world.Do(world.stock, &H::AdjustStock, request);
  CHECK(first.occurred_at().seconds() == 1'291'205'520);
  CHECK(first.location_id() == LocationId(world.store, LocationKind::kSalesFloor).ToString());
  CHECK(OnHand(world, mug) == -10'000);
  world.clock.Advance(absl::Hours(1));
  testing::TestCall call = world.Call();
  v1::StockAdjustment second;
  World::Require(world.stock.AdjustStock(call, request, &second));
  CHECK(call.is_replayed);
  CHECK(second.recorded_at().seconds() == first.recorded_at().seconds());
  CHECK(second.actor_id() == first.actor_id());
  CHECK(OnHand(world, mug) == -10'000);
  request.mutable_lines(0)->set_quantity_milli(-1);
  CHECK(world.Refused(world.stock, &H::AdjustStock, request) == ErrorCode::IDEMPOTENCY_MISMATCH);
  CHECK(world.Number("SELECT count(*) AS n FROM inventory.outbox WHERE event_type = "
                     "'cloudpos.inventory.v1.StockAdjusted'") == 1);
  CHECK(world.Number("SELECT count(*) AS n FROM inventory.outbox WHERE event_type = "
                     "'cloudpos.auth.v1.AuditRecorded'") == 2);
  CheckLevels(world);
}

TEST_CASE("AdjustStock: parallel repeats of one id move once", "[inventory][store]") {
  World world;
  const std::string mug = NewVariant(world, "MUG");
  const v1::AdjustStockRequest request = NewAdjustment(world, mug, 5'000);
  std::atomic<int> fine{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      testing::TestCall call = world.Call();
      v1::StockAdjustment response;
      if (world.stock.AdjustStock(call, request, &response).ok()) ++fine;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(fine == 8);
  CHECK(OnHand(world, mug) == 5'000);
}

TEST_CASE("AdjustStock: refusals", "[inventory][handler]") {
  World world;
  const std::string mug = NewVariant(world, "MUG");
  const auto refused = [&](const std::function<void(v1::AdjustStockRequest*)>& change) {
    v1::AdjustStockRequest request = NewAdjustment(world, mug, 1'000);
    change(&request);
    return world.Refused(world.stock, &H::AdjustStock, request);
  };
  using R = v1::AdjustStockRequest*;
  CHECK(refused([](R r) { r->set_adjustment_id("1"); }) == ErrorCode::INVALID_ARGUMENT);
  CHECK(refused([](R r) { r->clear_reason_code(); }) == ErrorCode::REASON_REQUIRED);
  CHECK(refused([](R r) { r->set_reason_code("oops"); }) == ErrorCode::INVALID_ARGUMENT);
  CHECK(refused([](R r) { r->clear_lines(); }) == ErrorCode::FIELD_REQUIRED);
  CHECK(refused([](R r) { r->mutable_lines(0)->set_quantity_milli(0); }) ==
        ErrorCode::OUT_OF_RANGE);
  CHECK(refused([](R r) { r->mutable_occurred_at()->set_seconds(4'000'000'000); }) ==
        ErrorCode::OUT_OF_RANGE);
  CHECK(refused([&](R r) { r->set_store_id(world.ids.NewId().ToString()); }) ==
        ErrorCode::NOT_FOUND);
  CHECK(refused([&](R r) {
          r->set_location_id(LocationId(world.other_store, LocationKind::kSalesFloor).ToString());
        }) == ErrorCode::NOT_FOUND);
  CHECK(refused([&](R r) { r->mutable_lines(0)->set_variant_id(world.store.ToString()); }) ==
        ErrorCode::UNKNOWN_VARIANT);
  CHECK(world.Number("SELECT count(*) AS n FROM inventory.stock_adjustments") == 0);
}

TEST_CASE("ListStockLevels: only the caller's stores, in pages", "[inventory][handler]") {
  World world;
  for (int i = 0; i < 5; ++i) {
    world.Do(world.stock, &H::AdjustStock,
             NewAdjustment(world, NewVariant(world, std::to_string(i)), 1'000));
  }
  v1::ListStockLevelsRequest request;
  request.set_page_size(2);
  int seen = 0;
  do {
    const auto page = world.Do(world.stock, &H::ListStockLevels, request);
    seen += page.levels_size();
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  CHECK(seen == 5);
  testing::TestCall limited(
      testing::ClaimsFor(world.tenant, {common::v1::STOCK_READ}, {world.other_store}));
  v1::ListStockLevelsResponse response;
  request.set_page_size(0);
  World::Require(world.stock.ListStockLevels(limited, request, &response));
  CHECK(response.levels_size() == 0);
  request.set_store_id(world.store.ToString());
  CHECK(base::CodeOf(world.stock.ListStockLevels(limited, request, &response)) ==
        ErrorCode::NOT_FOUND);
  request.set_store_id(world.ids.NewId().ToString());
  CHECK(world.Refused(world.stock, &H::ListStockLevels, request) == ErrorCode::NOT_FOUND);
}

TEST_CASE("ListStockMovements: newest first, in pages, by store", "[inventory][handler]") {
  World world;
  const std::string mug = NewVariant(world, "MUG");
  for (int i = 1; i <= 5; ++i) {
    world.clock.Advance(absl::Seconds(1));
    world.Do(world.stock, &H::AdjustStock, NewAdjustment(world, mug, i));
  }
  v1::ListStockMovementsRequest request;
  CHECK(world.Refused(world.stock, &H::ListStockMovements, request) == ErrorCode::FIELD_REQUIRED);
  request.set_store_id(world.store.ToString());
  request.set_page_size(2);
  std::vector<int64_t> seen;
  do {
    const auto page = world.Do(world.stock, &H::ListStockMovements, request);
    for (const auto& movement : page.movements()) seen.push_back(movement.quantity_milli());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  CHECK(seen == std::vector<int64_t>{5, 4, 3, 2, 1});
  v1::ListStockLocationsRequest places;
  places.set_store_id(world.store.ToString());
  const auto locations = world.Do(world.stock, &H::ListStockLocations, places);
  REQUIRE(locations.locations_size() == 1);
  CHECK(locations.locations(0).kind() == v1::SALES_FLOOR);
}

TEST_CASE("The ledger cannot be changed by the service's roles", "[inventory][store]") {
  World world;
  const std::string mug = NewVariant(world, "MUG");
  world.Do(world.stock, &H::AdjustStock, NewAdjustment(world, mug, 1'000));
  constexpr pg::Query kUpdate{"test_update", "UPDATE stock_movements SET quantity_milli = 1"};
  constexpr pg::Query kDelete{"test_delete", "DELETE FROM stock_movements"};
  for (pg::Pool* pool : {&world.pool, &world.worker}) {
    for (const pg::Query& query : {kUpdate, kDelete}) {
      CHECK(pg::SqlStateOf(pool->Exec({.tenant = world.tenant}, query).status()) == "42501");
    }
  }
}

}  // namespace cloudpos::inventory
