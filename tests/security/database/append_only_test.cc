// What is only ever added to: the journal, stock movements, the audit log and the outboxes. Every
// way to change or remove a row of them is tried on a row that exists, by every role but the owner.

#include <catch2/catch.hpp>
#include <cstdio>
#include <set>

#include "libs/pg/identifier.h"
#include "tests/security/database/catalogue.h"
#include "tests/security/database/rows.h"
#include "tests/support/schemas/schemas.h"

namespace cloudpos::security {
namespace {

/// Others follow from what a request role may insert and not update, see Find.
const std::set<std::string> kBooks = {"transaction.journal_entries", "inventory.stock_movements",
                                      "auth.audit_events"};

/// The books, every service's outbox, and each table into which a request role may insert without
/// any right to update or delete.
std::vector<Table> Find(Session& admin) {
  std::vector<Table> found;
  for (const Table& table : Tables(admin)) {
    if (table.is_partition) continue;
    const pg::Result held = admin.Run(
        "SELECT has_table_privilege(role, path, 'INSERT') AND NOT has_any_column_privilege(role, "
        "path, 'UPDATE') AND NOT has_table_privilege(role, path, 'DELETE') AS is_final "
        "FROM (SELECT '" +
        table.schema + "_rw' AS role, '" + table.path() + "' AS path) AS asked");
    if (held[0].Get<bool>("is_final") || kBooks.contains(table.path()) || table.name == "outbox") {
      found.push_back(table);
    }
  }
  return found;
}

std::vector<std::string> Attacks(const Table& table) {
  const std::string path = table.path();
  std::vector<std::string> attacks = {
      "DELETE FROM " + path,
      "DELETE FROM " + path + " WHERE false",
      "TRUNCATE " + path,
      "TRUNCATE " + path + " CASCADE",
      "DROP TABLE " + path,
      "ALTER TABLE " + path + " DISABLE TRIGGER ALL",
      "ALTER TABLE " + path + " RENAME TO gone",
      InsertOf(table, kA, "c") + " ON CONFLICT DO NOTHING; DELETE FROM " + path,
      "MERGE INTO " + path + " t USING (VALUES (1)) AS v (x) ON true WHEN MATCHED THEN DELETE",
  };
  for (const Column& column : table.columns) {
    attacks.push_back("UPDATE " + path + " SET " + pg::QuoteIdentifier(column.name) + " = DEFAULT");
  }
  return attacks;
}

}  // namespace

TEST_CASE("append-only: no role but the owner changes or removes what is only added to",
          "[security]") {
  const testing::SuiteDatabase database;
  Session admin(database.Dsn("admin"));
  DropRules(admin, Tables(admin));
  std::set<std::string> names;
  int tried = 0;
  for (const Table& table : Find(admin)) {
    admin.Run(InsertOf(table, kA, "a"));
    const std::string before = RowsOf(admin, table, kA);
    REQUIRE_FALSE(before.empty());
    for (const char* kind : {"_rw", "_worker", "_ro"}) {
      // Sees the row and may still not touch it: the tenant is its own.
      Session role(database.Dsn(table.schema + kind));
      role.SetTenant(kA);
      for (const std::string& attack : Attacks(table)) {
        const Outcome outcome = role.Try(attack);
        INFO(table.schema << kind << ": " << attack << ": " << outcome.message);
        CHECK(outcome.refused());
        ++tried;
      }
    }
    CHECK(RowsOf(admin, table, kA) == before);
    names.insert(table.path());
  }
  for (const std::string& book : kBooks) CHECK(names.contains(book));
  for (const std::string& service : Services()) CHECK(names.contains(service + ".outbox"));
  std::printf("append-only: %zu tables, %d statements refused\n", names.size(), tried);
  CHECK(tried >= 400);
}

TEST_CASE("append-only: of the sales only a tombstone makes room, for what was paid after all",
          "[security]") {
  const testing::SuiteDatabase database;
  Session admin(database.Dsn("admin"));
  DropRules(admin, Tables(admin));
  for (const Table& table : Tables(admin)) {
    if (table.path() == "transaction.sales") {
      admin.Run(InsertOf(table, kA, "SALE"));
      admin.Run(InsertOf(table, kA, "RETURN"));
    }
  }
  Session role(database.Dsn("transaction_rw"));
  role.SetTenant(kA);
  CHECK(role.Try("SELECT count(*) AS n FROM transaction.sales").Rows() == 2);
  CHECK(role.Try("DELETE FROM transaction.sales").Rows() == 0);
  CHECK(role.Try("UPDATE transaction.sales SET kind = 'ABANDONED'").refused());
  for (const char* table : {"sale_lines", "tenders", "journal_entries"}) {
    CHECK(role.Try("DELETE FROM transaction." + std::string(table)).refused());
  }
  admin.Run("UPDATE transaction.sales SET kind = 'ABANDONED' WHERE kind = 'RETURN'");
  CHECK(role.Try("DELETE FROM transaction.sales").Rows() == 1);
}

TEST_CASE("append-only: the audit log resists the owner's slips, too", "[security]") {
  const testing::SuiteDatabase database;
  Session owner(database.Dsn("auth_owner"));
  for (const char* slip : {"DELETE FROM auth.audit_events", "TRUNCATE auth.audit_events",
                           "UPDATE auth.audit_events SET action = 'x'"}) {
    const Outcome outcome = owner.Try(slip);
    INFO(slip << ": " << outcome.message);
    CHECK(outcome.state == "P0001");
  }
}

}  // namespace cloudpos::security
