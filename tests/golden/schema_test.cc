// What follows from the migrations, in one database with the schemas of all services: keys,
// row-level security, and who may do what.

#include <catch2/catch.hpp>
#include <stdexcept>

#include "libs/pg/pg.h"
#include "libs/testing/database_keys.h"
#include "tests/golden/golden_file.h"
#include "tests/support/schemas/schemas.h"

namespace cloudpos::golden {
namespace {

using testing::Schemas;
using testing::SuiteDatabase;

void Check(const absl::Status& status) {
  if (!status.ok()) throw std::runtime_error(status.ToString());
}

std::vector<std::string> WithSchema(const std::string& schema, std::vector<std::string> lines) {
  for (std::string& line : lines) line = schema + "." + line;
  return lines;
}

// What a role may do with a table as a whole, else with which columns of it. Partitions mostly have
// no privileges of their own: rows are reached through their parent.
constexpr pg::Query kSelectPrivileges{"select_privileges", R"sql(
  WITH roles AS (
    SELECT r.oid, r.rolname AS role
    FROM pg_roles r JOIN unnest($1::text[]) AS s (name)
      ON r.rolname IN (s.name || '_rw', s.name || '_worker', s.name || '_ro')
  ), relations AS (
    SELECT c.oid, n.nspname || '.' || c.relname AS thing, c.relkind
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = ANY ($1)
  ), held AS (
    SELECT c.thing, role,
           CASE WHEN has_table_privilege(roles.oid, c.oid, p) THEN p ELSE p || '(' ||
             (SELECT string_agg(a.attname, ', ' ORDER BY a.attnum) FROM pg_attribute a
              WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                AND has_column_privilege(roles.oid, c.oid, a.attnum, p)) || ')'
           END AS privilege
    FROM roles
    CROSS JOIN relations c
    CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES',
                            'TRIGGER']) AS p
    WHERE c.relkind IN ('r', 'p', 'v', 'm')
      AND (has_table_privilege(roles.oid, c.oid, p) OR
           CASE WHEN p IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')
                THEN has_any_column_privilege(roles.oid, c.oid, p) ELSE false END)
    UNION ALL
    SELECT n.nspname || '.' || f.proname || '()', role,
           CASE WHEN f.prosecdef THEN 'EXECUTE as ' || f.proowner::regrole ELSE 'EXECUTE' END
    FROM roles
    CROSS JOIN pg_proc f JOIN pg_namespace n ON n.oid = f.pronamespace
    WHERE n.nspname = ANY ($1) AND has_function_privilege(roles.oid, f.oid, 'EXECUTE')
    UNION ALL
    SELECT c.thing, role, p
    FROM roles
    CROSS JOIN relations c
    CROSS JOIN unnest(ARRAY['USAGE', 'SELECT', 'UPDATE']) AS p
    WHERE c.relkind = 'S' AND has_sequence_privilege(roles.oid, c.oid, p)
    UNION ALL
    SELECT 'schema ' || n.nspname, role, p
    FROM roles CROSS JOIN pg_namespace n CROSS JOIN unnest(ARRAY['USAGE', 'CREATE']) AS p
    WHERE n.nspname = ANY ($1 || ARRAY['public']) AND has_schema_privilege(roles.oid, n.oid, p)
    UNION ALL
    SELECT 'database', role, p
    FROM roles CROSS JOIN unnest(ARRAY['CONNECT', 'CREATE', 'TEMPORARY']) AS p
    WHERE has_database_privilege(roles.oid, current_database(), p)
  )
  SELECT DISTINCT thing || ' ' || role || ': ' ||
         string_agg(DISTINCT privilege, ' ' ORDER BY privilege) AS line
  FROM held
  GROUP BY thing, role
  ORDER BY line)sql"};

// Attributes that go beyond signing in, and membership in other roles: there are none.
constexpr pg::Query kSelectPowers{"select_powers", R"sql(
  WITH roles AS (
    SELECT r.oid, r.rolname AS role, r.rolsuper, r.rolcreatedb, r.rolcreaterole, r.rolreplication,
           r.rolbypassrls
    FROM pg_roles r JOIN unnest($1::text[]) AS s (name)
      ON r.rolname IN (s.name || '_owner', s.name || '_rw', s.name || '_worker', s.name || '_ro')
  )
  SELECT 'role ' || r.role || ': ' || power AS line
  FROM roles r
  CROSS JOIN LATERAL (VALUES (r.rolsuper, 'SUPERUSER'), (r.rolcreatedb, 'CREATEDB'),
    (r.rolcreaterole, 'CREATEROLE'), (r.rolreplication, 'REPLICATION'),
    (r.rolbypassrls, 'BYPASSRLS')) AS p (held, power)
  WHERE p.held
  UNION ALL
  SELECT 'role ' || r.role || ': member of ' || m.roleid::regrole
  FROM roles r JOIN pg_auth_members m ON m.member = r.oid
  ORDER BY line)sql"};

TEST_CASE("golden: keys without tenant and tables without row security", "[golden]") {
  const SuiteDatabase suite;
  std::vector<std::string> keys, open;
  for (const pg::MigrationSet& schema : Schemas()) {
    const auto add = [&schema](std::vector<std::string> lines, std::vector<std::string>* to) {
      for (std::string& line : WithSchema(schema.name, std::move(lines))) to->push_back(line);
    };
    add(testing::KeysWithoutTenant(suite.Dsn("admin"), schema.name), &keys);
    add(testing::TablesWithoutRowSecurity(suite.Dsn("admin"), schema.name), &open);
  }
  CheckLines("keys_without_tenant.txt", keys);
  CheckLines("tables_without_row_security.txt", open);
}

TEST_CASE("golden: privileges of every role", "[golden]") {
  const SuiteDatabase suite;
  std::vector<std::string> names;
  for (const pg::MigrationSet& schema : Schemas()) names.push_back(schema.name);
  pg::Pool pool({.dsn = suite.Dsn("admin"), .application_name = "golden", .connections = 1});
  std::vector<std::string> lines;
  for (const pg::Query& query : {kSelectPrivileges, kSelectPowers}) {
    const auto rows = pool.Exec({}, query, names);
    Check(rows.status());
    for (const pg::Row row : *rows) lines.push_back(row.Get<std::string>("line"));
  }
  CheckLines("privileges.txt", lines);
}

}  // namespace
}  // namespace cloudpos::golden
