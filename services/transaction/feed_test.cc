// What the others get to hear: the feed's events and the snapshot, and the export.

#include "services/transaction/feed.h"

#include <catch2/catch.hpp>

#include "cloudpos/transaction/v1/events.pb.h"
#include "libs/base/encoding.h"
#include "libs/journal/chain.h"
#include "libs/journal/entry.h"
#include "libs/journal/export.h"
#include "libs/token/device_jwk.h"
#include "libs/token/device_key.h"
#include "libs/token/token.h"
#include "services/transaction/journal_handler.h"
#include "services/transaction/till_test.h"
#include "services/transaction/world_test.h"

namespace cloudpos::transaction {
namespace {

v1::Sale Sell(World& world, const v1::CreateSaleRequest& request) {
  testing::TestCall call = world.Call();
  v1::CreateSaleResponse response;
  REQUIRE(world.sales.CreateSale(call, request, &response).ok());
  return response.sale();
}

/// The entry an event carries; its hash must be the chain's.
journal::SaleEntry EntryOf(const events::Event& event) {
  v1::JournalEntryRecorded recorded;
  REQUIRE(recorded.ParseFromString(event.payload()));
  CHECK(recorded.hash().size() == 32);
  journal::SaleEntry entry;
  REQUIRE(journal::ParseEntry(recorded.entry(), &entry).ok());
  if (entry.n == 1) {
    const journal::Hash hash = journal::ChainHash(1, journal::kGenesis, recorded.entry());
    CHECK(recorded.hash() == std::string(reinterpret_cast<const char*>(hash.data()), hash.size()));
  }
  return entry;
}

/// A basket whose entry is of any wanted size.
v1::CreateSaleRequest BigBasket(World& world, int lines) {
  v1::CreateSaleRequest request = world.BasketSale();
  request.clear_lines();
  for (int i = 0; i < lines; ++i) {
    v1::SaleLineInput* line = request.add_lines();
    line->set_variant_id(world.post.ToString());
    line->set_quantity_milli(1000);
  }
  request.mutable_tenders(0)->set_amount_minor(400 * lines);
  return request;
}

}  // namespace

TEST_CASE("Feed: a page holds each sale once with its entry, whatever its size", "[store]") {
  World world;
  events::FeedOptions options = FeedOptionsOf(world.worker_pool, world.clock);
  options.has_guard_thread = false;
  events::Feed feed(options);
  std::vector<std::string> sold;
  for (const int lines : {1, 40, 2000})
    sold.push_back(Sell(world, BigBasket(world, lines)).sale_id());
  std::vector<std::string> seen;
  common::v1::PullRequest pull;
  pull.set_consumer("test");
  // Other tests' transactions in the same cluster hold the horizon back for a while.
  const absl::Time end = base::SystemClock().Now() + absl::Seconds(20);
  while (seen.size() < sold.size() && base::SystemClock().Now() < end) {
    common::v1::PullResponse response;
    REQUIRE(feed.Pull(pull, base::SystemClock().Now() + absl::Seconds(10), &response).ok());
    for (const events::Event& event : response.events()) {
      const journal::SaleEntry entry = EntryOf(event);
      CHECK(entry.sale_id == event.aggregate_id());
      seen.push_back(entry.sale_id);
    }
    pull.set_cursor(response.cursor());
    if (response.events().empty()) absl::SleepFor(absl::Milliseconds(20));
  }
  CHECK(seen == sold);
}

TEST_CASE("Feed: a row that points nowhere goes out as it is, and all others with it", "[store]") {
  World world;
  std::vector<std::string> wanted = {Sell(world, world.BasketSale()).sale_id()};
  constexpr pg::Query kInsert{"test_insert_outbox", R"sql(
    INSERT INTO outbox (event_id, tenant_id, aggregate_type, aggregate_id, event_type, payload)
    VALUES (gen_random_uuid(), $1, $2, $3, 'x', $4))sql"};
  const std::pair<const char*, std::string> bad[] = {
      {"poison", "\xff"}, {"sale", "\xff"}, {"sale", std::string(24, '\1')}, {"sale", ""}};
  for (const auto& [type, payload] : bad) {
    wanted.push_back(world.ids.NewId().ToString());
    REQUIRE(
        world.worker_pool.Exec({}, kInsert, world.tenant, type, wanted.back(), pg::Bytes{payload})
            .ok());
  }
  wanted.push_back(Sell(world, world.BasketSale()).sale_id());
  events::FeedOptions options = FeedOptionsOf(world.worker_pool, world.clock);
  options.has_guard_thread = false;
  events::Feed feed(options);
  std::vector<std::string> seen;
  common::v1::PullRequest pull;
  pull.set_consumer("test");
  const absl::Time end = base::SystemClock().Now() + absl::Seconds(20);
  while (seen.size() < wanted.size() && base::SystemClock().Now() < end) {
    common::v1::PullResponse response;
    REQUIRE(feed.Pull(pull, base::SystemClock().Now() + absl::Seconds(10), &response).ok());
    for (const events::Event& event : response.events()) {
      seen.push_back(event.aggregate_id());
      if (event.event_type() == "x") continue;
      CHECK(EntryOf(event).sale_id == event.aggregate_id());
    }
    pull.set_cursor(response.cursor());
    if (response.events().empty()) absl::SleepFor(absl::Milliseconds(20));
  }
  CHECK(seen == wanted);
}

TEST_CASE("Feed: the snapshot holds every entry of every journal", "[store]") {
  World world;
  for (int i = 0; i < 3; ++i) {
    Sell(world, world.BasketSale());
    Sell(world, world.BasketSale(world.other_reg));
  }
  events::FeedOptions options = FeedOptionsOf(world.worker_pool, world.clock);
  options.has_guard_thread = false;
  events::Feed feed(options);
  int entries = 0;
  common::v1::SnapshotRequest request;
  request.set_consumer("test");
  const absl::Status status =
      feed.Snapshot(request, base::SystemClock().Now() + absl::Seconds(10),
                    [&entries](const common::v1::SnapshotResponse& message) {
                      for (const events::Event& event : message.events()) {
                        EntryOf(event);
                        ++entries;
                      }
                      return absl::OkStatus();
                    });
  INFO(status.ToString());
  CHECK(status.ok());
  CHECK(entries == 6);
}

TEST_CASE("Feed: where a register's clock was not believed, page and snapshot tell what counts",
          "[store]") {
  World world;
  Till till(world, world.reg);
  const absl::Time now = world.clock.Now();
  for (const absl::Time at : {now + absl::Hours(24 * 365), now}) {
    till.UploadSale(
        [at](journal::SaleEntry* entry) { entry->occurred_at_us = absl::ToUnixMicros(at); });
  }
  events::FeedOptions options = FeedOptionsOf(world.worker_pool, world.clock);
  options.has_guard_thread = false;
  events::Feed feed(options);
  const absl::Time deadline = base::SystemClock().Now() + absl::Seconds(20);
  common::v1::PullRequest pull;
  pull.set_consumer("test");
  common::v1::PullResponse page;
  while (page.events_size() < 2 && base::SystemClock().Now() < deadline) {
    page.Clear();
    REQUIRE(feed.Pull(pull, deadline, &page).ok());
  }
  std::vector<events::Event> told(page.events().begin(), page.events().end());
  REQUIRE(told.size() == 2);
  common::v1::SnapshotRequest request;
  request.set_consumer("test");
  REQUIRE(feed.Snapshot(request, deadline,
                        [&told](const common::v1::SnapshotResponse& message) {
                          told.insert(told.end(), message.events().begin(), message.events().end());
                          return absl::OkStatus();
                        })
              .ok());
  REQUIRE(told.size() == 4);
  for (size_t i = 0; i < told.size(); ++i) {
    v1::JournalEntryRecorded event;
    REQUIRE(event.ParseFromString(told[i].payload()));
    INFO(event.ShortDebugString());
    CHECK(event.state() == v1::JournalEntryRecorded::ACCEPTED);
    CHECK(event.believed_at_us() == (i % 2 == 0 ? absl::ToUnixMicros(now) : 0));
    CHECK(event.believed_date().empty() == (i % 2 == 1));
  }
}

TEST_CASE("ExportJournal: carries the devices' signatures, which their keys verify", "[handler]") {
  World world;
  Till till(world, world.reg);
  for (int i = 0; i < 3; ++i) till.Sell();
  till.Upload();
  const auto signer = token::Signer::FromPem(token::GenerateKeyPem());
  REQUIRE(signer.ok());
  JournalHandler handler(world.pool, world.worker_pool, *signer, world.checkout);
  testing::TestCall call = world.Call();
  v1::ExportJournalRequest request;
  request.set_journal_id(till.journal.ToString());
  common::v1::RawBody body, keys;
  REQUIRE(handler.ExportJournal(call, request, &body).ok());
  v1::GetDeviceKeysRequest which;
  which.set_store_id(world.store.ToString());
  REQUIRE(handler.GetDeviceKeys(call, which, &keys).ok());
  const auto points = token::ParseP256Jwks(keys.data());
  REQUIRE(points.ok());
  journal::VerifyOptions options;
  options.check_entry = [&](std::string_view key, std::string_view message,
                            std::string_view signature) {
    const auto point = points->find(std::string(key));
    return point != points->end() && token::VerifyP256(point->second, message, signature);
  };
  const journal::VerifyReport report = journal::VerifyExport(body.data(), options);
  INFO(report.reason);
  CHECK(report.ok());
  CHECK(report.entry_signatures_checked == 3);
}

TEST_CASE("ExportJournal: verifies whole and in parts, and names a changed record", "[handler]") {
  World world;
  std::string journal_id;
  for (int i = 0; i < 5; ++i) journal_id = Sell(world, world.BasketSale()).journal_id();
  const auto signer = token::Signer::FromPem(token::GenerateKeyPem());
  REQUIRE(signer.ok());
  JournalHandler handler(world.pool, world.worker_pool, *signer, world.checkout);
  for (const int64_t from : {1, 3}) {
    v1::ExportJournalRequest request;
    request.set_journal_id(journal_id);
    request.set_from_no(from);
    testing::TestCall call = world.Call();
    common::v1::RawBody body;
    REQUIRE(handler.ExportJournal(call, request, &body).ok());
    const journal::VerifyReport report = journal::VerifyExport(body.data(), {});
    INFO(report.reason);
    CHECK(report.ok());
    CHECK(report.entries == 6 - from);
    std::string changed = body.data();
    changed[changed.find("\"total\":648") + 8] = '7';
    const journal::VerifyReport bad = journal::VerifyExport(changed, {});
    CHECK_FALSE(bad.ok());
    CHECK(bad.line == 1);
  }
}

}  // namespace cloudpos::transaction
