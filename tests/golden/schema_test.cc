// What follows from the migrations, in one database with the schemas of all services: keys,
// row-level security, and who may do what.

#include <catch2/catch.hpp>
#include <map>
#include <stdexcept>

#include "libs/events/events.h"
#include "libs/pg/conninfo.h"
#include "libs/pg/migrate.h"
#include "libs/pg/pg.h"
#include "libs/testing/database.h"
#include "libs/testing/database_keys.h"
#include "tests/golden/golden_file.h"
#include "tests/golden/schemas.h"

namespace cloudpos::golden {
namespace {

void Check(const absl::Status& status) {
  if (!status.ok()) throw std::runtime_error(status.ToString());
}

std::string With(const std::string& dsn, const std::string& name, const std::string& value) {
  const auto changed = pg::WithParameter(dsn, name, value);
  Check(changed.status());
  return *changed;
}

/// The schema of one more service in `database`.
void AddSchema(const testing::Database& database, const pg::MigrationSet& service) {
  const std::string admin = database.Dsn("admin");
  std::map<std::string, std::string> passwords;
  for (const std::string& role : pg::RolesOf(service.name)) passwords[role] = "test-" + role;
  Check(pg::ProvisionService(admin, service.name, passwords));
  const std::string owner = service.name + "_owner";
  const std::string dsn = With(With(admin, "user", owner), "password", passwords[owner]);
  Check(pg::Migrate(dsn, service.name, {events::Migrations(), service}).status());
}

/// A database as ./pos up makes it.
class Suite {
 public:
  Suite() : database_(Schemas().at(0).name, {events::Migrations(), Schemas().at(0)}) {
    const std::vector<pg::MigrationSet> schemas = Schemas();
    for (size_t i = 1; i < schemas.size(); ++i) AddSchema(database_, schemas[i]);
  }
  std::string Dsn() const { return database_.Dsn("admin"); }

 private:
  testing::Database database_;
};

std::vector<std::string> WithSchema(const std::string& schema, std::vector<std::string> lines) {
  for (std::string& line : lines) line = schema + "." + line;
  return lines;
}

// Partitions have no privileges of their own that matter: rows are reached through their parent.
constexpr pg::Query kSelectPrivileges{"select_privileges", R"sql(
  WITH roles AS (
    SELECT r.oid, r.rolname AS role
    FROM pg_roles r JOIN unnest($1::text[]) AS s (name) ON r.rolname LIKE s.name || '\_%'
    WHERE r.rolname NOT LIKE '%\_owner'
  ), held AS (
    SELECT n.nspname || '.' || c.relname AS thing, role, p AS privilege
    FROM roles
    CROSS JOIN pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES',
                            'TRIGGER']) AS p
    WHERE n.nspname = ANY ($1) AND c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition
      AND (has_table_privilege(roles.oid, c.oid, p) OR
           CASE WHEN p IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')
                THEN has_any_column_privilege(roles.oid, c.oid, p) ELSE false END)
    UNION ALL
    SELECT n.nspname || '.' || f.proname || '()', role, 'EXECUTE'
    FROM roles
    CROSS JOIN pg_proc f JOIN pg_namespace n ON n.oid = f.pronamespace
    WHERE n.nspname = ANY ($1) AND has_function_privilege(roles.oid, f.oid, 'EXECUTE')
    UNION ALL
    SELECT n.nspname || '.' || c.relname, role, p
    FROM roles
    CROSS JOIN pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    CROSS JOIN unnest(ARRAY['USAGE', 'SELECT', 'UPDATE']) AS p
    WHERE n.nspname = ANY ($1) AND c.relkind = 'S' AND has_sequence_privilege(roles.oid, c.oid, p)
    UNION ALL
    SELECT 'schema ' || n.nspname, role, p
    FROM roles CROSS JOIN pg_namespace n CROSS JOIN unnest(ARRAY['USAGE', 'CREATE']) AS p
    WHERE n.nspname = ANY ($1 || ARRAY['public']) AND has_schema_privilege(roles.oid, n.oid, p)
  )
  SELECT DISTINCT thing || ' ' || role || ': ' ||
         string_agg(DISTINCT privilege, ' ' ORDER BY privilege) AS line
  FROM held
  GROUP BY thing, role
  ORDER BY line)sql"};

TEST_CASE("golden: keys without tenant and tables without row security", "[golden]") {
  const Suite suite;
  std::vector<std::string> keys, open;
  for (const pg::MigrationSet& schema : Schemas()) {
    const auto add = [&schema](std::vector<std::string> lines, std::vector<std::string>* to) {
      for (std::string& line : WithSchema(schema.name, std::move(lines))) to->push_back(line);
    };
    add(testing::KeysWithoutTenant(suite.Dsn(), schema.name), &keys);
    add(testing::TablesWithoutRowSecurity(suite.Dsn(), schema.name), &open);
  }
  CheckLines("keys_without_tenant.txt", keys);
  CheckLines("tables_without_row_security.txt", open);
}

TEST_CASE("golden: privileges of every role", "[golden]") {
  const Suite suite;
  std::vector<std::string> names;
  for (const pg::MigrationSet& schema : Schemas()) names.push_back(schema.name);
  pg::Pool pool({.dsn = suite.Dsn(), .application_name = "golden", .connections = 1});
  const auto rows = pool.Exec({}, kSelectPrivileges, names);
  Check(rows.status());
  std::vector<std::string> lines;
  for (const pg::Row row : *rows) lines.push_back(row.Get<std::string>("line"));
  CheckLines("privileges.txt", lines);
}

}  // namespace
}  // namespace cloudpos::golden
