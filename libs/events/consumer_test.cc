#include "libs/events/applier.h"
#include "libs/events/test_world.h"

namespace cloudpos::events {
namespace {

using base::ErrorCode;

constexpr pg::Query kInsertFact{"test_insert_fact", R"sql(
  INSERT INTO facts (tenant_id, event_id, aggregate_id) VALUES ($1, $2, $3)
  ON CONFLICT (tenant_id, event_id) DO NOTHING)sql"};
constexpr pg::Query kAddToTotal{"test_add_to_total", R"sql(
  INSERT INTO totals (tenant_id, facts) VALUES ($1, 1)
  ON CONFLICT (tenant_id) DO UPDATE SET facts = totals.facts + 1)sql"};

/// As services do it: the roll-up moves only when the fact was new.
absl::Status ApplyFact(pg::Tx& tx, const Event& event) {
  const base::Uuid tenant = *base::Uuid::Parse(event.tenant_id());
  CLOUDPOS_ASSIGN_OR_RETURN(
      const pg::Result inserted,
      tx.Exec(kInsertFact, tenant, *base::Uuid::Parse(event.event_id()), event.aggregate_id()));
  if (inserted.affected() == 0) return absl::OkStatus();
  return tx.Exec(kAddToTotal, tenant).status();
}

struct Reader {
  explicit Reader(Shop& s) : shop(s), pool(s.MakePool("worker")) {
    options.consumer = "reader";
    options.producer = "shop";
    options.pool = pool.get();
    options.clock = &shop.clock_;
    options.poll = std::chrono::milliseconds(20);
    options.source = LocalSource(shop.feed_.get());
    options.apply = [this](pg::Tx& tx, const std::vector<Event>& events) -> absl::Status {
      ++batches;
      for (const Event& event : events) {
        if (before_each) CLOUDPOS_RETURN_IF_ERROR(before_each(tx, event));
        CLOUDPOS_RETURN_IF_ERROR(ApplyFact(tx, event));
      }
      return absl::OkStatus();
    };
  }
  Consumer& Make() {
    consumer = std::make_unique<Consumer>(options);
    return *consumer;
  }
  void CatchUp() { Require((consumer ? *consumer : Make()).CatchUp(In(absl::Seconds(20)))); }

  Shop& shop;
  std::unique_ptr<pg::Pool> pool;
  ConsumerOptions options;
  std::function<absl::Status(pg::Tx&, const Event&)> before_each;
  std::atomic<int> batches{0};
  std::unique_ptr<Consumer> consumer;
};

/// Poison for sales whose id begins with "bad".
absl::Status RefuseBad(pg::Tx&, const Event& event) {
  if (event.aggregate_id().starts_with("bad")) {
    return base::Fail(ErrorCode::INVALID_ARGUMENT, "this event cannot be applied");
  }
  return absl::OkStatus();
}

Sales Facts(Shop& shop) {
  Sales sales;
  for (const auto& row : shop.Admin("SELECT aggregate_id FROM facts ORDER BY place")) {
    sales.push_back(row[0].as<std::string>());
  }
  return sales;
}

int64_t Total(Shop& shop) { return shop.Count("SELECT coalesce(sum(facts), 0) FROM totals"); }
int64_t Parked(Shop& shop) { return shop.Count("SELECT count(*) FROM dead_letter"); }

/// A feed whose answers the test may spoil.
class Between : public EventSource {
 public:
  explicit Between(Feed* feed) : next_(LocalSource(feed)) {}
  absl::Status Pull(const PullRequest& request, absl::Time deadline,
                    PullResponse* response) override {
    ++pulls;
    if (before_pull) CLOUDPOS_RETURN_IF_ERROR(before_pull(request));
    CLOUDPOS_RETURN_IF_ERROR(next_->Pull(request, deadline, response));
    if (after_pull) after_pull(*response);
    return absl::OkStatus();
  }
  absl::Status Snapshot(
      const SnapshotRequest& request, absl::Time deadline,
      const std::function<absl::Status(const SnapshotResponse&)>& on_message) override {
    ++snapshots;
    return next_->Snapshot(request, deadline, [&](const SnapshotResponse& message) {
      if (before_message) CLOUDPOS_RETURN_IF_ERROR(before_message(message));
      return on_message(message);
    });
  }

