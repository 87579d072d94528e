#include "libs/pg/pg.h"

#include <catch2/catch.hpp>
#include <thread>

#include "libs/base/clock.h"
#include "libs/pg/test_schema.h"

namespace cloudpos::pg {
namespace {

constexpr Query kInsertNote{"insert_note", R"sql(
  INSERT INTO pgtest.notes (tenant_id, note_id, body, parent_id) VALUES ($1, $2, $3, $4))sql"};
constexpr Query kSelectNotes{"select_notes", R"sql(
  SELECT note_id, body, parent_id FROM pgtest.notes ORDER BY note_id)sql"};
constexpr Query kCountNotes{"count_notes", "SELECT count(*) AS n FROM pgtest.notes"};
constexpr Query kSleep{"sleep", "SELECT pg_sleep($1::float8)"};
constexpr Query kBackend{"backend", "SELECT pg_backend_pid() AS pid"};

absl::Status Insert(Pool& pool, const base::Uuid& tenant, int64_t id, const std::string& body,
                    std::optional<int64_t> parent = std::nullopt) {
  return pool.Exec({.tenant = tenant}, kInsertNote, tenant, id, body, parent).status();
}

int64_t Count(Pool& pool, const base::Uuid& tenant) {
  const auto rows = pool.Exec({.tenant = tenant}, kCountNotes);
  REQUIRE(rows.status().ToString() == "OK");
  return (*rows)[0].Get<int64_t>("n");
}

TEST_CASE("Exec: every type travels to PostgreSQL and back", "[pg][store]") {
  const testing::Database database("pgtest", TestSets());
  Pool pool(OptionsFor(database, "rw"));
  constexpr Query kEcho{"echo", R"sql(
    SELECT $1::bool AS flag, $2::int4 AS small, $3::int8 AS big, $4::text AS words,
           $5::uuid AS id, $6::timestamptz AS at, $7::date AS day, $8::bytea AS bytes,
           $9::int8[] AS numbers, $10::text[] AS texts, $11::uuid[] AS ids, $12::bytea[] AS blobs,
           $13::bool[] AS flags, $14::text AS missing, $15::jsonb AS doc, $16::text[] AS holes)sql"};
  const absl::Time at = absl::FromUnixMicros(1'767'607'200'123'456);
  const std::vector<std::string> texts = {"a", "", "b,\"c\"", "NULL"};
  const std::vector<std::optional<std::string>> holes = {"x", std::nullopt};
  const std::string blob("\0\xff'", 3);
  const auto rows =
      pool.Exec({}, kEcho, true, 7, int64_t{1} << 53, "o'clock", kTenantA, at,
                absl::CivilDay(2026, 1, 5), Bytes{blob}, std::vector<int64_t>{-1, 2}, texts,
                std::vector<base::Uuid>{kTenantA, kTenantB}, std::vector<Bytes>{{blob}},
                std::vector<bool>{true, false}, nullptr, Json{R"({"a": 1})"}, holes);
  REQUIRE(rows.status().ToString() == "OK");
  const Row row = (*rows)[0];
  CHECK(row.Get<bool>("flag"));
  CHECK(row.Get<int32_t>("small") == 7);
  CHECK(row.Get<int64_t>("big") == int64_t{1} << 53);
  CHECK(row.Get<std::string>("words") == "o'clock");
  CHECK(row.Get<base::Uuid>("id") == kTenantA);
  CHECK(row.Get<absl::Time>("at") == at);
  CHECK(row.Get<absl::CivilDay>("day") == absl::CivilDay(2026, 1, 5));
  CHECK(row.Get<Bytes>("bytes").value == blob);
  CHECK(row.Get<std::vector<int64_t>>("numbers") == std::vector<int64_t>{-1, 2});
  CHECK(row.Get<std::vector<std::string>>("texts") == texts);
  CHECK(row.Get<std::vector<base::Uuid>>("ids") == std::vector<base::Uuid>{kTenantA, kTenantB});
  CHECK(row.Get<std::vector<Bytes>>("blobs")[0].value == blob);
  CHECK(row.Get<std::vector<bool>>("flags") == std::vector<bool>{true, false});
  CHECK(row.is_null("missing"));
  CHECK(row.Get<std::optional<std::string>>("missing") == std::nullopt);
  CHECK(row.Get<std::optional<int64_t>>("big") == int64_t{1} << 53);
  CHECK(row.Get<Json>("doc").value == R"({"a": 1})");
  CHECK(row.Get<std::vector<std::optional<std::string>>>("holes") == holes);
}

TEST_CASE("Exec: text with a NUL is refused rather than cut off", "[pg][store]") {
  const testing::Database database("pgtest", TestSets());
  Pool pool(OptionsFor(database, "rw"));
  const absl::Status status = Insert(pool, kTenantA, 1, std::string("a\0b", 3));
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK(Count(pool, kTenantA) == 0);
}

TEST_CASE("Exec: violated constraints answer their name", "[pg][store]") {
  const testing::Database database("pgtest", TestSets());
  Pool pool(OptionsFor(database, "rw"));
  REQUIRE(Insert(pool, kTenantA, 1, "one").ok());
  const absl::Status taken = Insert(pool, kTenantA, 2, "one");
  CHECK(taken.code() == absl::StatusCode::kAlreadyExists);
  CHECK(SqlStateOf(taken) == "23505");
  CHECK(ConstraintOf(taken) == "notes_body_key");
  CHECK_FALSE(IsTransient(taken));
  const absl::Status orphan = Insert(pool, kTenantA, 3, "three", 99);
  CHECK(orphan.code() == absl::StatusCode::kFailedPrecondition);
  CHECK(ConstraintOf(orphan) == "notes_parent_fkey");
  const absl::Status blank = Insert(pool, kTenantA, 4, "");
  CHECK(blank.code() == absl::StatusCode::kInternal);
  CHECK(ConstraintOf(blank) == "notes_body_check");
}

TEST_CASE("Exec: data cannot forge the name of the constraint", "[pg][store]") {
  const testing::Database database("pgtest", TestSets());
  Pool pool(OptionsFor(database, "rw"));
  const std::string body = "x\nCONSTRAINT NAME:  forged\n";
  REQUIRE(Insert(pool, kTenantA, 1, body).ok());
  const absl::Status taken = Insert(pool, kTenantA, 2, body);
  CHECK(ConstraintOf(taken) == "notes_body_key");
  CHECK(taken.ToString().find("forged") == std::string::npos);
}

TEST_CASE("Row-level security: a tenant sees and writes its own rows only", "[pg][store]") {
  const testing::Database database("pgtest", TestSets());
  Pool pool(OptionsFor(database, "rw", 1));
  REQUIRE(Insert(pool, kTenantA, 1, "a").ok());
  REQUIRE(Insert(pool, kTenantB, 1, "b").ok());
  CHECK(Count(pool, kTenantA) == 1);
  CHECK(Count(pool, kTenantB) == 1);
  CHECK(Count(pool, base::Uuid()) == 0);
  const auto rows = pool.Exec({.tenant = kTenantB}, kSelectNotes);
  CHECK((*rows)[0].Get<std::string>("body") == "b");
  const auto foreign = pool.Exec({.tenant = kTenantA}, kInsertNote, kTenantB, 2, "c", nullptr);
  CHECK(SqlStateOf(foreign.status()) == "42501");

  Pool worker(OptionsFor(database, "worker", 1));
  CHECK(Count(worker, base::Uuid()) == 2);
  Pool reader(OptionsFor(database, "ro", 1));
  CHECK(Count(reader, base::Uuid()) == 2);
  CHECK(SqlStateOf(Insert(reader, kTenantA, 9, "z")) == "42501");
}

TEST_CASE("Transact: the tenant of a transaction does not outlive it", "[pg][store]") {
  const testing::Database database("pgtest", TestSets());
  Pool pool(OptionsFor(database, "rw", 1));
  REQUIRE(Insert(pool, kTenantA, 1, "a").ok());
  for (const bool commit : {true, false}) {
    const absl::Status status = Transact(pool, {.tenant = kTenantB}, [&](Tx& tx) -> absl::Status {
      const auto rows = tx.Exec(kCountNotes);
      CHECK((*rows)[0].Get<int64_t>("n") == 0);
      return commit ? absl::OkStatus() : absl::CancelledError();
    });
    CHECK(status.ok() == commit);
    CHECK(Count(pool, kTenantA) == 1);
  }
}

TEST_CASE("Transact: commits on OK, rolls back otherwise", "[pg][store]") {
  const testing::Database database("pgtest", TestSets());
  Pool pool(OptionsFor(database, "rw"));
  const auto insert = [&](int64_t id, absl::Status answer) {
    return Transact(pool, {.tenant = kTenantA}, [&](Tx& tx) -> absl::StatusOr<int64_t> {
      const auto done = tx.Exec(kInsertNote, kTenantA, id, std::to_string(id), nullptr);
      CHECK(done.ok());
      if (!answer.ok()) return answer;
      return id;
    });
  };
  CHECK(*insert(1, absl::OkStatus()) == 1);
  CHECK(insert(2, absl::NotFoundError("x")).status().code() == absl::StatusCode::kNotFound);
  CHECK(Count(pool, kTenantA) == 1);
}

TEST_CASE("Transact: a failed statement the body ignored is not committed as success",
          "[pg][store]") {
  const testing::Database database("pgtest", TestSets());
  Pool pool(OptionsFor(database, "rw"));
  const absl::Status status = Transact(pool, {.tenant = kTenantA}, [&](Tx& tx) -> absl::Status {
    CHECK(tx.Exec(kInsertNote, kTenantA, 1, "a", nullptr).ok());
    CHECK_FALSE(tx.Exec(kInsertNote, kTenantA, 1, "b", nullptr).ok());
    return absl::OkStatus();
  });
  CHECK(status.code() == absl::StatusCode::kAlreadyExists);
  CHECK(Count(pool, kTenantA) == 0);
}

TEST_CASE("Transact: a deferred constraint fails at COMMIT with a known outcome", "[pg][store]") {
  const testing::Database database("pgtest", TestSets());
  Pool pool(OptionsFor(database, "rw"));
  const absl::Status status = Transact(pool, {.tenant = kTenantA}, [&](Tx& tx) -> absl::Status {
    CHECK(tx.ExecScript("SET CONSTRAINTS ALL DEFERRED").ok());
    return tx.Exec(kInsertNote, kTenantA, 1, "a", 99).status();
  });
  CHECK(ConstraintOf(status) == "notes_parent_fkey");
  CHECK_FALSE(IsOutcomeUnknown(status));
  CHECK(Count(pool, kTenantA) == 0);
}

TEST_CASE("Transact: read only refuses to write, repeatable read keeps its view", "[pg][store]") {
  const testing::Database database("pgtest", TestSets());
  Pool pool(OptionsFor(database, "rw"));
  const absl::Status status =
      Transact(pool, {.tenant = kTenantA, .read_only = true}, [&](Tx& tx) -> absl::Status {
        return tx.Exec(kInsertNote, kTenantA, 1, "a", nullptr).status();
      });
  CHECK(SqlStateOf(status) == "25006");
  const absl::Status view =
      Transact(pool, {.tenant = kTenantA, .repeatable_read = true}, [&](Tx& tx) -> absl::Status {
        CHECK((*tx.Exec(kCountNotes))[0].Get<int64_t>("n") == 0);
        CHECK(Insert(pool, kTenantA, 1, "a").ok());
        CHECK((*tx.Exec(kCountNotes))[0].Get<int64_t>("n") == 0);
        return absl::OkStatus();
      });
  CHECK(view.ok());
}

TEST_CASE("Pool: a busy pool refuses after the borrow timeout", "[pg][store]") {
  const testing::Database database("pgtest", TestSets());
  PoolOptions options = OptionsFor(database, "rw", 1);
  options.borrow_timeout = std::chrono::milliseconds(50);
  Pool pool(options);
  const absl::Status held = Transact(pool, {}, [&](Tx&) -> absl::Status {
    const auto refused = pool.Exec({}, kBackend);
    CHECK(refused.status().code() == absl::StatusCode::kUnavailable);
    CHECK(IsTransient(refused.status()));
    return absl::OkStatus();
  });
  CHECK(held.ok());
  CHECK(pool.Ping());
}

TEST_CASE("Pool: sessions are reused", "[pg][store]") {
  const testing::Database database("pgtest", TestSets());
  Pool pool(OptionsFor(database, "rw"));
  const int32_t first = (*pool.Exec({}, kBackend))[0].Get<int32_t>("pid");
  for (int i = 0; i < 10; ++i) {
    CHECK((*pool.Exec({}, kBackend))[0].Get<int32_t>("pid") == first);
  }
}

TEST_CASE("Timeouts: statement and lock timeouts answer by SQLSTATE", "[pg][store]") {
  const testing::Database database("pgtest", TestSets());
  PoolOptions options = OptionsFor(database, "rw");
  options.statement_timeout = std::chrono::milliseconds(200);
  options.lock_timeout = std::chrono::milliseconds(50);
  Pool pool(options);
  const absl::Status slow = pool.Exec({}, kSleep, "1").status();
  CHECK(slow.code() == absl::StatusCode::kDeadlineExceeded);
  CHECK(SqlStateOf(slow) == "57014");
  CHECK(IsTransient(slow));
  CHECK_FALSE(IsOutcomeUnknown(slow));

  REQUIRE(Insert(pool, kTenantA, 1, "a").ok());
  constexpr Query kLock{"lock_note", "SELECT note_id FROM pgtest.notes FOR UPDATE"};
  const absl::Status outer = Transact(pool, {.tenant = kTenantA}, [&](Tx& tx) -> absl::Status {
    CHECK(tx.Exec(kLock).ok());
    const absl::Status blocked = pool.Exec({.tenant = kTenantA}, kLock).status();
    CHECK(SqlStateOf(blocked) == "55P03");
    CHECK(blocked.code() == absl::StatusCode::kUnavailable);
    return absl::OkStatus();
  });
  CHECK(outer.ok());
}

TEST_CASE("Deadlines: nothing starts late, statements are cut off", "[pg][store]") {
  const testing::Database database("pgtest", TestSets());
  Pool pool(OptionsFor(database, "rw"));
  REQUIRE(pool.Ping());
  const auto late = pool.Exec({.deadline = base::SystemClock().Now() - absl::Seconds(1)}, kBackend);
  CHECK(late.status().code() == absl::StatusCode::kDeadlineExceeded);
  const absl::Time begin = base::SystemClock().Now();
  const absl::Status cut = Transact(pool, {.deadline = begin + absl::Milliseconds(200)},
                                    [&](Tx& tx) { return tx.Exec(kSleep, "5").status(); });
  CHECK(cut.code() == absl::StatusCode::kDeadlineExceeded);
  CHECK(base::SystemClock().Now() - begin < absl::Seconds(3));
  const absl::Time again = base::SystemClock().Now();
  const auto cut_alone = pool.Exec({.deadline = again + absl::Milliseconds(200)}, kSleep, "5");
  CHECK(cut_alone.status().code() == absl::StatusCode::kDeadlineExceeded);
  CHECK(base::SystemClock().Now() - again < absl::Seconds(3));
  CHECK(pool.Ping());
}

}  // namespace
}  // namespace cloudpos::pg
