// Row-level security as second line (M-02): a service's request role that says it works for one
// tenant neither sees nor changes a row of another, in any table, whatever the statement.
//
// Each table of the catalogue gets a row of tenant A and one of tenant B, made of its columns'
// types (checks and foreign keys are dropped in this database first, which row-level security does
// not care about). Then the role tries, and B's rows are compared byte by byte.

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <map>
#include <memory>
#include <set>

#include "libs/pg/identifier.h"
#include "tests/security/database/catalogue.h"
#include "tests/security/database/rows.h"
#include "tests/support/schemas/schemas.h"

namespace cloudpos::security {
namespace {

constexpr char kDuplicate[] = "23505";

bool IsOpen(const Table& table) {
  const auto open = GoldenLines("tables_without_row_security.txt");
  return std::find(open.begin(), open.end(), table.path()) != open.end();
}

/// The tables whose rows a role must not mix up: all with a tenant_id but the named exceptions.
std::vector<Table> Guarded(const std::vector<Table>& tables) {
  std::vector<Table> guarded;
  for (const Table& table : tables) {
    if (table.has_tenant && !table.is_partition && !IsOpen(table)) guarded.push_back(table);
  }
  return guarded;
}

struct Tally {
  int statements = 0;
  int refused = 0;  // by privilege or by policy
  int blind = 0;    // went through and touched nothing of the other tenant
  int own = 0;      // went through for one's own row: what is refused is not refused to everybody
  std::vector<std::string> faults{};
};

/// One table as seen by one request role that works for tenant A.
class Trial {
 public:
  Trial(Session& role, const Table& table, Tally* tally)
      : role_(role), table_(table), path_(table.path()), tally_(*tally) {}

  void Run() {
    Read();
    role_.SetTenant(kA);
    Insert();
    Update();
    Delete();
  }

 private:
  void Read() {
    const std::string count = "SELECT count(*) AS n FROM " + path_;
    const std::string foreign = count + " WHERE tenant_id = '" + kB + "'";
    role_.SetTenant("");
    Nothing(count);
    role_.SetTenant("no tenant");
    Expect(!Try(count).ok(), count + " for a tenant that is none");
    role_.SetTenant(kA);
    Nothing(foreign);
    Own(count, 1);
  }

  void Insert() {
    Expect(Try(InsertOf(table_, kB, "x")).refused(), "inserts a row for another tenant");
    // Where the tenant is the whole key, its row is there already.
    Own(InsertOf(table_, kA, "x"), 1);
    role_.SetTenant("");
    Expect(Try(InsertOf(table_, kA, "y")).refused(), "inserts a row without a tenant");
    role_.SetTenant(kA);
  }

  void Update() {
    for (const Column& column : table_.columns) {
      const std::string value = column.is_made ? "DEFAULT" : ValueOf(column, kA, "z");
      const std::string update =
          "UPDATE " + path_ + " SET " + pg::QuoteIdentifier(column.name) + " = " + value;
      Nothing(update + " WHERE tenant_id = '" + kB + "'");
      Own(update, 0);
    }
    Expect(Try("UPDATE " + path_ + " SET tenant_id = '" + kB + "'").refused(),
           "gives its row to another tenant");
  }

  void Delete() {
    Nothing("DELETE FROM " + path_ + " WHERE tenant_id = '" + std::string(kB) + "'");
    Own("DELETE FROM " + path_, 0);
    Expect(Try("TRUNCATE " + path_).refused(), "empties the table");
  }

  Outcome Try(const std::string& sql) {
    ++tally_.statements;
    Outcome outcome = role_.Try(sql);
    if (outcome.refused()) ++tally_.refused;
    return outcome;
  }

  void Expect(bool is_as_it_must_be, const std::string& what) {
    if (!is_as_it_must_be) tally_.faults.push_back(path_ + ": " + what);
  }

  /// Refused, or as if there were no such rows.
  void Nothing(const std::string& sql) {
    const Outcome outcome = Try(sql);
    if (outcome.refused()) return;
    ++tally_.blind;
    Expect(outcome.ok() && outcome.Rows() == 0, sql + " " + outcome.message);
  }

  /// One's own row and no others, unless the role has no such right at all. `least` 0: further
  /// policies may keep it from changing even that.
  void Own(const std::string& sql, size_t least) {
    const Outcome outcome = Try(sql);
    if (outcome.refused()) {
      // Not by the policy: it would keep a service from its own tenant's rows.
      Expect(outcome.message.find("row-level security") == std::string::npos, outcome.message);
      return;
    }
    ++tally_.own;
    const bool is_one = outcome.ok() && outcome.Rows() >= least && outcome.Rows() <= 1;
    Expect(outcome.state == kDuplicate || is_one, sql + " " + outcome.message);
  }

