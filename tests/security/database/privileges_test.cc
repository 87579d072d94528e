// The list tests/golden/privileges.txt, tried statement by statement: for each role of each service
// and each table, column, sequence and function, what the list does not grant is refused by
// PostgreSQL (42501), and what it grants is not. (That the catalogue agrees with the list is a
// golden test.) And a role cannot make itself more than it is.

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <map>
#include <set>

#include "libs/pg/identifier.h"
#include "tests/security/database/catalogue.h"
#include "tests/support/schemas/schemas.h"

namespace cloudpos::security {
namespace {

/// Who may do what, from the list: (thing, role) -> privilege -> columns (empty: all of them).
class Granted {
 public:
  Granted() {
    for (const std::string& line : GoldenLines("privileges.txt")) Add(line);
  }

  /// The whole table, function ...
  bool Has(const std::string& thing, const std::string& role, const std::string& privilege) const {
    const std::set<std::string>* columns = Find(thing, role, privilege);
    return columns != nullptr && columns->empty();
  }
  bool HasColumn(const std::string& table, const std::string& role, const std::string& privilege,
                 const std::string& column) const {
    const std::set<std::string>* columns = Find(table, role, privilege);
    return columns != nullptr && (columns->empty() || columns->contains(column));
  }
  /// It, or some column of it.
  bool HasSome(const std::string& table, const std::string& role,
               const std::string& privilege) const {
    return Find(table, role, privilege) != nullptr;
  }

 private:
  /// "thing role: PRIVILEGE PRIVILEGE(column, column) EXECUTE as owner"
  void Add(const std::string& line) {
    const size_t colon = line.find(": ");
    const size_t blank = line.rfind(' ', colon);
    auto& held = held_[line.substr(0, blank) + " " + line.substr(blank + 1, colon - blank - 1)];
    for (size_t at = colon + 2; at < line.size();) {
      const size_t end = line.find_first_of(" (", at);
      auto& columns = held[line.substr(at, end - at)];
      if (end == std::string::npos) return;
      at = end + 1;
      if (line[end] == '(') {
        const size_t close = line.find(')', at);
        while (at < close) {
          const size_t next = std::min(line.find(", ", at), close);
          columns.insert(line.substr(at, next - at));
          at = next + 2;
        }
        at = close + 2;
      }
    }
  }

  const std::set<std::string>* Find(const std::string& thing, const std::string& role,
                                    const std::string& privilege) const {
    const auto held = held_.find(thing + " " + role);
    if (held == held_.end()) return nullptr;
    const auto found = held->second.find(privilege);
    return found == held->second.end() ? nullptr : &found->second;
  }

  std::map<std::string, std::map<std::string, std::set<std::string>>> held_;
};

/// Roles that programs and people sign in with; the owner is for migrations alone.
std::vector<std::string> WorkingRoles(const std::string& service) {
  return {service + "_rw", service + "_worker", service + "_ro"};
}

std::vector<std::string> AllRoles(const std::string& service) {
  auto roles = WorkingRoles(service);
  roles.push_back(service + "_owner");
  return roles;
}

struct Tally {
  int refused = 0;
  int granted = 0;
  std::vector<std::string> faults{};  // where PostgreSQL and the list differ
};

class Trial {
 public:
  Trial(const testing::SuiteDatabase& database, const std::string& role, Tally* tally)
      : role_(role), session_(database.Dsn(role)), tally_(*tally) {
    session_.SetTenant("aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa");
  }

  void Expect(bool is_granted, const std::string& sql) {
    const Outcome outcome = session_.Try(sql);
    ++(is_granted ? tally_.granted : tally_.refused);
    if (outcome.refused() != is_granted) return;
    tally_.faults.push_back(role_ + ": " + sql + ": " +
                            (is_granted ? outcome.message : "is not refused"));
  }

  void Table(const security::Table& table, const Granted& granted) {
    const std::string path = table.path();
    const auto has_all = [&](const char* p) { return granted.Has(path, role_, p); };
    const auto has_some = [&](const char* p) { return granted.HasSome(path, role_, p); };
    Expect(has_some("SELECT"), "SELECT count(*) AS n FROM " + path);
    Expect(has_some("INSERT"), "INSERT INTO " + path + " SELECT WHERE false");
    Expect(has_all("DELETE"), "DELETE FROM " + path + " WHERE false");
    Expect(has_all("TRUNCATE"), "TRUNCATE ONLY " + path);
    Expect(has_all("UPDATE") || has_all("DELETE") || has_all("TRUNCATE"),
           "LOCK TABLE ONLY " + path + " IN SHARE MODE NOWAIT");
    for (const Column& column : table.columns) {
      const std::string name = pg::QuoteIdentifier(column.name);
      const auto has = [&](const char* p) {
        return granted.HasColumn(path, role_, p, column.name);
      };
      // Without any right on the table one column tells as much as all.
      if (&column == &table.columns[0] || has_some("SELECT")) {
        Expect(has("SELECT"), "SELECT " + name + " FROM " + path + " WHERE false");
      }
      if (&column == &table.columns[0] || has_some("UPDATE") || table.schema == Service()) {
        Expect(has("UPDATE"), "UPDATE " + path + " SET " + name + " = DEFAULT WHERE false");
      }
    }
  }

