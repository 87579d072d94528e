// What a manager decides on entries that were set aside.

#include "services/transaction/quarantine_handler.h"

#include <catch2/catch.hpp>
#include <thread>

#include "cloudpos/auth/v1/events.pb.h"
#include "cloudpos/transaction/v1/events.pb.h"
#include "libs/base/error.h"
#include "services/transaction/consumers.h"
#include "services/transaction/feed.h"
#include "services/transaction/till_test.h"

namespace cloudpos::transaction {
namespace {

using common::v1::ErrorCode;
using common::v1::Permission;
using Result = v1::UploadResult;

testing::TestCall Manager(World& world) {
  testing::TestCall call(
      testing::ClaimsFor(world.tenant, {Permission::JOURNAL_RESOLVE, Permission::JOURNAL_UPLOAD},
                         {world.store}),
      Permission::JOURNAL_RESOLVE);
  call.until = std::max(call.until, world.clock.Now() + absl::Seconds(30));
  return call;
}

struct Office {
  explicit Office(World& w) : world(w), quarantine(w.checkout, w.ids) {}

  std::vector<v1::QuarantinedEntry> List(bool resolved_too = false, int page = 2) {
    v1::ListQuarantinedEntriesRequest request;
    request.set_store_id(world.store.ToString());
    request.set_page_size(page);
    request.set_include_resolved(resolved_too);
    std::vector<v1::QuarantinedEntry> all;
    do {
      testing::TestCall call = Manager(world);
      v1::ListQuarantinedEntriesResponse response;
      REQUIRE(quarantine.ListQuarantinedEntries(call, request, &response).ok());
      all.insert(all.end(), response.entries().begin(), response.entries().end());
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
    return all;
  }
  absl::StatusOr<v1::QuarantinedEntry> Release(const Till& till, int64_t n) {
    v1::ReleaseQuarantinedEntryRequest request;
    request.set_journal_id(till.journal.ToString());
    request.set_journal_no(n);
    testing::TestCall call = Manager(world);
    v1::ReleaseQuarantinedEntryResponse response;
    const absl::Status status = quarantine.ReleaseQuarantinedEntry(call, request, &response);
    if (!status.ok()) return status;
    return response.entry();
  }
  absl::StatusOr<v1::QuarantinedEntry> Dismiss(const Till& till, int64_t n,
                                               const std::string& reason) {
    v1::DismissQuarantinedEntryRequest request;
    request.set_journal_id(till.journal.ToString());
    request.set_journal_no(n);
    request.set_reason_code(reason);
    testing::TestCall call = Manager(world);
    v1::DismissQuarantinedEntryResponse response;
    const absl::Status status = quarantine.DismissQuarantinedEntry(call, request, &response);
    if (!status.ok()) return status;
    return response.entry();
  }

  World& world;
  QuarantineHandler quarantine;
};

bool IsSold(World& world, const std::string& id) {
  testing::TestCall call = world.Call();
  v1::GetSaleRequest request;
  request.set_sale_id(id);
  v1::GetSaleResponse response;
  return world.sales.GetSale(call, request, &response).ok();
}

/// A sale on a register that the server does not know.
int64_t SellUnknown(Till& till) {
  const Result result = till.UploadSale();
  CHECK(result.outcome() == Result::QUARANTINED);
  return result.journal_no();
}

/// What the feed says of the journal's entries, by number, in order.
std::vector<v1::JournalEntryRecorded> Told(World& world, bool snapshot) {
  events::FeedOptions options = FeedOptionsOf(world.worker_pool, world.clock);
  options.has_guard_thread = false;
  events::Feed feed(options);
  std::vector<v1::JournalEntryRecorded> told;
  const auto take = [&](const auto& events) {
    for (const events::Event& event : events) {
      if (event.aggregate_type() != "sale") continue;
      REQUIRE(told.emplace_back().ParseFromString(event.payload()));
    }
  };
  if (snapshot) {
    common::v1::SnapshotRequest request;
    request.set_consumer("test");
    REQUIRE(feed.Snapshot(request, base::SystemClock().Now() + absl::Seconds(10),
                          [&](const common::v1::SnapshotResponse& message) {
                            take(message.events());
                            return absl::OkStatus();
                          })
                .ok());
    return told;
  }
  constexpr pg::Query kRows{"test_rows", R"sql(
    SELECT count(*) AS events FROM outbox WHERE aggregate_type = 'sale')sql"};
  const auto rows = world.worker_pool.Exec({}, kRows);
  REQUIRE(rows.ok());
  const auto wanted = static_cast<size_t>((*rows)[0].Get<int64_t>("events"));
  common::v1::PullRequest pull;
  pull.set_consumer("test");
  // Other tests' transactions in the same cluster hold the horizon back for a while.
  const absl::Time end = base::SystemClock().Now() + absl::Seconds(20);
  while (told.size() < wanted && base::SystemClock().Now() < end) {
    common::v1::PullResponse page;
    REQUIRE(feed.Pull(pull, base::SystemClock().Now() + absl::Seconds(10), &page).ok());
    take(page.events());
    pull.set_cursor(page.cursor());
    if (page.events().empty()) absl::SleepFor(absl::Milliseconds(20));
  }
  CHECK(told.size() == wanted);
  return told;
}

}  // namespace

TEST_CASE("ListQuarantinedEntries: what waits, oldest first, with what it was", "[handler]") {
  World world;
  Office office(world);
  Till till(world, world.ids.NewId());
  for (int i = 0; i < 5; ++i) SellUnknown(till);
  const std::vector<v1::QuarantinedEntry> waiting = office.List();
  REQUIRE(waiting.size() == 5);
  for (int i = 0; i < 5; ++i) CHECK(waiting[static_cast<size_t>(i)].journal_no() == i + 1);
  const v1::QuarantinedEntry& first = waiting[0];
  CHECK(first.state() == v1::HELD);
  CHECK(first.reasons(0) == "UNKNOWN_REGISTER");
  CHECK(first.total_minor() == 648);
  CHECK(first.cash_minor() == 648);
  CHECK(first.kind() == "SALE");
  CHECK(first.entry().payload() == till.kept(1).payload);
  // One that names a store nobody knows is found where its device is.
  CHECK(till.UploadSale([&](journal::SaleEntry* e) { e->store = world.ids.NewId().ToString(); })
            .outcome() == Result::QUARANTINED);
  CHECK(office.List().size() == 6);
  testing::TestCall call = Manager(world);
  v1::ListQuarantinedEntriesRequest request;
  request.set_store_id(world.store.ToString());
  request.set_page_token("nonsense");
  v1::ListQuarantinedEntriesResponse response;
  CHECK(base::CodeOf(office.quarantine.ListQuarantinedEntries(call, request, &response)) ==
        ErrorCode::INVALID_PAGE_TOKEN);
}

TEST_CASE("ReleaseQuarantinedEntry: records the document once what was missing is known",
          "[handler]") {
  World world;
  Office office(world);
  Till till(world, world.ids.NewId());
  const int64_t n = SellUnknown(till);
  const absl::Status too_early = office.Release(till, n).status();
  CHECK(base::CodeOf(too_early) == ErrorCode::NOT_RELEASABLE);
  CHECK(base::InfoOf(too_early).data[0].second == "UNKNOWN_REGISTER");
  CHECK(Told(world, false).back().state() == v1::JournalEntryRecorded::QUARANTINED);
  CHECK(Told(world, true).back().state() == v1::JournalEntryRecorded::QUARANTINED);

  world.PutRegister(till.reg, "R9");
  const auto released = office.Release(till, n);
  INFO(released.status().ToString());
  REQUIRE(released.ok());
  CHECK(released->state() == v1::RELEASED);
  CHECK(IsSold(world, till.kept(n).entry.sale_id));
  CHECK(office.List().empty());
  CHECK(office.List(true).size() == 1);
  // It comes again, accepted; a rebuild sees it as it stands now.
  const auto told = Told(world, false);
  CHECK(told.size() == 2);
  CHECK(told.back().state() == v1::JournalEntryRecorded::ACCEPTED);
  CHECK(Told(world, true).size() == 1);
  CHECK(Told(world, true).back().state() == v1::JournalEntryRecorded::ACCEPTED);
  // Repeatable, and the only decision.
  CHECK(office.Release(till, n).ok());
  CHECK(Told(world, false).size() == 2);
  CHECK(base::CodeOf(office.Dismiss(till, n, "LOST").status()) == ErrorCode::NOT_RELEASABLE);
  // The journal goes on where it was.
  CHECK(till.UploadSale().outcome() == Result::RECORDED);
}

TEST_CASE("ReleaseQuarantinedEntry: a manager vouches, but cannot make sums right", "[handler]") {
  World world;
  Office office(world);
  Till till(world, world.reg);
  using E = journal::SaleEntry*;
  const auto held = [&](const Till::Change& change) {
    const Result result = till.UploadSale(change);
    CHECK(result.outcome() == Result::QUARANTINED);
    return result.journal_no();
  };
  const int64_t wrong = held([](E e) { e->totals.total += 1, e->grand_total += 1; });
  const int64_t numbers = held([](E e) { e->receipt_no += 3; });
  CHECK(base::CodeOf(office.Release(till, wrong).status()) == ErrorCode::NOT_RELEASABLE);
  CHECK(office.Release(till, numbers).ok());
  CHECK(IsSold(world, till.kept(numbers).entry.sale_id));

  till.revoked_at = world.clock.Now();
  till.Announce();
  world.clock.Advance(absl::Minutes(1));
  const int64_t late = till.Sell();
  testing::TestCall rescue(
      testing::ClaimsFor(world.tenant, {Permission::JOURNAL_UPLOAD}, {world.store}),
      Permission::JOURNAL_UPLOAD);
  rescue.until = world.clock.Now() + absl::Seconds(30);
  v1::UploadJournalResponse response;
  REQUIRE(till.uploads.UploadJournal(rescue, till.Request(late), &response).ok());
  CHECK(response.results(0).outcome() == Result::QUARANTINED);
  CHECK(office.Release(till, late).ok());
  CHECK(IsSold(world, till.kept(late).entry.sale_id));
}

TEST_CASE("DismissQuarantinedEntry: for good, with a reason, and on record", "[handler]") {
  World world;
  Office office(world);
  Till till(world, world.ids.NewId());
  const int64_t n = SellUnknown(till);
  CHECK(base::CodeOf(office.Dismiss(till, n, "").status()) == ErrorCode::REASON_REQUIRED);
  const auto dismissed = office.Dismiss(till, n, "TEST_SALE");
  REQUIRE(dismissed.ok());
  CHECK(dismissed->state() == v1::DISMISSED);
  CHECK(dismissed->resolution_reason() == "TEST_SALE");
  CHECK(office.Dismiss(till, n, "TEST_SALE").ok());
  CHECK(base::CodeOf(office.Dismiss(till, n, "OTHER").status()) == ErrorCode::NOT_RELEASABLE);
  world.PutRegister(till.reg, "R9");
  CHECK(base::CodeOf(office.Release(till, n).status()) == ErrorCode::NOT_RELEASABLE);
  CHECK_FALSE(IsSold(world, till.kept(n).entry.sale_id));
  constexpr pg::Query kAudit{"test_audit", R"sql(
    SELECT payload FROM outbox WHERE aggregate_type = 'audit')sql"};
  const auto rows = world.worker_pool.Exec({}, kAudit);
  REQUIRE(rows.ok());
  REQUIRE(rows->size() == 1);
  auth::v1::AuditRecorded audit;
  REQUIRE(audit.ParseFromString((*rows)[0].Get<pg::Bytes>("payload").value));
  CHECK(audit.action() == "journal.dismiss");
  CHECK(audit.after_json().find("TEST_SALE") != std::string::npos);
}

TEST_CASE("Quarantine: only who may, where they may, and nothing that was accepted", "[handler]") {
  World world;
  Office office(world);
  Till till(world, world.ids.NewId()), good(world, world.reg, "D2");
  const int64_t n = SellUnknown(till);
  CHECK(good.UploadSale().outcome() == Result::RECORDED);
  CHECK(base::CodeOf(office.Release(good, 1).status()) == ErrorCode::NOT_FOUND);
  CHECK(base::CodeOf(office.Release(till, n + 1).status()) == ErrorCode::NOT_FOUND);
  v1::ReleaseQuarantinedEntryRequest request;
  request.set_journal_id(till.journal.ToString());
  request.set_journal_no(n);
  v1::ReleaseQuarantinedEntryResponse response;
  const auto refused = [&](const base::Uuid& tenant, const base::Uuid& store, Permission right) {
    testing::TestCall call(testing::ClaimsFor(tenant, {right}, {store}),
                           Permission::JOURNAL_RESOLVE);
    return base::CodeOf(office.quarantine.ReleaseQuarantinedEntry(call, request, &response));
  };
  CHECK(refused(world.ids.NewId(), world.store, Permission::JOURNAL_RESOLVE) ==
        ErrorCode::NOT_FOUND);
  CHECK(refused(world.tenant, world.ids.NewId(), Permission::JOURNAL_RESOLVE) ==
        ErrorCode::NOT_FOUND);
  CHECK(refused(world.tenant, world.store, Permission::SALE_CREATE) ==
        ErrorCode::PERMISSION_DENIED);
}

TEST_CASE("ReleaseQuarantinedEntry: two managers at once record one document", "[handler]") {
  World world;
  Office office(world);
  Till till(world, world.ids.NewId());
  const int64_t n = SellUnknown(till);
  world.PutRegister(till.reg, "R9");
  std::vector<absl::Status> statuses(4);
  std::vector<std::thread> managers;
  for (absl::Status& status : statuses) {
    managers.emplace_back([&] { status = office.Release(till, n).status(); });
  }
  for (std::thread& manager : managers) manager.join();
  for (const absl::Status& status : statuses) {
    INFO(status.ToString());
    CHECK(status.ok());
  }
  CHECK(Told(world, false).size() == 2);
}

}  // namespace cloudpos::transaction