  Session& role_;
  const Table& table_;
  const std::string path_;
  Tally& tally_;
};

/// A suite's database with a row of both tenants in each guarded table.
class Filled {
 public:
  Filled() : admin(database.Dsn("admin")), guarded(Guarded(Tables(admin))) {
    DropRules(admin, guarded);
    for (const Table& table : guarded) {
      admin.Run(InsertOf(table, kA, "a"));
      admin.Run(InsertOf(table, kB, "b"));
    }
  }

  Tally TryAll() {
    Tally tally;
    for (const Table& table : guarded) {
      auto& role = roles[table.schema];
      if (role == nullptr) role = std::make_unique<Session>(database.Dsn(table.schema + "_rw"));
      const std::string before = RowsOf(admin, table, kB);
      REQUIRE_FALSE(before.empty());
      Trial(*role, table, &tally).Run();
      CHECK(RowsOf(admin, table, kB) == before);
    }
    return tally;
  }

  testing::SuiteDatabase database;
  Session admin;
  const std::vector<Table> guarded;
  std::map<std::string, std::unique_ptr<Session>> roles;
};

std::string Lines(const std::vector<std::string>& faults) {
  std::string text;
  for (const std::string& fault : faults) text += fault + "\n";
  return text;
}

}  // namespace

TEST_CASE("row security: a request role of one tenant is blind and powerless for another's rows",
          "[security][slow]") {
  Filled filled;
  const Tally tally = filled.TryAll();
  const int tables = static_cast<int>(filled.guarded.size());
  std::printf(
      "row security: %d tables of %zu services, %d statements: %d refused, %d blind; %d went "
      "through for one's own rows\n",
      tables, filled.roles.size(), tally.statements, tally.refused, tally.blind, tally.own);
  INFO(Lines(tally.faults));
  CHECK(tally.faults.empty());
  // Floors below what there is today: the test must not shrink to nothing unnoticed.
  CHECK(tables >= 60);
  CHECK(filled.roles.size() == Services().size());
  CHECK(tally.statements >= 20 * tables);
  CHECK(tally.own >= 3 * tables);
  CHECK(tally.blind >= 3 * tables);
}

TEST_CASE("row security: the trial finds a table whose policy is missing, lax or too strict",
          "[security]") {
  Filled filled;
  for (const char* sabotage :
       {"ALTER TABLE auth.stores DISABLE ROW LEVEL SECURITY",
        "CREATE POLICY lax ON inventory.prices TO inventory_rw USING (true)",
        "DROP POLICY tenant ON transaction.taxes",
        "CREATE POLICY lax ON transaction.outbox FOR INSERT TO transaction_rw WITH CHECK (true)",
        "CREATE POLICY lax ON reporting.fact_sales FOR SELECT TO reporting_rw USING (set_id = "
        "1)"}) {
    filled.admin.Run(sabotage);
  }
  const std::string faults = Lines(filled.TryAll().faults);
  for (const char* table : {"auth.stores", "inventory.prices", "transaction.taxes",
                            "transaction.outbox", "reporting.fact_sales"}) {
    INFO(table);
    CHECK(faults.find(table) != std::string::npos);
  }
  CHECK(faults.find("auth.registers") == std::string::npos);
}

TEST_CASE("row security: request roles do not get at partitions behind their table's back",
          "[security]") {
  const testing::SuiteDatabase database;
  Session admin(database.Dsn("admin"));
  int tried = 0;
  for (const std::string& service : Services()) {
    Session role(database.Dsn(service + "_rw"));
    role.SetTenant(kA);
    for (const Table& table : Tables(admin)) {
      if (!table.is_partition || table.schema != service) continue;
      const std::string path = table.path();
      const std::string column = pg::QuoteIdentifier(table.columns[0].name);
      for (const std::string& sql :
           {"SELECT count(*) AS n FROM " + path, "INSERT INTO " + path + " DEFAULT VALUES",
            "UPDATE " + path + " SET " + column + " = DEFAULT", "DELETE FROM " + path,
            "TRUNCATE " + path}) {
        INFO(sql);
        CHECK(role.Try(sql).refused());
        ++tried;
      }
    }
  }
  std::printf("partitions: %d statements refused\n", tried);
  CHECK(tried >= 150);
}

}  // namespace cloudpos::security