  std::function<absl::Status(const PullRequest&)> before_pull;
  std::function<void(PullResponse&)> after_pull;
  std::function<absl::Status(const SnapshotResponse&)> before_message;
  std::atomic<int> pulls{0};
  std::atomic<int> snapshots{0};

 private:
  std::shared_ptr<EventSource> next_;
};

}  // namespace

TEST_CASE("Consumer: applies in order and goes on where it stopped", "[events][store]") {
  Shop shop;
  shop.Sell("a");
  shop.Sell("b");
  {
    Reader reader(shop);
    CHECK(reader.Make().lag() == absl::InfiniteDuration());
    reader.CatchUp();
    CHECK(Facts(shop) == Sales{"a", "b"});
    CHECK(reader.consumer->lag() == absl::ZeroDuration());
    CHECK(absl::AbsDuration(reader.consumer->newest_applied() - RealNow()) < absl::Minutes(1));
    shop.clock_.Advance(absl::Seconds(7));
    CHECK(reader.consumer->lag() == absl::Seconds(7));
  }
  shop.Sell("c");
  Reader reader(shop);
  reader.CatchUp();
  CHECK(Facts(shop) == Sales{"a", "b", "c"});
  CHECK(reader.batches == 1);
}

TEST_CASE("Consumer: other event types are passed over", "[events][store]") {
  Shop shop;
  NewEvent other = shop.NewSale("other");
  other.event_type = "shop.Opened";
  shop.Write(other);
  shop.Sell("a");
  Reader reader(shop);
  reader.options.event_types = {"shop.Sold"};
  reader.CatchUp();
  CHECK(Facts(shop) == Sales{"a"});
}

TEST_CASE("Consumer: its thread polls", "[events][store]") {
  Shop shop;
  Reader reader(shop);
  reader.Make().Start();
  shop.Sell("a");
  CHECK(Eventually([&] { return Total(shop) == 1; }));
  shop.Sell("b");
  CHECK(Eventually([&] { return Total(shop) == 2; }));
  reader.consumer->Stop();
}

TEST_CASE("Consumer: the doorbell wakes it", "[events][store]") {
  Shop shop;
  const redis::Options redis_options{.url = testing::RedisUrl()};
  auto redis = Value(redis::Client::Create(redis_options));
  Doorbell bell(redis.get(), "shop");
  Reader reader(shop);
  reader.options.poll = std::chrono::minutes(5);
  reader.options.redis = redis_options;
  auto source = std::make_shared<Between>(shop.feed_.get());
  reader.options.source = source;
  reader.Make().Start();
  REQUIRE(Eventually([&] { return source->pulls > 0; }));
  shop.Sell("a");
  // Lossy: the subscription may not stand yet, so it is rung until it is heard.
  CHECK(Eventually([&] {
    bell.Ring();
    absl::SleepFor(absl::Milliseconds(20));
    return Total(shop) == 1;
  }));
}

TEST_CASE("Consumer: duplicate pulls have one effect", "[events][store]") {
  Shop shop;
  shop.SellMany(20);
  Reader reader(shop);
  auto source = std::make_shared<Between>(shop.feed_.get());
  // The producer answers each pull with what it had answered before as well.
  std::vector<Event> earlier;
  source->after_pull = [&](PullResponse& page) {
    std::vector<Event> fresh(page.events().begin(), page.events().end());
    for (const Event& event : earlier) *page.add_events() = event;
    earlier.insert(earlier.end(), fresh.begin(), fresh.end());
  };
  reader.options.source = source;
  reader.options.batch = 7;
  reader.CatchUp();
  CHECK(Facts(shop).size() == 20);
  CHECK(Total(shop) == 20);
}

TEST_CASE("Consumer: two replicas at once, every event applied exactly once", "[events][store]") {
  Shop shop;
  Reader one(shop);
  Reader two(shop);
  std::atomic<int> applied{0};
  for (Reader* reader : {&one, &two}) {
    reader->options.batch = 3;
    reader->options.poll = std::chrono::milliseconds(1);
    reader->before_each = [&applied](pg::Tx&, const Event&) {
      ++applied;
      return absl::OkStatus();
    };
    reader->Make().Start();
  }
  for (int i = 0; i < 60; ++i) shop.Sell(std::to_string(i));
  CHECK(Eventually([&] { return Total(shop) == 60; }));
  one.consumer->Stop();
  two.consumer->Stop();
  CHECK(applied == 60);  // the fence, not only the unique keys
  CHECK(Total(shop) == 60);
}

TEST_CASE("Applier: a batch whose cursor moved meanwhile is dropped", "[events][store]") {
  Shop shop;
  shop.Sell("a");
  PullResponse page;
  REQUIRE(Eventually([&] {
    page = Value(shop.Pull(""));
    return page.events_size() == 1;
  }));
  const std::vector<Event> events(page.events().begin(), page.events().end());
  int applied = 0;
  Applier applier({.cursor_name = "shop",
                   .pool = shop.worker_.get(),
                   .clock = &shop.clock_,
                   .apply =
                       [&](pg::Tx&, const std::vector<Event>&) {
                         ++applied;
                         return absl::OkStatus();
                       },
                   .event_types = {}});
  CHECK(Value(applier.ReadCursor()).empty());
  CHECK_FALSE(Value(applier.Apply("", events, page.cursor())).is_fenced);
  CHECK(Value(applier.Apply("", events, page.cursor())).is_fenced);  // its answer was lost
  CHECK(applied == 1);
  CHECK(Value(applier.ReadCursor()) == page.cursor());
  SECTION("while another one holds it") {
    pqxx::connection other(shop.database_.Dsn("worker"));
    pqxx::work holding(other);
    holding.exec("SELECT cursor FROM consumer_cursors FOR UPDATE");
    CHECK(Value(applier.Apply(page.cursor(), events, "next")).is_fenced);
    CHECK(applied == 1);
  }
}

TEST_CASE("Consumer: a crash before the commit repeats, after it goes on", "[events][store]") {
  Shop shop;
  shop.SellMany(10);
  Reader reader(shop);
  int calls = 0;
  reader.before_each = [&calls](pg::Tx& tx, const Event&) -> absl::Status {
    // The server ends our session in the middle of the batch, once.
    if (++calls != 5) return absl::OkStatus();
    return tx.Exec({"test_die", "SELECT pg_terminate_backend(pg_backend_pid()) AS dead"}).status();
  };
  const absl::Status status = reader.Make().CatchUp(In(absl::Seconds(20)));
  CHECK(IsPassing(status));
  CHECK(Total(shop) == 0);
  CHECK(Parked(shop) == 0);
  reader.CatchUp();
  CHECK(Total(shop) == 10);
  reader.consumer.reset();
  Reader next(shop);
  next.CatchUp();
  CHECK(next.batches == 0);
  CHECK(Total(shop) == 10);
}

TEST_CASE("Consumer: a fault that passes is tried again for ever", "[events][store]") {
  Shop shop;
  shop.SellMany(5);
  Reader reader(shop);
  std::atomic<int> faults{6};
  reader.before_each = [&](pg::Tx& tx, const Event&) -> absl::Status {
    if (faults.fetch_sub(1) <= 0) return absl::OkStatus();
    return tx.Exec({"test_fault", "DO $$ BEGIN RAISE SQLSTATE '53100'; END $$"}).status();
  };
  reader.Make().Start();
  CHECK(Eventually([&] { return Total(shop) == 5; }));
  CHECK(Parked(shop) == 0);
}

TEST_CASE("Consumer: the producer away, then back", "[events][store]") {
  Shop shop;
  shop.Sell("a");
  Reader reader(shop);
  auto source = std::make_shared<Between>(shop.feed_.get());
  std::atomic<bool> is_away{true};
  source->before_pull = [&](const PullRequest&) {
    return is_away ? base::Fail(ErrorCode::UNAVAILABLE, "away") : absl::OkStatus();
  };
  reader.options.source = source;
  reader.Make().Start();
  REQUIRE(Eventually([&] { return source->pulls >= 3; }));
  CHECK(base::CodeOf(reader.consumer->CatchUp(In(absl::Seconds(5)))) == ErrorCode::UNAVAILABLE);
  is_away = false;
  CHECK(Eventually([&] { return Total(shop) == 1; }));
}

TEST_CASE("Consumer: a poison event parks its key, all else flows", "[events][store]") {
  Shop shop;
  for (const char* sale : {"a", "b", "bad", "c", "bad", "d", "bad two"}) shop.Sell(sale);
  Reader reader(shop);
  reader.before_each = RefuseBad;
  reader.CatchUp();
  CHECK(Facts(shop) == Sales{"a", "b", "c", "d"});
  CHECK(Parked(shop) == 3);
  // Later events of the key queue up behind it, whatever they are; the batch goes through at once.
  const int batches = reader.batches;
  shop.Sell("bad");
  shop.Sell("e");
  reader.CatchUp();
  CHECK(reader.batches == batches + 1);
  CHECK(Parked(shop) == 4);
  CHECK(Facts(shop).back() == "e");

  CHECK_FALSE(reader.consumer->Retry(shop.tenant_, "sale", "bad").ok());
  CHECK(Parked(shop) == 4);
  CHECK(shop.Count("SELECT max(attempts) FROM dead_letter") == 2);
  CHECK(absl::IsNotFound(reader.consumer->Retry(shop.tenant_, "sale", "good")));
  reader.before_each = nullptr;
  Require(reader.consumer->Retry(shop.tenant_, "sale", "bad"));
  CHECK(Parked(shop) == 1);
  shop.Sell("bad");
  reader.CatchUp();
  CHECK(Facts(shop) == Sales{"a", "b", "c", "d", "e", "bad", "bad", "bad", "bad"});
  CHECK(Value(reader.consumer->RetryAll()) == 1);
  CHECK(Parked(shop) == 0);
  CHECK(Total(shop) == 10);
}

TEST_CASE("Consumer: poison among many pages", "[events][store]") {
  Shop shop;
  std::vector<NewEvent> events;
  for (int i = 0; i < 300; ++i) {
    events.push_back(shop.NewSale((i == 150 ? "bad" : "") + std::to_string(i)));
  }
  Require(pg::Transact(*shop.rw_, {.tenant = shop.tenant_},
                       [&](pg::Tx& tx) { return AppendAll(tx, events); }));
  Reader reader(shop);
  reader.before_each = RefuseBad;
  reader.CatchUp();
  CHECK(Total(shop) == 299);
  CHECK(Parked(shop) == 1);
}

TEST_CASE("Consumer: a new release applies what was parked", "[events][store]") {
  Shop shop;
  shop.Sell("bad");
  Reader reader(shop);
  reader.before_each = RefuseBad;
  reader.CatchUp();
  REQUIRE(Parked(shop) == 1);
  reader.consumer.reset();
  reader.before_each = nullptr;
  reader.Make().Start();
  CHECK(Eventually([&] { return Parked(shop) == 0; }));
  CHECK(Total(shop) == 1);
}

TEST_CASE("CatchUp: waits for what was committed before, not for what is still open",
          "[events][store]") {
  Shop shop;
  Reader reader(shop);
  reader.CatchUp();
  OpenTransaction slow(shop);
  slow.Sell("slow");
  shop.Sell("committed");
  CHECK(absl::IsDeadlineExceeded(reader.consumer->CatchUp(In(absl::Milliseconds(200)))));
  std::thread commit([&] {
    absl::SleepFor(absl::Milliseconds(100));
    slow.Commit();
  });
  reader.CatchUp();
  commit.join();
  CHECK(Total(shop) == 2);
}

TEST_CASE("CatchUp: many callers share the way", "[events][store]") {
  Shop shop;
  Reader reader(shop);
  auto source = std::make_shared<Between>(shop.feed_.get());
  source->before_pull = [](const PullRequest&) {
    absl::SleepFor(absl::Milliseconds(50));
    return absl::OkStatus();
  };
  reader.options.source = source;
  Consumer& consumer = reader.Make();
  shop.Sell("a");
  constexpr int kCallers = 60;  // a transaction elsewhere may take some pulls to wait for
  std::vector<std::thread> callers;
  std::atomic<int> good{0};
  for (int i = 0; i < kCallers; ++i) {
    callers.emplace_back([&] { good += consumer.CatchUp(In(absl::Seconds(20))).ok() ? 1 : 0; });
  }
  for (std::thread& caller : callers) caller.join();
  CHECK(good == kCallers);
  CHECK(source->pulls < kCallers);
  CHECK(Total(shop) == 1);
}

TEST_CASE("Consumer: a new one starts from a snapshot, the overlap comes twice",
          "[events][store]") {
  Shop shop;
  shop.SellMany(250);
  OpenTransaction slow(shop);
  slow.Sell("slow");
  Reader reader(shop);
  auto source = std::make_shared<Between>(shop.feed_.get());
  // Sold while the snapshot is read; and the first attempt breaks off half-way.
  source->before_message = [&](const SnapshotResponse& message) -> absl::Status {
    if (message.events_size() == 0) {
      shop.Sell("meanwhile");
      return absl::OkStatus();
    }
    return source->snapshots == 1 && message.events_size() < 500
               ? base::Fail(ErrorCode::UNAVAILABLE, "the connection broke")
               : absl::OkStatus();
  };
  reader.options.source = source;
  reader.options.start_from_snapshot = true;
  CHECK_FALSE(reader.Make().CatchUp(In(absl::Seconds(10))).ok());
  CHECK(shop.Count("SELECT length(cursor) FROM consumer_cursors") == 0);
  slow.Commit();
  reader.CatchUp();
  CHECK(source->snapshots == 2);
  CHECK(Total(shop) == 253);
  CHECK(Facts(shop).size() == 253);
  reader.CatchUp();
  CHECK(source->snapshots == 2);
}

TEST_CASE("Consumer: poison in a snapshot is parked", "[events][store]") {
  Shop shop;
  for (const char* sale : {"a", "bad", "b"}) shop.Sell(sale);
  REQUIRE(Eventually([&] { return Value(shop.Pull("")).events_size() == 3; }));
  Reader reader(shop);
  reader.before_each = RefuseBad;
  reader.options.start_from_snapshot = true;
  reader.CatchUp();
  CHECK(Facts(shop) == Sales{"a", "b"});
  CHECK(Parked(shop) == 1);
}

TEST_CASE("Consumer: CURSOR_LOST", "[events][store]") {
  Shop shop;
  for (const char* sale : {"a", "b"}) shop.Sell(sale);
  Reader reader(shop);
  const auto lost = [] {
    return metrics::Gauge("cloudpos_reader_event_cursor_lost", "", {{"producer", "shop"}}).Value();
  };
  reader.CatchUp();
  // An older copy was put back, and the shop sold on.
  shop.Admin("DELETE FROM outbox WHERE aggregate_id = 'b'");
  shop.Sell("c");
  SECTION("is an alert, never an empty page") {
    CHECK(base::CodeOf(reader.consumer->CatchUp(In(absl::Seconds(5)))) == ErrorCode::CURSOR_LOST);
    CHECK(lost() == 1);
    CHECK(Facts(shop) == Sales{"a", "b"});
  }
  SECTION("begins again from a snapshot where the consumer starts from one") {
    reader.options.start_from_snapshot = true;
    reader.Make();
    reader.CatchUp();
    CHECK(Facts(shop) == Sales{"a", "b", "c"});
    CHECK(lost() == 0);
  }
  SECTION("clears first where the consumer says so") {
    reader.options.on_resync = [](pg::Tx& tx) -> absl::Status {
      CLOUDPOS_RETURN_IF_ERROR(tx.Exec({"test_clear_facts", "DELETE FROM facts"}).status());
      return tx.Exec({"test_clear_totals", "DELETE FROM totals"}).status();
    };
    reader.Make();
    reader.CatchUp();
    CHECK(Facts(shop) == Sales{"a", "c"});
    CHECK(Total(shop) == 2);
  }
}

TEST_CASE("Consumer: dump, restore elsewhere, sell on: nothing lost, nothing twice",
          "[events][store]") {
  Shop shop;
  shop.SellMany(3);
  Reader reader(shop);
  reader.CatchUp();
  shop.Sell("not read before the restore");
  reader.consumer.reset();
  shop.Admin("UPDATE feed_generation SET system_identifier = 'another'");
  Require(shop.feed_->Guard());
  shop.Sell("after");
  reader.CatchUp();
  CHECK(Total(shop) == 5);
  CHECK(Facts(shop).back() == "after");
  CHECK(shop.Count("SELECT max(generation) FROM outbox") == 2);
}

TEST_CASE("Consumer: rounds after the first begin at its turn", "[events][store]") {
  Shop shop;
  Reader reader(shop);
  const auto source = std::make_shared<Between>(shop.feed_.get());
  reader.options.source = source;
  reader.options.poll = std::chrono::milliseconds(7);
  reader.options.pace = std::chrono::milliseconds(100);
  reader.options.turn = std::chrono::milliseconds(GENERATE(0, 70));
  std::atomic<int> in_time{0};  // one after the other: a busy machine is late, but not always
  source->before_pull = [&](const PullRequest&) {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    const auto late = (now - reader.options.turn) % reader.options.pace;
    in_time = late < std::chrono::milliseconds(25) ? in_time + 1 : 0;
    return absl::OkStatus();
  };
  Consumer consumer(reader.options);
  consumer.Start();
  CHECK(Eventually([&] { return in_time >= 6; }));
}

TEST_CASE("Consumer: rounds begin a pace apart, the first at once", "[events][store]") {
  Shop shop;
  Reader reader(shop);
  const auto source = std::make_shared<Between>(shop.feed_.get());
  reader.options.source = source;
  reader.options.poll = std::chrono::milliseconds(1);
  reader.options.pace = std::chrono::milliseconds(200);
  Consumer consumer(reader.options);
  const absl::Time begun = RealNow();
  consumer.Start();
  REQUIRE(Eventually([&] { return source->pulls >= 4; }));
  CHECK(RealNow() - begun >= absl::Milliseconds(490));
  const int pulls = source->pulls;
  consumer.Stop();  // does not wait for its pace
  CHECK(source->pulls <= pulls + 1);
}

TEST_CASE("Consumer: what a running transaction hid is seen soon after its end",
          "[events][store]") {
  Shop shop;
  Reader reader(shop);
  reader.CatchUp();
  reader.consumer.reset();
  const auto source = std::make_shared<Between>(shop.feed_.get());
  reader.options.source = source;
  reader.options.poll = std::chrono::milliseconds(60'000);  // and there is no bell
  OpenTransaction slow(shop);
  slow.Sell("slow");
  shop.Sell("committed");
  reader.Make().Start();
  REQUIRE(Eventually([&] { return source->pulls >= 2; }));
  CHECK(Total(shop) == 0);
  slow.Commit();
  CHECK(Eventually([&] { return Total(shop) == 2; }));
}

TEST_CASE("Consumer: a rebuild beside the live one acknowledges on its own account",
          "[events][store]") {
  Shop shop;
  shop.Sell("a");
  Reader live(shop);
  live.CatchUp();
  Reader rebuild(shop);
  rebuild.options.cursor_name = "shop_rebuild";
  rebuild.CatchUp();
  CHECK(Total(shop) == 1);
  rebuild.CatchUp();
  CHECK(shop.Count("SELECT count(*) FROM consumer_acks WHERE consumer IN "
                   "('reader', 'reader/shop_rebuild')") == 2);
}

TEST_CASE("AdoptCursor: the live consumer goes on where the rebuilt one is", "[events][store]") {
  Shop shop;
  shop.Sell("a");
  shop.Sell("bad");
  Reader live(shop);
  live.CatchUp();
  shop.Sell("b");
  Reader rebuild(shop);
  rebuild.options.cursor_name = "shop_rebuild";
  rebuild.before_each = RefuseBad;
  rebuild.CatchUp();
  REQUIRE(Parked(shop) == 1);
  const int batches = live.batches;
  Require(pg::Transact(*live.pool, {},
                       [](pg::Tx& tx) { return AdoptCursor(tx, "shop_rebuild", "shop"); }));
  live.CatchUp();
  CHECK(live.batches == batches);
  CHECK(shop.Count("SELECT count(*) FROM consumer_cursors") == 1);
  CHECK(shop.Count("SELECT count(*) FROM dead_letter WHERE cursor_name = 'shop'") == 1);
  CHECK(absl::IsNotFound(pg::Transact(
      *live.pool, {}, [](pg::Tx& tx) { return AdoptCursor(tx, "shop_rebuild", "shop"); })));
  Require(pg::Transact(*live.pool, {}, [](pg::Tx& tx) { return DropCursor(tx, "shop"); }));
  CHECK(Parked(shop) == 0);
  live.CatchUp();
  CHECK(live.batches == batches + 1);
  CHECK(Total(shop) == 3);
}

}  // namespace cloudpos::events
