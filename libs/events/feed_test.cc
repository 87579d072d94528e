#include <future>

#include "libs/events/test_world.h"

namespace cloudpos::events {
namespace {

using base::ErrorCode;

ErrorCode CodeOfPull(Shop& shop, const std::string& cursor) {
  return base::CodeOf(shop.Pull(cursor).status());
}

}  // namespace

TEST_CASE("ShardOf: equals the SQL function", "[events][store]") {
  Shop shop;
  for (int i = 0; i < 200; ++i) {
    const base::Uuid tenant([] {
      std::array<uint8_t, 16> b;
      auto s = base::RandomBytes(16);
      std::copy(s.begin(), s.end(), b.begin());
      return b;
    }());
    const pg::Result rows = Value(
        shop.worker_->Exec({}, {"test_shard", "SELECT shard_of($1::uuid)::int AS shard"}, tenant));
    REQUIRE(rows[0].Get<int32_t>("shard") == ShardOf(tenant));
  }
}

TEST_CASE("Append: the event arrives as it was written", "[events][store]") {
  Shop shop;
  NewEvent event = shop.NewSale("s1", std::string("\0\xff'\\", 4));
  event.traceparent = "00-1-2-01";
  shop.Write(event);
  std::string cursor;
  PullResponse page;
  REQUIRE(Eventually([&] {
    page = Value(shop.Pull(cursor));
    return page.events_size() == 1;
  }));
  const Event& got = page.events(0);
  CHECK(got.event_id() == event.event_id.ToString());
  CHECK(got.tenant_id() == shop.tenant_.ToString());
  CHECK(got.aggregate_type() == "sale");
  CHECK(got.aggregate_id() == "s1");
  CHECK(got.event_type() == "shop.Sold");
  CHECK(got.payload() == event.payload);
  CHECK(got.traceparent() == "00-1-2-01");
  CHECK(got.shard() == ShardOf(shop.tenant_));
  CHECK(std::abs(got.recorded_at().seconds() - absl::ToUnixSeconds(RealNow())) < 60);
}

TEST_CASE("Append: another tenant's event is refused, and nobody changes the log",
          "[events][store]") {
  Shop shop;
  const NewEvent event = shop.NewSale("s1");
  CHECK_FALSE(pg::Transact(*shop.rw_, {.tenant = shop.ids_.NewId()}, [&](pg::Tx& tx) {
                return Append(tx, event);
              }).ok());
  for (pg::Pool* pool : {shop.rw_.get(), shop.worker_.get()}) {
    CHECK(IsForbidden(
        pool->Exec({}, {"test_update", "UPDATE outbox SET event_type = 'x'"}).status()));
    CHECK(IsForbidden(pool->Exec({}, {"test_delete", "DELETE FROM outbox"}).status()));
  }
  CHECK(IsForbidden(shop.rw_->Exec({}, {"test_select", "SELECT event_id FROM outbox"}).status()));
}

TEST_CASE("Pull: an event that commits late is served late, never skipped", "[events][store]") {
  Shop shop;
  OpenTransaction slow(shop);
  slow.Sell("early number, late commit");
  shop.Sell("b");
  shop.Sell("c");
  std::string cursor;
  const PullResponse held = Value(shop.Pull(cursor));
  CHECK(held.events_size() == 0);
  CHECK(held.horizon() < held.head());
  slow.Commit();
  CHECK(shop.ReadOn(&cursor) == Sales{"early number, late commit", "b", "c"});
  CHECK(shop.ReadOn(&cursor).empty());
}

TEST_CASE("Pull: events after a rollback flow on", "[events][store]") {
  Shop shop;
  OpenTransaction slow(shop);
  slow.Sell("never");
  shop.Sell("b");
  slow.Rollback();
  std::string cursor;
  CHECK(shop.ReadOn(&cursor) == Sales{"b"});
}

TEST_CASE("Pull: concurrent writers, one reader, every event exactly once", "[events][store]") {
  Shop shop;
  constexpr int kWriters = 4;
  constexpr int kEach = 60;
  std::vector<std::thread> writers;
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back([&shop, w] {
      for (int i = 0; i < kEach; ++i) {
        const absl::Status status =
            pg::Transact(*shop.rw_, {.tenant = shop.tenant_}, [&](pg::Tx& tx) -> absl::Status {
              CLOUDPOS_RETURN_IF_ERROR(
                  Append(tx, shop.NewSale(std::to_string(w) + "-" + std::to_string(i))));
              absl::SleepFor(absl::Microseconds(i * 7919 % 3000));  // commits overtake each other
              return absl::OkStatus();
            });
        if (!status.ok()) std::abort();
      }
    });
  }
  std::multiset<std::string> seen;
  std::string cursor;
  while (seen.size() < kWriters * kEach) {
    const PullResponse page = Value(shop.Pull(cursor, 7));
    for (const Event& event : page.events()) seen.insert(event.aggregate_id());
    cursor = page.cursor();
  }
  for (std::thread& writer : writers) writer.join();
  CHECK(shop.ReadOn(&cursor).empty());
  CHECK(std::set<std::string>(seen.begin(), seen.end()).size() == seen.size());
}