  void Function(const security::Function& function, const Granted& granted) {
    const std::string path = function.schema + "." + function.name;
    Expect(granted.Has(path + "()", role_, "EXECUTE"),
           "SELECT " + path + "(" + function.arguments + ")");
  }

 private:
  std::string Service() const { return role_.substr(0, role_.find('_')); }

  std::string role_;
  Session session_;
  Tally& tally_;
};

std::string Lines(const std::vector<std::string>& faults) {
  std::string text;
  for (const std::string& fault : faults) text += fault + "\n";
  return text;
}

/// What no role of a service may do, whatever it holds on tables. $S: its schema, $O: another
/// service's, $R: its own role, $T: a table of its own schema.
constexpr const char* kNever[] = {
    "CREATE TABLE $S.mine (x integer)",
    "CREATE TABLE $O.mine (x integer)",
    "CREATE TABLE public.mine (x integer)",
    "CREATE TEMPORARY TABLE mine (x integer)",
    "CREATE SCHEMA mine",
    "CREATE VIEW $S.mine AS SELECT 1 AS x",
    "CREATE FUNCTION $S.mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "CREATE FUNCTION public.mine() RETURNS integer LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
    "CREATE EXTENSION dblink",
    "CREATE ROLE mine",
    "ALTER ROLE $R BYPASSRLS",
    "ALTER ROLE $R SUPERUSER",
    "ALTER ROLE $R CREATEROLE",
    "ALTER ROLE $S_owner PASSWORD 'known'",
    "SET ROLE $S_owner",
    "SET ROLE $O_rw",
    "SET ROLE postgres",
    "SET SESSION AUTHORIZATION postgres",
    "SET session_replication_role = replica",
    "ALTER TABLE $T DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE $T NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE $T DISABLE TRIGGER ALL",
    "ALTER TABLE $T OWNER TO $R",
    "ALTER TABLE $T ADD COLUMN mine integer",
    "CREATE POLICY mine ON $T USING (true)",
    "CREATE TRIGGER mine BEFORE INSERT ON $T EXECUTE FUNCTION $S.outbox_guard()",
    "CREATE INDEX mine ON $T ((1))",
    "DROP TABLE $T",
    "DROP SCHEMA $S CASCADE",
    "GRANT $S_owner TO $R",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "COPY $T FROM PROGRAM 'true'",
    "COPY (SELECT 1) TO '/tmp/mine'",
    "SELECT pg_read_file('PG_VERSION')",
    "SELECT pg_ls_dir('.')",
    "SELECT lo_import('/etc/passwd')",
    "SELECT rolpassword FROM pg_authid",
    "SELECT pg_reload_conf()",
    "SELECT pg_switch_wal()",
    "SELECT pg_create_physical_replication_slot('mine')",
    "SELECT usename, passwd FROM pg_shadow",
};

std::string Filled(std::string sql, const std::string& role, const std::string& service,
                   const std::string& other, const std::string& table) {
  for (const auto& [mark, text] : {std::pair<std::string, std::string>{"$S", service},
                                   {"$O", other},
                                   {"$R", role},
                                   {"$T", table}}) {
    for (size_t at; (at = sql.find(mark)) != std::string::npos;) sql.replace(at, 2, text);
  }
  return sql;
}

}  // namespace

TEST_CASE("privileges: each statement that the list does not grant is refused",
          "[security][slow]") {
  const testing::SuiteDatabase database;
  Session admin(database.Dsn("admin"));
  const auto tables = Tables(admin);
  const auto functions = Functions(admin);
  const Granted granted;
  Tally tally;
  int roles = 0;
  for (const std::string& service : Services()) {
    for (const std::string& role : WorkingRoles(service)) {
      Trial trial(database, role, &tally);
      for (const Table& table : tables) trial.Table(table, granted);
      for (const Function& function : functions) trial.Function(function, granted);
      ++roles;
    }
  }
  std::printf(
      "privileges: %d roles, %zu tables and partitions, %zu functions: %d statements refused, %d "
      "granted\n",
      roles, tables.size(), functions.size(), tally.refused, tally.granted);
  INFO(Lines(tally.faults));
  CHECK(tally.faults.empty());
  CHECK(roles >= 12);
  CHECK(tables.size() >= 80);
  CHECK(tally.refused >= 5000);
  CHECK(tally.granted >= 500);
}

TEST_CASE("privileges: the trial finds a grant too many and a grant too few", "[security]") {
  const testing::SuiteDatabase database;
  Session admin(database.Dsn("admin"));
  for (const char* sabotage :
       {"GRANT UPDATE ON transaction.journal_entries TO transaction_rw",
        "GRANT UPDATE (hash) ON transaction.journal_entries TO transaction_worker",
        "GRANT SELECT (password_hash) ON auth.staff TO auth_ro",
        "GRANT DELETE ON inventory.stock_movements TO PUBLIC",
        "REVOKE INSERT ON transaction.sales FROM transaction_rw"}) {
    admin.Run(sabotage);
  }
  const Granted granted;
  Tally tally;
  for (const char* role : {"transaction_rw", "transaction_worker", "auth_ro", "inventory_ro"}) {
    Trial trial(database, role, &tally);
    for (const Table& table : Tables(admin)) trial.Table(table, granted);
  }
  const std::string faults = Lines(tally.faults);
  for (const char* fault : {"transaction_rw: UPDATE transaction.journal_entries SET \"payload\"",
                            "transaction_worker: UPDATE transaction.journal_entries SET \"hash\"",
                            "auth_ro: SELECT \"password_hash\" FROM auth.staff",
                            "inventory_ro: DELETE FROM inventory.stock_movements",
                            "transaction_rw: INSERT INTO transaction.sales"}) {
    INFO(fault << " in\n" << faults);
    CHECK(faults.find(fault) != std::string::npos);
  }
  CHECK(faults.find("transaction_worker: UPDATE transaction.journal_entries SET \"payload\"") ==
        std::string::npos);
}

TEST_CASE("privileges: an owner has nothing in another service's schema", "[security]") {
  const testing::SuiteDatabase database;
  Session admin(database.Dsn("admin"));
  const auto tables = Tables(admin);
  int tried = 0;
  for (const std::string& service : Services()) {
    Session owner(database.Dsn(service + "_owner"));
    for (const Table& table : tables) {
      if (table.schema == service) continue;
      for (const char* begin :
           {"SELECT count(*) AS n FROM ", "DELETE FROM ", "TRUNCATE ", "DROP TABLE "}) {
        const Outcome outcome = owner.Try(begin + table.path());
        INFO(service << "_owner: " << begin << table.path() << ": " << outcome.message);
        CHECK(outcome.refused());
        ++tried;
      }
    }
  }
  std::printf("owners: %d statements refused\n", tried);
  CHECK(tried >= 500);
}

TEST_CASE("privileges: no role makes itself more than it is", "[security]") {
  const testing::SuiteDatabase database;
  const auto services = Services();
  int tried = 0;
  for (const std::string& service : services) {
    const std::string& other = services[0] == service ? services[1] : services[0];
    for (const std::string& role : WorkingRoles(service)) {
      Session session(database.Dsn(role));
      for (const char* statement : kNever) {
        const Outcome outcome =
            session.Try(Filled(statement, role, service, other, service + ".outbox"));
        INFO(role << ": " << statement << ": " << outcome.state << " " << outcome.message);
        CHECK(outcome.refused());
        ++tried;
      }
    }
  }
  std::printf("powers: %d statements refused\n", tried);
  CHECK(tried >= 480);
}

TEST_CASE("privileges: row security switched off refuses instead of showing all rows",
          "[security]") {
  const testing::SuiteDatabase database;
  Session admin(database.Dsn("admin"));
  const auto open = GoldenLines("tables_without_row_security.txt");
  int tried = 0;
  for (const Table& table : Tables(admin)) {
    const bool is_open = std::find(open.begin(), open.end(), table.path()) != open.end();
    if (table.is_partition || !table.has_tenant || is_open) continue;
    Session role(database.Dsn(table.schema + "_rw"));
    const Outcome outcome =
        role.Try("SET LOCAL row_security = off; SELECT count(*) AS n FROM " + table.path());
    INFO(table.path() << ": " << outcome.message);
    CHECK(outcome.refused());
    ++tried;
  }
  CHECK(tried >= 60);
}

TEST_CASE("privileges: a role signs in to its own database, and its names lead to its own schema",
          "[security]") {
  const testing::SuiteDatabase database;
  for (const std::string& service : Services()) {
    for (const std::string& role : AllRoles(service)) {
      Session session(database.Dsn(role));
      const pg::Result row =
          session.Run("SELECT current_user::text AS me, current_setting('search_path') AS path");
      CHECK(row[0].Get<std::string>("me") == role);
      CHECK(row[0].Get<std::string>("path") == service);
    }
  }
}

}  // namespace cloudpos::security
