#include "libs/testing/database_keys.h"

#include <stdexcept>

#include "libs/pg/pg.h"

namespace cloudpos::testing {
namespace {

// Partitions repeat what their parent says. An index that begins with an expression has no column
// there and is listed as (expression).
constexpr pg::Query kSelectKeys{"select_keys_without_tenant", R"sql(
  WITH keys AS (
    SELECT i.indrelid AS rel, c.relname AS name, i.indkey[0] AS first_column,
           CASE WHEN i.indisprimary THEN 'primary key' WHEN i.indisunique THEN 'unique key'
                ELSE 'index' END AS kind
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    UNION ALL
    SELECT conrelid, conname, conkey[1], 'foreign key' FROM pg_constraint WHERE contype = 'f'
  )
  SELECT t.relname || ': ' || k.kind || ' ' || k.name || ' (' ||
         coalesce(a.attname, 'expression') || ')' AS line
  FROM keys k
  JOIN pg_class t ON t.oid = k.rel AND NOT t.relispartition AND t.relkind IN ('r', 'p', 'm')
  JOIN pg_namespace n ON n.oid = t.relnamespace
  LEFT JOIN pg_attribute a ON a.attrelid = k.rel AND a.attnum = k.first_column
  WHERE n.nspname = $1 AND t.relname <> 'schema_migrations'
    AND a.attname IS DISTINCT FROM 'tenant_id'
  ORDER BY line)sql"};

constexpr pg::Query kSelectOpenTables{"select_tables_without_row_security", R"sql(
  SELECT t.relname AS line
  FROM pg_class t
  JOIN pg_namespace n ON n.oid = t.relnamespace
  JOIN pg_attribute a ON a.attrelid = t.oid AND a.attname = 'tenant_id'
  WHERE n.nspname = $1 AND t.relkind IN ('r', 'p') AND NOT t.relispartition
    AND NOT (t.relrowsecurity AND t.relforcerowsecurity)
  ORDER BY line)sql"};

std::vector<std::string> Lines(const std::string& dsn, const pg::Query& query,
                               const std::string& schema) {
  pg::Pool pool({.dsn = dsn, .application_name = "schema-check", .connections = 1});
  const auto rows = pool.Exec({}, query, schema);
  if (!rows.ok()) throw std::runtime_error(rows.status().ToString());
  std::vector<std::string> lines;
  for (const pg::Row row : *rows) lines.push_back(row.Get<std::string>("line"));
  return lines;
}

}  // namespace

std::vector<std::string> KeysWithoutTenant(const std::string& dsn, const std::string& schema) {
  return Lines(dsn, kSelectKeys, schema);
}

std::vector<std::string> TablesWithoutRowSecurity(const std::string& dsn,
                                                  const std::string& schema) {
  return Lines(dsn, kSelectOpenTables, schema);
}

}  // namespace cloudpos::testing