TEST_CASE("Pull: a page ends at its limits", "[events][store]") {
  Shop shop;
  std::string cursor;
  SECTION("500 events") {
    shop.SellMany(1100);
    REQUIRE(Eventually([&] { return Value(shop.Pull("")).events_size() == 500; }));
    CHECK(Value(shop.Pull("")).more());
    CHECK(Value(shop.Pull("", 3)).events_size() == 3);
    CHECK(shop.ReadOn(&cursor).size() == 1100);
  }
  SECTION("1 MiB, and at least one event") {
    shop.SellMany(5, std::string(400'000, 'x'));
    shop.Sell("huge", std::string(1'500'000, 'x'));
    shop.Sell("small");
    REQUIRE(Eventually([&] { return Value(shop.Pull("")).events_size() == 2; }));
    CHECK(Value(shop.Pull("")).more());
    CHECK(shop.ReadOn(&cursor) == Sales{"0", "1", "2", "3", "4", "huge", "small"});
  }
  SECTION("2,000 lines, of a page query of the producer's own") {
    static constexpr pg::Query kHeavy{"test_heavy", R"sql(
      SELECT event_id, tenant_id, aggregate_type, aggregate_id, event_type,
             ''::bytea AS payload, 'joined' AS elsewhere, traceparent, recorded_at, shard,
             generation, txid::text AS txid, seq, 600 AS weight
      FROM outbox_page($1, $2::xid8, $3, $4::smallint[], $5) WHERE $6::bigint > 0)sql"};
    FeedOptions options;
    options.page_query = &kHeavy;
    options.payload_of = [](const pg::Row& row) { return row.Get<std::string>("elsewhere"); };
    shop.RestartFeed(std::move(options));
    shop.SellMany(8);
    REQUIRE(Eventually([&] { return Value(shop.Pull("")).events_size() == 3; }));
    CHECK(Value(shop.Pull("")).events(0).payload() == "joined");
    CHECK(shop.ReadOn(&cursor).size() == 8);
  }
}

TEST_CASE("Pull: shards take their own and do not stay behind", "[events][store]") {
  Shop shop;
  NewEvent mine = shop.NewSale("mine");
  const base::Uuid other = [&] {
    while (true) {
      const base::Uuid id = shop.ids_.NewId();
      if (ShardOf(id) != ShardOf(shop.tenant_)) return id;
    }
  }();
  NewEvent theirs = shop.NewSale("theirs");
  theirs.tenant = other;
  shop.Write(mine);
  shop.Write(theirs);
  PullRequest request;
  request.set_consumer("shard");
  request.add_shards(ShardOf(other));
  PullResponse page;
  REQUIRE(Eventually([&] {
    page.Clear();
    Require(shop.feed_->Pull(request, In(absl::Seconds(5)), &page));
    return page.events_size() == 1;
  }));
  CHECK(page.events(0).aggregate_id() == "theirs");
  // Its place is past its last event, at the horizon: after this pull, or the next one where the
  // page was read a moment later than the horizon.
  REQUIRE(Eventually([&] {
    const bool is_at_horizon = Value(DecodeCursor(page.cursor())).at.seq == 0;
    request.set_cursor(page.cursor());
    page.Clear();
    Require(shop.feed_->Pull(request, In(absl::Seconds(5)), &page));
    CHECK(page.events_size() == 0);
    return is_at_horizon;
  }));
  request.add_shards(64);
  CHECK(base::CodeOf(shop.feed_->Pull(request, In(absl::Seconds(5)), &page)) ==
        ErrorCode::OUT_OF_RANGE);
}

TEST_CASE("Pull: who wants some types gets those, and passes the others", "[events][store]") {
  Shop shop;
  const auto write = [&shop](const std::string& name) {
    NewEvent event = shop.NewSale(name);
    event.event_type = "shop.Audited";
    shop.Write(event);
  };
  const auto pull = [&shop](const std::string& cursor) {
    PullRequest request;
    request.set_consumer("audit");
    request.set_cursor(cursor);
    request.add_event_types("shop.Audited");
    PullResponse page;
    Require(shop.feed_->Pull(request, In(absl::Seconds(10)), &page));
    return page;
  };
  write("first");
  shop.SellMany(1100);
  write("second");
  shop.SellMany(450);
  PullResponse page = pull("");
  REQUIRE(page.events_size() == 1);
  CHECK(page.events(0).aggregate_id() == "first");
  CHECK(page.more());
  page = pull(page.cursor());
  CHECK(page.events_size() == 0);  // to just before the next
  CHECK(page.more());
  page = pull(page.cursor());
  REQUIRE(page.events_size() == 1);
  CHECK(page.events(0).aggregate_id() == "second");
  page = pull(page.cursor());
  CHECK(page.events_size() == 0);
  CHECK_FALSE(page.more());
  CHECK(Value(DecodeCursor(page.cursor())).at.seq != 0);  // it names the event passed last
  std::string cursor = page.cursor();
  CHECK(shop.ReadOn(&cursor).empty());
  write("third");
  REQUIRE(Eventually([&] { return pull(cursor).events_size() == 1; }));
}

TEST_CASE("Pull: large events of no interest do not look like the end", "[events][store]") {
  Shop shop;
  shop.SellMany(3, std::string(600'000, 'x'));  // the third is beyond the page's bytes
  NewEvent wanted = shop.NewSale("wanted");
  wanted.event_type = "shop.Audited";
  shop.Write(wanted);
  shop.SellMany(1);  // waits until all may be seen
  PullRequest request;
  request.set_consumer("audit");
  request.add_event_types("shop.Audited");
  int events = 0;
  PullResponse page;
  do {
    page.Clear();
    Require(shop.feed_->Pull(request, In(absl::Seconds(10)), &page));
    events += page.events_size();
    request.set_cursor(page.cursor());
  } while (page.more());
  CHECK(events == 1);
}

TEST_CASE("Pull: a request that makes no sense is refused", "[events][store]") {
  Shop shop;
  CHECK(base::CodeOf(shop.Pull("", 0, "").status()) == ErrorCode::FIELD_REQUIRED);
  CHECK(base::CodeOf(shop.Pull("", 0, std::string(65, 'x')).status()) ==
        ErrorCode::INVALID_ARGUMENT);
  CHECK(base::CodeOf(shop.Pull("", 501).status()) == ErrorCode::OUT_OF_RANGE);
  CHECK(base::CodeOf(shop.Pull("", -1).status()) == ErrorCode::OUT_OF_RANGE);
  PullRequest request;
  request.set_consumer("reader");
  for (int i = 0; i < 33; ++i) request.add_event_types("shop.Sold");
  PullResponse page;
  CHECK(base::CodeOf(shop.feed_->Pull(request, In(absl::Seconds(5)), &page)) ==
        ErrorCode::OUT_OF_RANGE);
}

TEST_CASE("Pull: acknowledges the cursor it was given, at once only what went back",
          "[events][store]") {
  Shop shop;
  shop.Sell("a");
  shop.Sell("b");
  std::string first, last;
  REQUIRE(Eventually([&] { return Value(shop.Pull("")).events_size() == 2; }));
  first = Value(shop.Pull("", 1)).cursor();
  last = Value(shop.Pull("")).cursor();
  const auto acknowledged = [&shop] {
    return shop
        .Admin("SELECT encode(cursor, 'hex') FROM consumer_acks WHERE consumer = 'reader'")[0][0]
        .as<std::string>();
  };
  REQUIRE(shop.Pull(last).ok());
  CHECK(acknowledged() == "");
  shop.clock_.Advance(absl::Seconds(10));
  REQUIRE(shop.Pull(last).ok());
  CHECK(acknowledged() == base::HexEncode(last));
  REQUIRE(shop.Pull(first).ok());
  CHECK(acknowledged() == base::HexEncode(first));
  REQUIRE(shop.Pull(last).ok());
  CHECK(acknowledged() == base::HexEncode(first));
  shop.clock_.Advance(absl::Seconds(-3600));
  REQUIRE(shop.Pull(last).ok());
  CHECK(acknowledged() == base::HexEncode(last));
}

TEST_CASE("Pull: a cursor that does not stand in the log is lost", "[events][store]") {
  Shop shop;
  shop.Sell("a");
  shop.Sell("b");
  std::string cursor;
  shop.ReadOn(&cursor);
  const Cursor at = Value(DecodeCursor(cursor));
  REQUIRE(shop.Pull(cursor).ok());
  SECTION("not ours") { CHECK(CodeOfPull(shop, "17") == ErrorCode::CURSOR_LOST); }
  SECTION("a generation to come") {
    Cursor other = at;
    ++other.at.generation;
    CHECK(CodeOfPull(shop, EncodeCursor(other)) == ErrorCode::CURSOR_LOST);
  }
  SECTION("ahead of the log") {
    Cursor other = at;
    other.at.txid += 1'000'000;
    CHECK(CodeOfPull(shop, EncodeCursor(other)) == ErrorCode::CURSOR_LOST);
    other.at.seq = 0;
    other.tag = 0;
    CHECK(CodeOfPull(shop, EncodeCursor(other)) == ErrorCode::CURSOR_LOST);
  }
  SECTION("its event is gone: an older copy was put back") {
    shop.Admin("DELETE FROM outbox WHERE aggregate_id = 'b'");
    CHECK(CodeOfPull(shop, cursor) == ErrorCode::CURSOR_LOST);
  }
  SECTION("another event stands at its position") {
    shop.Admin("UPDATE outbox SET event_id = gen_random_uuid() WHERE aggregate_id = 'b'");
    CHECK(CodeOfPull(shop, cursor) == ErrorCode::CURSOR_LOST);
  }
  SECTION("of a snapshot before a restore") {
    const std::string snapshot = Value(shop.Snapshot())[0].cursor();
    REQUIRE(shop.Pull(snapshot).ok());
    Require(shop.feed_->RaiseGeneration());
    CHECK(CodeOfPull(shop, snapshot) == ErrorCode::CURSOR_LOST);
  }
}

TEST_CASE("Snapshot: the cursor first, then the log, then Pull goes on with overlap",
          "[events][store]") {
  Shop shop;
  shop.SellMany(600);
  OpenTransaction slow(shop);
  slow.Sell("slow");
  shop.Sell("above the horizon");
  const std::vector<SnapshotResponse> messages = Value(shop.Snapshot());
  REQUIRE(messages.size() >= 3);
  CHECK(messages[0].events_size() == 0);
  std::string cursor = messages[0].cursor();
  std::multiset<std::string> seen;
  for (size_t i = 1; i < messages.size(); ++i) {
    CHECK(messages[i].cursor().empty());
    CHECK(messages[i].events_size() <= 500);
    for (const Event& event : messages[i].events()) seen.insert(event.event_id());
  }
  slow.Commit();
  const Sales rest = shop.ReadOn(&cursor);
  CHECK(std::set<std::string>(rest.begin(), rest.end()) ==
        std::set<std::string>{"slow", "above the horizon"});
  CHECK(seen.size() == 600);
}

TEST_CASE("Snapshot: a producer's own state goes out in messages of a page's size",
          "[events][store]") {
  Shop shop;
  FeedOptions options;
  options.snapshot = [](pg::Tx&, const auto& send) {
    std::vector<Event> events(3);
    for (Event& event : events) event.set_payload(std::string(600'000, 'x'));
    return send(std::move(events));
  };
  shop.RestartFeed(std::move(options));
  const std::vector<SnapshotResponse> messages = Value(shop.Snapshot());
  REQUIRE(messages.size() == 4);
  CHECK(messages[0].events_size() == 0);
  CHECK(messages[3].events_size() == 1);
}

}  // namespace cloudpos::events
