#include "tests/security/strangers/books.h"

#include <chrono>
#include <stdexcept>
#include <thread>

#include "libs/pg/connection.h"
#include "libs/pg/conninfo.h"
#include "libs/pg/identifier.h"

namespace cloudpos::strangers {
namespace {

constexpr std::chrono::milliseconds kQuiet{1500};  // consumers ask each second when nobody rings
constexpr std::chrono::seconds kPatience{30};

constexpr pg::Query kSelectTables{"select_tenant_tables", R"sql(
  SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
  WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
    AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  ORDER BY name)sql"};

template <typename T>
T Check(absl::StatusOr<T> value) {
  if (!value.ok()) throw std::runtime_error(value.status().ToString());
  return *std::move(value);
}

}  // namespace

BookKeeper::BookKeeper(const std::string& dsn)
    : pool_({.dsn = dsn,
             .application_name = "strangers",
             .connections = 1,
             .statement_timeout = std::chrono::seconds(30)}) {
  for (const pg::Row row : Check(pool_.Exec({}, kSelectTables))) {
    tables_.push_back(row.Get<std::string>("name"));
  }
  if (tables_.empty()) throw std::runtime_error("no table has a tenant_id");
}

Books BookKeeper::Read(const std::vector<std::string>& tenants) {
  std::string list;
  for (const std::string& id : tenants) {
    list += (list.empty() ? "" : ", ") + pg::QuoteLiteral(id);
  }
  std::string sql;
  for (const std::string& table : tables_) {
    sql += (sql.empty() ? "" : " UNION ALL ") + std::string("SELECT ") + pg::QuoteLiteral(table) +
           " AS name, count(*) || ' ' || md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), "
           "'')) AS digest FROM " +
           table + " t WHERE tenant_id IN (" + list + ")";
  }
  const pg::Query query{"select_books", sql.c_str()};
  Books books;
  for (const pg::Row row : Check(pool_.Exec({}, query))) {
    books[row.Get<std::string>("name")] = row.Get<std::string>("digest");
  }
  return books;
}

Books BookKeeper::ReadWhenQuiet(const std::vector<std::string>& tenants) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  Books books = Read(tenants);
  while (true) {
    std::this_thread::sleep_for(kQuiet);
    Books next = Read(tenants);
    if (next == books) return books;
    books = std::move(next);
    if (std::chrono::steady_clock::now() > until) {
      throw std::runtime_error("the tenants' rows do not come to rest");
    }
  }
}

std::vector<std::string> Differences(const Books& before, const Books& after) {
  std::vector<std::string> tables;
  for (const auto& [table, digest] : before) {
    const auto now = after.find(table);
    if (now == after.end() || now->second != digest) tables.push_back(table);
  }
  return tables;
}

}  // namespace cloudpos::strangers
