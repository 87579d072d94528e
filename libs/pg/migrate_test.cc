#include "libs/pg/migrate.h"

#include <catch2/catch.hpp>
#include <future>

#include "libs/pg/test_schema.h"
#include "libs/testing/database_keys.h"

namespace cloudpos::pg {
namespace {

// A provisioned service without tables of its own.
const std::vector<Migration> kNothing;
const std::vector<MigrationSet> kNoSets = {{"pgtest", &kNothing}};

constexpr Query kCountMigrations{"count_migrations",
                                 "SELECT count(*) AS n FROM pgtest.schema_migrations"};

absl::StatusOr<Migrated> Run(const testing::Database& database,
                             const std::vector<Migration>& migrations,
                             const std::string& set = "pgtest") {
  return Migrate(database.Dsn("owner"), "pgtest", {{set, &migrations}});
}

std::string Refusal(const absl::StatusOr<Migrated>& migrated) {
  return std::string(migrated.status().message());
}

TEST_CASE("Migrate: applies what is missing, in order, once", "[pg][store]") {
  const testing::Database database("pgtest", kNoSets);
  std::vector<Migration> all = {{1, "0001_a", "CREATE TABLE {{schema}}.a (x int)"}};
  auto done = Run(database, all);
  REQUIRE(done.status().ToString() == "OK");
  CHECK(done->applied == 1);
  all.push_back({2, "0002_b", "ALTER TABLE {{schema}}.a ADD y int; CREATE TABLE b (z int);"});
  done = Run(database, all);
  CHECK(done->applied == 1);
  CHECK(done->version == 2);
  CHECK(Run(database, all)->applied == 0);
  CHECK(*SchemaVersion(database.Dsn("rw"), "pgtest", "pgtest") == 2);
  CHECK(*SchemaVersion(database.Dsn("rw"), "pgtest", "other") == 0);
}

TEST_CASE("Migrate: sets count by themselves, the last one's version is answered", "[pg][store]") {
  const testing::Database database("pgtest", kNoSets);
  const std::vector<Migration> library = {{1, "0001_a", "CREATE TABLE {{schema}}.a (x int)"},
                                          {2, "0002_b", "CREATE TABLE {{schema}}.b (x int)"}};
  const std::vector<Migration> service = {{1, "0001_c", "CREATE TABLE {{schema}}.c (x int)"}};
  const auto done =
      Migrate(database.Dsn("owner"), "pgtest", {{"library", &library}, {"pgtest", &service}});
  CHECK(done->applied == 3);
  CHECK(done->version == 1);
  CHECK(*SchemaVersion(database.Dsn("ro"), "pgtest", "library") == 2);
}

TEST_CASE("Migrate: a changed file is an error that names it, and nothing runs", "[pg][store]") {
  const testing::Database database("pgtest", kNoSets);
  std::vector<Migration> all = {{1, "0001_create_a", "CREATE TABLE {{schema}}.a (x int)"}};
  REQUIRE(Run(database, all).ok());
  all[0].sql += " ";
  all.push_back({2, "0002_b", "CREATE TABLE {{schema}}.b (x int)"});
  const auto refused = Run(database, all);
  CHECK(Refusal(refused).find("0001_create_a.sql") != std::string::npos);
  CHECK(*SchemaVersion(database.Dsn("owner"), "pgtest", "pgtest") == 1);
}

TEST_CASE("Migrate: a failing migration leaves nothing and is named with the reason",
          "[pg][store]") {
  const testing::Database database("pgtest", kNoSets);
  std::vector<Migration> all = {
      {1, "0001_half", "CREATE TABLE {{schema}}.a (x int); SELECT no_such_column"}};
  const auto refused = Run(database, all);
  CHECK(Refusal(refused).find("0001_half.sql") != std::string::npos);
  CHECK(Refusal(refused).find("no_such_column") != std::string::npos);
  CHECK(SqlStateOf(refused.status()) == "42703");
  all[0].sql = "CREATE TABLE {{schema}}.a (x int)";
  CHECK(Run(database, all)->applied == 1);
}

TEST_CASE("Migrate: versions out of order are refused", "[pg][domain]") {
  const testing::Database database("pgtest", kNoSets);
  CHECK_FALSE(Run(database, {{2, "0002_b", "SELECT 1"}, {1, "0001_a", "SELECT 1"}}).ok());
  CHECK_FALSE(Run(database, {{1, "0001_a", "SELECT 1"}, {1, "0001_b", "SELECT 1"}}).ok());
  CHECK_FALSE(Migrate(database.Dsn("owner"), "pg;test", kNoSets).ok());
}

TEST_CASE("Migrate: several migrators at once apply each migration exactly once", "[pg][store]") {
  const testing::Database database("pgtest", kNoSets);
  Pool admin(OptionsFor(database, "admin", 1));
  constexpr Query kForget{"forget", "DROP TABLE pgtest.schema_migrations"};
  REQUIRE(admin.Exec({}, kForget).ok());  // so that they meet at creating it too
  std::vector<Migration> all;
  for (int i = 1; i <= 5; ++i) {
    const std::string n = std::to_string(i);
    all.push_back({i, "000" + n + "_t", "CREATE TABLE {{schema}}.t" + n + " (x int)"});
  }
  all.push_back({6, "0006_i",
                 "-- no-transaction\nCREATE INDEX CONCURRENTLY IF NOT EXISTS t1_x ON {{schema}}.t1 (x)"});
  std::vector<std::future<absl::StatusOr<Migrated>>> migrators;
  for (int i = 0; i < 4; ++i) {
    migrators.push_back(std::async(std::launch::async, [&] { return Run(database, all); }));
  }
  int applied = 0;
  for (auto& migrator : migrators) {
    const auto done = migrator.get();
    REQUIRE(done.status().ToString() == "OK");
    applied += done->applied;
  }
  CHECK(applied == 6);
  CHECK((*admin.Exec({}, kCountMigrations))[0].Get<int64_t>("n") == 6);
}

TEST_CASE("Migrate: a no-transaction migration that died half-way is finished by the next run",
          "[pg][store]") {
  const testing::Database database("pgtest", kNoSets);
  const std::vector<Migration> first = {
      {1, "0001_a", "CREATE TABLE {{schema}}.a (x int); INSERT INTO {{schema}}.a VALUES (1), (1)"}};
  REQUIRE(Run(database, first).ok());
  std::vector<Migration> all = first;
  all.push_back({2, "0002_i", R"sql(-- no-transaction
    CREATE TABLE IF NOT EXISTS {{schema}}.b (x int);
    CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS a_x ON {{schema}}.a (x))sql"});
  CHECK(SqlStateOf(Run(database, all).status()) == "23505");  // leaves an invalid index behind
  Pool admin(OptionsFor(database, "admin", 1));
  constexpr Query kInvalid{"invalid", "SELECT count(*) AS n FROM pg_index WHERE NOT indisvalid"};
  CHECK((*admin.Exec({}, kInvalid))[0].Get<int64_t>("n") == 1);
  constexpr Query kRepair{"repair", "UPDATE pgtest.a SET x = 2 WHERE ctid = '(0,1)'"};
  REQUIRE(admin.Exec({}, kRepair).ok());
  CHECK(Run(database, all)->applied == 1);
  CHECK((*admin.Exec({}, kInvalid))[0].Get<int64_t>("n") == 0);
  CHECK(*SchemaVersion(database.Dsn("owner"), "pgtest", "pgtest") == 2);
}

TEST_CASE("Migrate: its lock does not keep services from reading their version", "[pg][store]") {
  const testing::Database database("pgtest", kNoSets);
  Pool owner(OptionsFor(database, "owner", 1));
  const absl::Status held = Transact(owner, {}, [&](Tx& tx) -> absl::Status {
    CHECK(tx.ExecScript("LOCK TABLE pgtest.schema_migrations IN EXCLUSIVE MODE").ok());
    // Services check their version meanwhile.
    CHECK(SchemaVersion(database.Dsn("rw"), "pgtest", "pgtest").ok());
    return absl::OkStatus();
  });
  CHECK(held.ok());
}

TEST_CASE("SchemaVersion: 0 before the first migration", "[pg][store]") {
  const testing::Database database("pgtest", kNoSets);
  CHECK(*SchemaVersion(database.Dsn("admin"), "nowhere", "pgtest") == 0);
  CHECK(*SchemaVersion(database.Dsn("rw"), "pgtest", "pgtest") == 0);
}

TEST_CASE("Roles: none is more than it must be", "[pg][store]") {
  const testing::Database database("pgtest", TestSets());
  Pool admin(OptionsFor(database, "admin", 1));
  constexpr Query kMighty{"mighty", R"sql(
    SELECT count(*) AS n FROM pg_roles
    WHERE rolname LIKE 'pgtest\_%'
      AND (rolsuper OR rolbypassrls OR rolcreatedb OR rolcreaterole OR rolreplication))sql"};
  CHECK((*admin.Exec({}, kMighty))[0].Get<int64_t>("n") == 0);
  constexpr Query kPassword{"password", R"sql(
    SELECT count(*) AS n FROM pg_authid
    WHERE rolname LIKE 'pgtest\_%' AND rolpassword LIKE 'SCRAM-SHA-256$%')sql"};
  CHECK((*admin.Exec({}, kPassword))[0].Get<int64_t>("n") == 4);
  constexpr Query kAlter{"alter", "ALTER TABLE pgtest.notes ADD x int"};
  constexpr Query kDelete{"delete", "DELETE FROM pgtest.notes"};
  constexpr Query kTamper{"tamper", "DELETE FROM pgtest.schema_migrations"};
  for (const char* role : {"rw", "worker", "ro"}) {
    Pool pool(OptionsFor(database, role, 1));
    for (const Query& query : {kAlter, kDelete, kTamper}) {
      CHECK(SqlStateOf(pool.Exec({}, query).status()) == "42501");
    }
  }
}

TEST_CASE("ProvisionService: a missing password is refused", "[pg][store]") {
  const testing::Database database("pgtest", kNoSets);
  CHECK_FALSE(ProvisionService(database.Dsn("admin"), "pgtest", {{"pgtest_rw", "x"}}).ok());
  CHECK_FALSE(ProvisionService(database.Dsn("admin"), "pg test", {}).ok());
}

TEST_CASE("KeysWithoutTenant: keys and indexes that do not begin with the tenant are listed",
          "[pg][store]") {
  const testing::Database database("pgtest", TestSets());
  CHECK(testing::KeysWithoutTenant(database.Dsn("admin"), "pgtest").empty());
  CHECK(testing::TablesWithoutRowSecurity(database.Dsn("admin"), "pgtest").empty());
  const std::vector<Migration> bad = {{1, "0001_bad", R"sql(
    CREATE TABLE {{schema}}.bad (
      id uuid CONSTRAINT bad_pkey PRIMARY KEY, tenant_id uuid NOT NULL, note_id bigint,
      CONSTRAINT bad_tenant_key UNIQUE (tenant_id, id), CONSTRAINT bad_note_key UNIQUE (note_id),
      CONSTRAINT bad_note_fkey FOREIGN KEY (note_id, tenant_id)
        REFERENCES {{schema}}.notes (note_id, tenant_id));
    CREATE INDEX bad_lower_idx ON {{schema}}.bad (lower(id::text));)sql"}};
  const std::vector<Migration> unique = {
      {1, "0001_u", "ALTER TABLE {{schema}}.notes ADD CONSTRAINT n UNIQUE (note_id, tenant_id)"}};
  REQUIRE(Run(database, unique, "unique").status().ToString() == "OK");
  REQUIRE(Run(database, bad, "bad").status().ToString() == "OK");
  CHECK(testing::KeysWithoutTenant(database.Dsn("admin"), "pgtest") ==
        std::vector<std::string>{
            "bad: foreign key bad_note_fkey (note_id)", "bad: index bad_lower_idx (expression)",
            "bad: primary key bad_pkey (id)", "bad: unique key bad_note_key (note_id)",
            "notes: unique key n (note_id)"});
  CHECK(testing::TablesWithoutRowSecurity(database.Dsn("admin"), "pgtest") ==
        std::vector<std::string>{"bad"});
}

}  // namespace
}  // namespace cloudpos::pg
