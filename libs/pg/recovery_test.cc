// What happens when connections break, servers die and transactions collide.

#include <signal.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <future>
#include <thread>

#include "libs/base/clock.h"
#include "libs/pg/pg.h"
#include "libs/pg/test_schema.h"
#include "libs/testing/database_cluster.h"
#include "libs/testing/database_proxy.h"

namespace cloudpos::pg {
namespace {

using namespace std::chrono_literals;

constexpr Query kInsertNote{"insert_note", R"sql(
  INSERT INTO pgtest.notes (tenant_id, note_id, body) VALUES ($1, $2, $3))sql"};
constexpr Query kCountNotes{"count_notes", "SELECT count(*) AS n FROM pgtest.notes"};
constexpr Query kBodies{"bodies", "SELECT body FROM pgtest.notes ORDER BY note_id"};
constexpr Query kSleep{"sleep", "SELECT pg_sleep($1::float8)"};
constexpr Query kBackend{"backend", "SELECT pg_backend_pid() AS pid"};
constexpr Query kTenant{"tenant", "SELECT current_setting('app.tenant', true) AS tenant"};
constexpr Query kTerminate{"terminate", "SELECT pg_terminate_backend($1::int4, 5000)"};
constexpr Query kTouch{"touch_note",
                       "UPDATE pgtest.notes SET body = body || '.' WHERE note_id = $1"};

int32_t BackendOf(Pool& pool) { return (*pool.Exec({}, kBackend))[0].Get<int32_t>("pid"); }

int64_t Count(Pool& pool) {
  const auto rows = pool.Exec({.tenant = kTenantA}, kCountNotes);
  REQUIRE(rows.status().ToString() == "OK");
  return (*rows)[0].Get<int64_t>("n");
}

PoolOptions Through(const testing::DatabaseProxy& proxy, int connections = 2) {
  return {.dsn = proxy.Dsn(), .application_name = "pgtest", .connections = connections};
}

// The pool promises to serve 1 s after PostgreSQL is back; a busy machine gets more.
bool RecoversWithin(Pool& pool, std::chrono::milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (std::chrono::steady_clock::now() < end) {
    if (pool.Exec({}, kBackend).ok()) return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

TEST_CASE("backend ended mid-statement → outcome unknown, then a new session", "[pg][store]") {
  const testing::Database database("pgtest", TestSets());
  Pool pool(OptionsFor(database, "rw", 1));
  Pool admin(OptionsFor(database, "admin", 1));
  const int32_t pid = BackendOf(pool);
  auto killer = std::async(std::launch::async, [&] {
    std::this_thread::sleep_for(150ms);
    return admin.Exec({}, kTerminate, pid).status();
  });
  const absl::Status status = pool.Exec({}, kSleep, "5").status();
  CHECK(killer.get().ok());
  CHECK(status.code() == absl::StatusCode::kUnavailable);
  CHECK(IsOutcomeUnknown(status));
  CHECK(IsTransient(status));
  CHECK(BackendOf(pool) != pid);
}

TEST_CASE("session ended while idle → the next statement runs in a new one with its tenant",
          "[pg][store]") {
  const testing::Database database("pgtest", TestSets());
  Pool pool(OptionsFor(database, "rw", 1));
  Pool admin(OptionsFor(database, "admin", 1));
  const CallOptions as_a{.tenant = kTenantA};
  REQUIRE((*pool.Exec(as_a, kTenant))[0].Get<std::string>("tenant") == kTenantA.ToString());
  REQUIRE(admin.Exec({}, kTerminate, BackendOf(pool)).ok());
  REQUIRE((*pool.Exec(as_a, kTenant))[0].Get<std::string>("tenant") == kTenantA.ToString());
  REQUIRE(admin.Exec({}, kTerminate, BackendOf(pool)).ok());
  const auto read = [](Tx& tx) -> absl::StatusOr<std::string> {
    const auto rows = tx.Exec(kTenant);
    return (*rows)[0].Get<std::string>("tenant");
  };
  const auto seen = Transact(pool, {.tenant = kTenantB}, read);
  CHECK(*seen == kTenantB.ToString());
}

TEST_CASE("session ended inside a transaction → known not to have happened", "[pg][store]") {
  const testing::Database database("pgtest", TestSets());
  Pool pool(OptionsFor(database, "rw"));
  Pool admin(OptionsFor(database, "admin", 1));
  const absl::Status status = Transact(pool, {.tenant = kTenantA}, [&](Tx& tx) -> absl::Status {
    CHECK(tx.Exec(kInsertNote, kTenantA, 1, "a").ok());
    const auto pid = (*tx.Exec(kBackend))[0].Get<int32_t>("pid");
    CHECK(admin.Exec({}, kTerminate, pid).ok());
    return tx.Exec(kInsertNote, kTenantA, 2, "b").status();
  });
  CHECK(status.code() == absl::StatusCode::kUnavailable);
  CHECK_FALSE(IsOutcomeUnknown(status));
  CHECK(Count(pool) == 0);
}

TEST_CASE("connection lost while COMMIT answers → outcome unknown, and it did happen",
          "[pg][store]") {
  const testing::Database database("pgtest", TestSets());
  testing::DatabaseProxy proxy(database.Dsn("rw"));
  Pool pool(Through(proxy));
  const absl::Status status = Transact(pool, {.tenant = kTenantA}, [&](Tx& tx) -> absl::Status {
    CHECK(tx.Exec(kInsertNote, kTenantA, 1, "a").ok());
    proxy.CutOnReply("COMMIT");
    return absl::OkStatus();
  });
  CHECK(status.code() == absl::StatusCode::kUnavailable);
  CHECK(IsOutcomeUnknown(status));
  CHECK(Count(pool) == 1);
}

TEST_CASE("answer to one statement lost → outcome unknown, never run twice", "[pg][store]") {
  const testing::Database database("pgtest", TestSets());
  testing::DatabaseProxy proxy(database.Dsn("rw"));
  Pool pool(Through(proxy));
  proxy.CutOnReply("INSERT 0 1");
  const absl::Status status =
      pool.Exec({.tenant = kTenantA}, kInsertNote, kTenantA, 1, "a").status();
  CHECK(IsOutcomeUnknown(status));
  CHECK(Count(pool) == 1);
}

TEST_CASE("host stops answering → statements end by the watchdog, then recovery", "[pg][store]") {
  const testing::Database database("pgtest", TestSets());
  testing::DatabaseProxy proxy(database.Dsn("rw"));
  Pool pool(Through(proxy, 1));
  REQUIRE(pool.Ping());
  proxy.Stall(true);
  const auto begin = std::chrono::steady_clock::now();
  const absl::Time deadline = base::SystemClock().Now() + absl::Milliseconds(300);
  const absl::Status status = pool.Exec({.deadline = deadline}, kBackend).status();
  CHECK(status.code() == absl::StatusCode::kDeadlineExceeded);
  CHECK(IsTransient(status));
  CHECK(std::chrono::steady_clock::now() - begin < 3s);
  proxy.Stall(false);
  CHECK(RecoversWithin(pool, 4s));
}

TEST_CASE(
    "PostgreSQL refuses connections → borrowers fail at once without a stampede, then recovery",
    "[pg][store]") {
  const testing::Database database("pgtest", TestSets());
  testing::DatabaseProxy proxy(database.Dsn("rw"));
  Pool pool(Through(proxy, 8));
  REQUIRE(pool.Ping());
  proxy.Cut(true);
  const int before = proxy.accepted();
  std::vector<std::thread> callers;
  std::atomic<int> failures = 0;
  std::atomic<int64_t> slowest_ms = 0;
  const auto end = std::chrono::steady_clock::now() + 1s;
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&] {
      while (std::chrono::steady_clock::now() < end) {
        const auto begin = std::chrono::steady_clock::now();
        if (!pool.Exec({}, kBackend).ok()) ++failures;
        const auto took = std::chrono::steady_clock::now() - begin;
        slowest_ms = std::max<int64_t>(slowest_ms, took / 1ms);
        std::this_thread::sleep_for(1ms);
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  CHECK(failures > 100);
  CHECK(slowest_ms < 2500);  // who waits for PostgreSQL waits for seconds
  CHECK(proxy.accepted() - before < 20);
  proxy.Cut(false);
  CHECK(RecoversWithin(pool, 4s));
}

TEST_CASE("deadlock → the victim runs again and both commit", "[pg][store]") {
  const testing::Database database("pgtest", TestSets());
  Pool pool(OptionsFor(database, "rw"));
  for (const int64_t id : {1, 2}) {
    REQUIRE(pool.Exec({.tenant = kTenantA}, kInsertNote, kTenantA, id, std::to_string(id)).ok());
  }
  std::atomic<int> holders = 0;
  std::atomic<int> runs = 0;
  const auto update = [&](int64_t first, int64_t second) {
    return Transact(pool, {.tenant = kTenantA}, [&](Tx& tx) -> absl::Status {
      ++runs;
      if (auto done = tx.Exec(kTouch, first); !done.ok()) return done.status();
      ++holders;
      for (int i = 0; i < 2000 && holders < 2; ++i) std::this_thread::sleep_for(5ms);
      return tx.Exec(kTouch, second).status();
    });
  };
  auto other = std::async(std::launch::async, [&] { return update(2, 1); });
  CHECK(update(1, 2).ToString() == "OK");
  CHECK(other.get().ToString() == "OK");
  CHECK(runs >= 3);  // more when the victim is back before the other has been woken
  const auto notes = pool.Exec({.tenant = kTenantA}, kBodies);
  REQUIRE(notes.ok());
  CHECK((*notes)[0].Get<std::string>("body") == "1..");
  CHECK((*notes)[1].Get<std::string>("body") == "2..");
}

TEST_CASE("serialization failure → run again at most `attempts` times, then CONFLICT",
          "[pg][store]") {
  const testing::Database database("pgtest", TestSets());
  Pool pool(OptionsFor(database, "rw"));
  REQUIRE(pool.Exec({.tenant = kTenantA}, kInsertNote, kTenantA, 1, "a").ok());
  int runs = 0;
  const auto losing = [&](int losses) {
    runs = 0;
    return Transact(pool, {.tenant = kTenantA, .repeatable_read = true, .attempts = 3},
                    [&](Tx& tx) -> absl::Status {
                      CHECK(tx.Exec(kCountNotes).ok());  // takes the snapshot
                      if (++runs <= losses) {
                        CHECK(pool.Exec({.tenant = kTenantA}, kTouch, 1).ok());
                      }
                      return tx.Exec(kTouch, 1).status();
                    });
  };
  CHECK(losing(2).ok());
  CHECK(runs == 3);
  const absl::Status lost = losing(9);
  CHECK(runs == 3);
  CHECK(lost.code() == absl::StatusCode::kAborted);
  CHECK(SqlStateOf(lost) == "40001");
  CHECK(IsTransient(lost));
}

TEST_CASE("schema changes under a prepared statement → the session is replaced", "[pg][store]") {
  const testing::Database database("pgtest", TestSets());
  Pool pool(OptionsFor(database, "rw", 1));
  Pool owner(OptionsFor(database, "owner", 1));
  constexpr Query kShape{"shape", "SELECT tenant_id, note_id FROM pgtest.notes"};
  constexpr Query kWiden{"widen", "ALTER TABLE pgtest.notes ALTER COLUMN note_id TYPE numeric(20)"};
  REQUIRE(pool.Exec({}, kShape).ok());
  REQUIRE(owner.Exec({}, kWiden).status().ToString() == "OK");
  pool.Exec({}, kShape).status().IgnoreError();  // may say that its plan is out of date
  CHECK(pool.Exec({}, kShape).ok());
}

TEST_CASE("server killed, stopped and frozen → each time the pool recovers by itself",
          "[pg][store][slow]") {
  testing::Cluster cluster;
  Pool pool({.dsn = cluster.Dsn(), .application_name = "pgtest", .connections = 2});
  REQUIRE(pool.Ping());

  // A backend is killed mid-statement.
  const int32_t pid = BackendOf(pool);
  std::thread killer([&] {
    std::this_thread::sleep_for(200ms);
    cluster.Signal(pid, SIGKILL);
  });
  const absl::Status killed = pool.Exec({}, kSleep, "5").status();
  killer.join();
  CHECK(IsOutcomeUnknown(killed));
  CHECK(RecoversWithin(pool, 20s));  // the server's own crash recovery included

  // The server restarts.
  cluster.Stop();
  const absl::Status down = pool.Exec({}, kBackend).status();
  CHECK(down.code() == absl::StatusCode::kUnavailable);
  CHECK_FALSE(IsOutcomeUnknown(down));
  cluster.Start();
  CHECK(RecoversWithin(pool, 4s));

  // The postmaster is killed.
  cluster.Signal(cluster.postmaster(), SIGKILL);
  cluster.Start();
  CHECK(RecoversWithin(pool, 4s));

  // A backend freezes.
  const int32_t frozen = BackendOf(pool);
  cluster.Signal(frozen, SIGSTOP);
  const absl::Time deadline = base::SystemClock().Now() + absl::Milliseconds(300);
  const absl::Status status = pool.Exec({.deadline = deadline}, kBackend).status();
  CHECK(status.code() == absl::StatusCode::kDeadlineExceeded);
  CHECK(RecoversWithin(pool, 4s));
  cluster.Signal(frozen, SIGCONT);
}

}  // namespace
}  // namespace cloudpos::pg
