#pragma once

// A shop that is producer and consumer at once: its database, events to sell, and a consumer whose
// effects can be counted.

#include <atomic>
#include <functional>
#include <memory>
#include <pqxx/pqxx>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "catch2/catch.hpp"
#include "libs/base/clock.h"
#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/base/ids.h"
#include "libs/base/status_macros.h"
#include "libs/events/applier.h"
#include "libs/events/cursor.h"
#include "libs/events/events.h"
#include "libs/metrics/metrics.h"
#include "libs/pg/pg.h"
#include "libs/testing/database.h"

namespace cloudpos::events {

using common::v1::PullRequest;
using common::v1::PullResponse;
using common::v1::SnapshotRequest;
using common::v1::SnapshotResponse;

inline const std::vector<pg::MigrationSet>& ShopSets() {
  static const std::vector<pg::Migration> effects = {{1, "0001_create_effects", R"sql(
    CREATE TABLE {{schema}}.facts (
      tenant_id uuid NOT NULL, event_id uuid NOT NULL, aggregate_id text NOT NULL,
      place bigint NOT NULL GENERATED ALWAYS AS IDENTITY, PRIMARY KEY (tenant_id, event_id));
    CREATE TABLE {{schema}}.totals (tenant_id uuid PRIMARY KEY, facts bigint NOT NULL);
    GRANT SELECT, INSERT, UPDATE, DELETE ON {{schema}}.facts, {{schema}}.totals
      TO {{schema}}_worker;
  )sql"}};
  static const std::vector<pg::MigrationSet> sets = {Migrations(), {"shop", &effects}};
  return sets;
}

inline absl::Time RealNow() { return base::SystemClock().Now(); }
inline absl::Time In(absl::Duration time) { return RealNow() + time; }

/// Thrown, which ends a case as REQUIRE does: Catch's macros are for one thread only.
inline void Require(const absl::Status& status) {
  if (!status.ok()) throw std::runtime_error(status.ToString());
}

template <typename T>
T Value(absl::StatusOr<T> value) {
  Require(value.status());
  return *std::move(value);
}

/// True when the role had no right to do this.
inline bool IsForbidden(const absl::Status& status) {
  return status.ToString().find("42501") != std::string::npos;
}

/// Waits for what another thread, or another transaction of the cluster, will make true.
inline bool Eventually(const std::function<bool()>& is_true,
                       absl::Duration patience = absl::Seconds(10)) {
  const absl::Time end = In(patience);
  while (!is_true()) {
    if (RealNow() > end) return false;
    absl::SleepFor(absl::Milliseconds(5));
  }
  return true;
}

class Shop {
 public:
  Shop() : database_("shop", ShopSets()) {
    rw_ = MakePool("rw");
    worker_ = MakePool("worker");
    tenant_ = ids_.NewId();
    FeedOptions options;
    options.has_guard_thread = false;
    RestartFeed(std::move(options));
  }

  std::unique_ptr<pg::Pool> MakePool(const std::string& role) {
    return std::make_unique<pg::Pool>(pg::PoolOptions{
        .dsn = database_.Dsn(role), .application_name = "events_test", .connections = 6});
  }

  void RestartFeed(FeedOptions options) {
    options.producer = "shop";
    options.pool = worker_.get();
    options.clock = &clock_;
    feed_.reset();
    feed_ = std::make_unique<Feed>(std::move(options));
  }

  NewEvent NewSale(const std::string& sale, std::string payload = "sold") {
    return {.event_id = ids_.NewId(),
            .tenant = tenant_,
            .aggregate_type = "sale",
            .aggregate_id = sale,
            .event_type = "shop.Sold",
            .payload = std::move(payload),
            .traceparent = {}};
  }

  NewEvent Sell(const std::string& sale, std::string payload = "sold") {
    NewEvent event = NewSale(sale, std::move(payload));
    Write(event);
    return event;
  }

  void Write(const NewEvent& event) {
    Require(pg::Transact(*rw_, {.tenant = event.tenant},
                         [&](pg::Tx& tx) { return Append(tx, event); }));
  }

  /// Also waits until the feed may show them: other tests' transactions in the same cluster hold
  /// the horizon back for a while.
  void SellMany(int count, const std::string& payload = "sold") {
    std::vector<NewEvent> events;
    for (int i = 0; i < count; ++i) events.push_back(NewSale(std::to_string(i), payload));
    Require(pg::Transact(*rw_, {.tenant = tenant_},
                         [&](pg::Tx& tx) { return AppendAll(tx, events); }));
    Require(Eventually(
                [&] {
                  return Count("SELECT count(*) FROM outbox WHERE txid >= "
                               "pg_snapshot_xmin(pg_current_snapshot())") == 0;
                },
                absl::Seconds(20))
                ? absl::OkStatus()
                : absl::DeadlineExceededError("the horizon is held back"));
  }

  /// SQL as superuser, in a transaction of its own.
  pqxx::result Admin(const std::string& sql) {
    pqxx::connection connection(database_.Dsn("admin"));
    pqxx::work work(connection);
    work.exec("SET search_path = shop");
    pqxx::result result = work.exec(sql);
    work.commit();
    return result;
  }
  int64_t Count(const std::string& sql) { return Admin(sql)[0][0].as<int64_t>(); }

  absl::StatusOr<PullResponse> Pull(const std::string& cursor, int limit = 0,
                                    const std::string& consumer = "reader") {
    PullRequest request;
    request.set_consumer(consumer);
    request.set_cursor(cursor);
    request.set_limit(limit);
    PullResponse response;
    CLOUDPOS_RETURN_IF_ERROR(feed_->Pull(request, In(absl::Seconds(10)), &response));
    return response;
  }

  /// Pulls until all committed before the call was seen; answers the sales, moves `cursor`.
  std::vector<std::string> ReadOn(std::string* cursor, int limit = 0) {
    std::vector<std::string> sales;
    uint64_t head = 0;
    const bool is_read = Eventually([&] {
      const PullResponse page = Value(Pull(*cursor, limit));
      if (head == 0) head = page.head();
      for (const Event& event : page.events()) sales.push_back(event.aggregate_id());
      *cursor = page.cursor();
      return !page.more() && page.horizon() >= head;
    });
    REQUIRE(is_read);
    return sales;
  }

  absl::StatusOr<std::vector<SnapshotResponse>> Snapshot() {
    SnapshotRequest request;
    request.set_consumer("reader");
    std::vector<SnapshotResponse> messages;
    CLOUDPOS_RETURN_IF_ERROR(
        feed_->Snapshot(request, In(absl::Seconds(30)), [&](const SnapshotResponse& message) {
          messages.push_back(message);
          return absl::OkStatus();
        }));
    return messages;
  }

  testing::Database database_;
  base::FakeClock clock_{absl::FromUnixSeconds(absl::ToUnixSeconds(RealNow()))};
  base::RandomIdSource ids_;
  base::Uuid tenant_;
  std::unique_ptr<pg::Pool> rw_;
  std::unique_ptr<pg::Pool> worker_;
  std::unique_ptr<Feed> feed_;
};

/// A transaction left open, as a slow import is.
class OpenTransaction {
 public:
  explicit OpenTransaction(Shop& shop, const char* isolation = "READ COMMITTED")
      : shop_(shop), connection_(shop.database_.Dsn("rw")) {
    pqxx::nontransaction(connection_).exec("SET app.tenant = '" + shop.tenant_.ToString() + "'");
    nontransaction_ = std::make_unique<pqxx::nontransaction>(connection_);
    nontransaction_->exec(std::string("BEGIN ISOLATION LEVEL ") + isolation);
  }
  pqxx::result Run(const std::string& sql) { return nontransaction_->exec(sql); }
  void Sell(const std::string& sale) {
    Run("INSERT INTO outbox (event_id, tenant_id, aggregate_type, aggregate_id, event_type) "
        "VALUES ('" + shop_.ids_.NewId().ToString() + "', '" + shop_.tenant_.ToString() +
        "', 'sale', '" + sale + "', 'shop.Sold')");
  }
  void Commit() { Run("COMMIT"); }
  void Rollback() { Run("ROLLBACK"); }

 private:
  Shop& shop_;
  pqxx::connection connection_;
  std::unique_ptr<pqxx::nontransaction> nontransaction_;
};

using Sales = std::vector<std::string>;

}  // namespace cloudpos::events
