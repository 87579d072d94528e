#include "tests/security/database/catalogue.h"

#include <fstream>
#include <stdexcept>

#include "libs/pg/identifier.h"
#include "tests/support/schemas/schemas.h"

namespace cloudpos::security {
namespace {

/// 'auth', 'inventory' ...
std::string SchemaList() {
  std::string list;
  for (const std::string& service : Services()) {
    list += (list.empty() ? "" : ", ") + pg::QuoteLiteral(service);
  }
  return list;
}

}  // namespace

std::vector<std::string> Services() {
  std::vector<std::string> names;
  for (const pg::MigrationSet& set : testing::Schemas()) names.push_back(set.name);
  return names;
}

std::vector<Table> Tables(Session& admin) {
  const pg::Result rows = admin.Run(
      "SELECT n.nspname AS schema, c.relname AS name, c.relkind::text AS kind, c.relispartition,"
      "  a.attname AS column_name, format_type(a.atttypid, NULL) AS type,"
      "  a.attidentity <> '' OR a.attgenerated <> '' AS is_made "
      "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
      "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped "
      "WHERE n.nspname IN (" +
      SchemaList() +
      ") AND c.relkind IN ('r', 'p', 'v', 'm', 'f') "
      "ORDER BY n.nspname, c.relname, a.attnum");
  std::vector<Table> tables;
  for (const pg::Row row : rows) {
    const auto schema = row.Get<std::string>("schema");
    const auto name = row.Get<std::string>("name");
    const auto kind = row.Get<std::string>("kind");
    if (kind != "r" && kind != "p") throw std::runtime_error("a view: " + schema + "." + name);
    if (tables.empty() || tables.back().schema != schema || tables.back().name != name) {
      tables.push_back({.schema = schema,
                        .name = name,
                        .is_partition = row.Get<bool>("relispartition"),
                        .columns = {}});
    }
    const auto column = row.Get<std::string>("column_name");
    if (column == "tenant_id") tables.back().has_tenant = true;
    tables.back().columns.push_back({.name = column,
                                     .type = row.Get<std::string>("type"),
                                     .is_made = row.Get<bool>("is_made")});
  }
  return tables;
}

std::vector<Function> Functions(Session& admin) {
  // Some value of each type: a strict function is not called, and no right asked for, with NULL.
  const pg::Result rows = admin.Run(
      "SELECT n.nspname AS schema, f.proname AS name, coalesce((SELECT string_agg("
      "    CASE format_type(t.oid, NULL) WHEN 'uuid' THEN 'gen_random_uuid()' "
      "      WHEN 'integer' THEN '1' WHEN 'bigint' THEN '1::bigint' "
      "      WHEN 'bytea' THEN $a$'x'::bytea$a$ WHEN 'date' THEN $a$DATE '2000-01-01'$a$ "
      "      ELSE 'NULL::' || format_type(t.oid, NULL) END, ', ' ORDER BY t.at) "
      "  FROM unnest(f.proargtypes) WITH ORDINALITY AS t (oid, at)), '') AS arguments "
      "FROM pg_proc f JOIN pg_namespace n ON n.oid = f.pronamespace "
      "WHERE n.nspname IN (" +
      SchemaList() + ") ORDER BY n.nspname, f.proname, arguments");
  std::vector<Function> functions;
  for (const pg::Row row : rows) {
    functions.push_back({.schema = row.Get<std::string>("schema"),
                         .name = row.Get<std::string>("name"),
                         .arguments = row.Get<std::string>("arguments")});
  }
  return functions;
}

std::vector<std::string> GoldenLines(const std::string& name) {
  std::ifstream file(std::string(GOLDEN_FOLDER) + "/" + name);
  if (!file) throw std::runtime_error("no list tests/golden/" + name);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line[0] != '#') lines.push_back(line);
  }
  return lines;
}

}  // namespace cloudpos::security
