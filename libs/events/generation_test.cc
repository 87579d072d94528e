// Restores, promotions and the days of the log.

#include <future>

#include "libs/events/test_world.h"

namespace cloudpos::events {
namespace {

int64_t Generation(Shop& shop) { return shop.Count("SELECT generation FROM feed_generation"); }

/// What a dump looks like after it was restored elsewhere: written by another cluster, whose
/// transactions had come much further.
void PretendRestored(Shop& shop) {
  shop.Admin("UPDATE outbox SET txid = (txid::text::bigint + 1000000000)::text::xid8");
  shop.Admin("UPDATE feed_generation SET system_identifier = 'another'");
}

/// The cursor a consumer held before the restore.
std::string PretendRestored(const std::string& cursor) {
  Cursor moved = Value(DecodeCursor(cursor));
  moved.at.txid += 1000000000;
  return EncodeCursor(moved);
}

/// An event of a day long ago.
void SellOn(Shop& shop, const std::string& day, const std::string& sale) {
  shop.Admin(
      "INSERT INTO outbox (day, event_id, tenant_id, aggregate_type, aggregate_id, "
      "event_type) VALUES ('" +
      day + "', gen_random_uuid(), '" + shop.tenant_.ToString() + "', 'sale', '" + sale +
      "', 'shop.Sold')");
}

std::string DaysAgo(Shop& shop, int days) {
  return base::FormatDate(absl::ToCivilDay(shop.clock_.Now(), absl::UTCTimeZone()) - days);
}

}  // namespace

TEST_CASE("Generation: dump, restore elsewhere, sell on: nothing lost, nothing twice",
          "[events][store]") {
  Shop shop;
  shop.Sell("a");
  shop.Sell("b");
  shop.Sell("c");
  std::string cursor;
  REQUIRE(Eventually([&] { return Value(shop.Pull("", 2)).events_size() == 2; }));
  cursor = Value(shop.Pull("", 2)).cursor();  // "c" was not read yet
  shop.feed_.reset();
  PretendRestored(shop);
  cursor = PretendRestored(cursor);
  shop.worker_ = shop.MakePool("worker");  // new processes
  shop.rw_ = shop.MakePool("rw");
  SECTION("the first writer raises it") {
    shop.Sell("d");
    CHECK(Generation(shop) == 2);
    shop.RestartFeed({});
  }
  SECTION("the feed raises it") {
    shop.RestartFeed({});
    REQUIRE(Eventually([&] { return Generation(shop) == 2; }));
    shop.Sell("d");
  }
  CHECK(shop.ReadOn(&cursor) == Sales{"c", "d"});
  CHECK(Generation(shop) == 2);
  std::string from_start;
  CHECK(shop.ReadOn(&from_start) == Sales{"a", "b", "c", "d"});
}

TEST_CASE("Generation: a promotion changes the timeline", "[events][store]") {
  Shop shop;
  shop.Admin("UPDATE feed_generation SET timeline = '00000000'");
  Require(shop.feed_->Guard());
  CHECK(Generation(shop) == 2);
  Require(shop.feed_->Guard());
  CHECK(Generation(shop) == 2);
}

TEST_CASE("Generation: many first writers raise it once", "[events][store]") {
  Shop shop;
  shop.feed_.reset();
  shop.Admin("UPDATE feed_generation SET system_identifier = 'another'");
  shop.rw_ = shop.MakePool("rw");
  std::vector<std::future<void>> writers;
  for (int i = 0; i < 6; ++i) {
    writers.push_back(std::async(std::launch::async, [&shop, i] {
      const absl::Status status =
          pg::Transact(*shop.rw_, {.tenant = shop.tenant_},
                       [&](pg::Tx& tx) { return Append(tx, shop.NewSale(std::to_string(i))); });
      if (!status.ok()) throw std::runtime_error(status.ToString());
    }));
  }
  for (auto& writer : writers) writer.get();
  CHECK(Generation(shop) == 2);
  CHECK(shop.Count("SELECT count(*) FROM outbox WHERE generation = 2") == 6);
}

TEST_CASE("RaiseGeneration: waits for writers, and who waited writes the new generation",
          "[events][store]") {
  Shop shop;
  OpenTransaction writer(shop);
  writer.Sell("old");
  auto raise = std::async(std::launch::async, [&] { return shop.feed_->RaiseGeneration(); });
  REQUIRE(Eventually([&] {
    return shop.Count(
               "SELECT count(*) FROM pg_locks l WHERE NOT l.granted AND l.relation = "
               "'feed_generation'::regclass") == 1;
  }));
  auto waits = std::async(std::launch::async, [&] { shop.Sell("new"); });
  REQUIRE(Eventually([&] {
    return shop.Count(
               "SELECT count(*) FROM pg_locks l WHERE NOT l.granted AND l.relation = "
               "'feed_generation'::regclass") >= 2;
  }));
  writer.Commit();
  Require(raise.get());
  waits.get();
  CHECK(shop.Count("SELECT generation FROM outbox WHERE aggregate_id = 'old'") == 1);
  CHECK(shop.Count("SELECT generation FROM outbox WHERE aggregate_id = 'new'") == 2);
  std::string cursor;
  CHECK(shop.ReadOn(&cursor) == Sales{"old", "new"});
}

TEST_CASE("RaiseGeneration: a writer with an older snapshot fails rather than hide its event",
          "[events][store]") {
  Shop shop;
  OpenTransaction old(shop, "REPEATABLE READ");
  old.Run("SELECT 1");
  Require(shop.feed_->RaiseGeneration());
  CHECK_THROWS_AS(old.Sell("hidden"), pqxx::serialization_failure);
}

TEST_CASE("Partitions: made ahead, by whoever comes first", "[events][store]") {
  Shop shop;
  shop.clock_.Advance(absl::Hours(24 * 10));
  Require(shop.feed_->MaintainPartitions());
  Require(shop.feed_->MaintainPartitions());
  CHECK(shop.Count("SELECT count(*) FROM pg_inherits WHERE inhparent = 'outbox'::regclass") ==
        1 + 4 + 4);
}

TEST_CASE("Partitions: a day goes when it is old and every living consumer has passed it",
          "[events][store]") {
  Shop shop;
  const std::string old_day = DaysAgo(shop, 20);
  shop.Admin("SELECT outbox_create_partition('" + old_day + "')");
  SellOn(shop, old_day, "old");
  SellOn(shop, old_day, "old, too");
  shop.Sell("young");
  std::string cursor;
  shop.ReadOn(&cursor, 1);
  REQUIRE(Value(shop.Pull("", 1)).events_size() == 1);
  const std::string behind = Value(shop.Pull("", 1)).cursor();
  shop.Admin("DELETE FROM consumer_acks");
  const std::string partition =
      "outbox_" +
      shop.Admin("SELECT to_char('" + old_day + "'::date, 'YYYYMMDD')")[0][0].as<std::string>();
  const auto is_there = [&] {
    return shop.Count("SELECT count(*) FROM pg_class WHERE relname = '" + partition + "'") == 1;
  };
  const auto ack = [&](const std::string& consumer, const std::string& at, int days_ago) {
    shop.Admin("INSERT INTO consumer_acks VALUES ('" + consumer + "', decode('" +
               base::HexEncode(at) + "', 'hex'), now() - interval '" + std::to_string(days_ago) +
               " days')");
  };
  ack("ahead", cursor, 0);
  ack("behind", behind, 13);
  Require(shop.feed_->MaintainPartitions());
  CHECK(is_there());
  shop.Admin(
      "UPDATE consumer_acks SET seen_at = now() - interval '15 days' WHERE consumer = "
      "'behind'");
  Require(shop.feed_->MaintainPartitions());
  CHECK_FALSE(is_there());
  // Who comes back after that is told; who had passed goes on; who is new starts at what is kept.
  CHECK(base::CodeOf(shop.Pull(behind).status()) == base::ErrorCode::CURSOR_LOST);
  CHECK(shop.Pull(cursor).ok());
  std::string fresh;
  CHECK(shop.ReadOn(&fresh) == Sales{"young"});
}

TEST_CASE("Partitions: a consumer that stands at the last event dropped goes on",
          "[events][store]") {
  Shop shop;
  const std::string old_day = DaysAgo(shop, 20);
  shop.Admin("SELECT outbox_create_partition('" + old_day + "')");
  SellOn(shop, old_day, "old");
  std::string cursor;
  CHECK(shop.ReadOn(&cursor) == Sales{"old"});
  shop.clock_.Advance(absl::Seconds(10));
  static_cast<void>(Value(shop.Pull(cursor)));  // acknowledges
  Require(shop.feed_->MaintainPartitions());
  CHECK(shop.Count("SELECT count(*) FROM outbox") == 0);
  shop.Sell("young");
  CHECK(shop.ReadOn(&cursor) == Sales{"young"});
}

TEST_CASE("Partitions: events without one are served and dropped all the same", "[events][store]") {
  Shop shop;
  SellOn(shop, DaysAgo(shop, 25), "stray");
  CHECK(shop.Count("SELECT count(*) FROM outbox_default") == 1);
  std::string cursor;
  CHECK(shop.ReadOn(&cursor) == Sales{"stray"});
  shop.clock_.Advance(absl::Seconds(10));
  static_cast<void>(Value(shop.Pull(cursor)));
  Require(shop.feed_->MaintainPartitions());
  CHECK(shop.Count("SELECT count(*) FROM outbox_default") == 0);
  CHECK(shop.Pull(cursor).ok());
}

TEST_CASE("Partitions: young days cannot be dropped, whoever asks", "[events][store]") {
  Shop shop;
  CHECK_FALSE(
      shop.worker_->Exec({}, {"test_drop", "SELECT outbox_drop_partition(current_date) AS done"})
          .ok());
  CHECK(IsForbidden(
      shop.rw_->Exec({}, {"test_drop_rw", "SELECT outbox_drop_partition('2020-01-01') AS done"})
          .status()));
}

TEST_CASE("Horizon: its age grows while one transaction runs", "[events][store]") {
  Shop shop;
  const auto age = [] {
    return metrics::Gauge("cloudpos_shop_event_horizon_age_seconds", "").Value();
  };
  OpenTransaction slow(shop);
  slow.Sell("slow");
  shop.Sell("b");
  Require(shop.feed_->Guard());
  // Older transactions of the cluster's other databases may hold it back before this one does.
  CHECK(Eventually([&] {
    shop.clock_.Advance(absl::Seconds(40));
    Require(shop.feed_->Guard());
    return age() >= 40;
  }));
  slow.Commit();
  REQUIRE(Eventually([&] {
    Require(shop.feed_->Guard());
    return age() < 1;
  }));
}

}  // namespace cloudpos::events
