#include "tests/security/database/rows.h"

#include "libs/pg/identifier.h"

namespace cloudpos::security {

std::string ValueOf(const Column& column, const std::string& tenant, const std::string& salt) {
  if (column.name == "tenant_id") return pg::QuoteLiteral(tenant);
  const std::string& type = column.type;
  if (type.ends_with("[]") || type.ends_with("multirange")) return "'{}'::" + type;
  if (type == "uuid") return "gen_random_uuid()";
  if (type == "boolean") return "true";
  if (type == "jsonb" || type == "json") return "'{}'";
  if (type == "bytea") return "convert_to('" + salt + "', 'UTF8')";
  if (type == "date" || type.starts_with("timestamp")) return "now()::" + type;
  if (type == "xid8") return "'1'";
  if (type == "text" || type.starts_with("character")) return "'" + salt + "'";
  return "1::" + type;  // numbers; what is none fails the test with PostgreSQL's words
}

std::string InsertOf(const Table& table, const std::string& tenant, const std::string& salt) {
  std::string columns, values;
  for (const Column& column : table.columns) {
    if (column.is_made) continue;
    columns += (columns.empty() ? "" : ", ") + pg::QuoteIdentifier(column.name);
    values += (values.empty() ? "" : ", ") + ValueOf(column, tenant, salt);
  }
  return "INSERT INTO " + table.path() + " (" + columns + ") VALUES (" + values + ")";
}

void DropRules(Session& admin, const std::vector<Table>& tables) {
  for (const Table& table : tables) {
    if (table.is_partition) continue;
    const pg::Result rules = admin.Run(
        "SELECT conname FROM pg_constraint WHERE contype IN ('c', 'f') AND conislocal "
        "AND coninhcount = 0 AND conrelid = '" +
        table.path() + "'::regclass");
    for (const pg::Row row : rules) {
      admin.Run("ALTER TABLE " + table.path() + " DROP CONSTRAINT " +
                pg::QuoteIdentifier(row.Get<std::string>("conname")) + " CASCADE");
    }
  }
}

std::string RowsOf(Session& admin, const Table& table, const std::string& tenant) {
  const std::string condition =
      table.has_tenant ? " WHERE tenant_id = " + pg::QuoteLiteral(tenant) : std::string();
  return admin
      .Run("SELECT coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '') AS all_rows FROM " +
           table.path() + " t" + condition)[0]
      .Get<std::string>("all_rows");
}

}  // namespace cloudpos::security
