#include <map>
#include <stdexcept>

#include "libs/events/events.h"
#include "libs/pg/conninfo.h"
#include "tests/support/schemas/schemas.h"

namespace cloudpos::testing {
namespace {

void Check(const absl::Status& status) {
  if (!status.ok()) throw std::runtime_error(status.ToString());
}

std::string As(const std::string& dsn, const std::string& role) {
  const auto named = pg::WithParameter(dsn, "user", role);
  Check(named.status());
  const auto complete = pg::WithParameter(*named, "password", "test-" + role);
  Check(complete.status());
  return *complete;
}

/// Roles, and the schema unless the database came with it.
void AddSchema(const std::string& admin, const pg::MigrationSet& service) {
  std::map<std::string, std::string> passwords;
  for (const std::string& role : pg::RolesOf(service.name)) passwords[role] = "test-" + role;
  Check(pg::ProvisionService(admin, service.name, passwords));
  const std::string owner = As(admin, service.name + "_owner");
  Check(pg::Migrate(owner, service.name, {events::Migrations(), service}).status());
}

}  // namespace

SuiteDatabase::SuiteDatabase()
    : database_(Schemas().at(0).name, {events::Migrations(), Schemas().at(0)}) {
  const std::string admin = Dsn("admin");
  // A clone has its template's tables, but not the database's own privileges.
  const auto name = pg::ParameterOf(admin, "dbname");
  Check(name.status());
  Check(pg::CreateDatabase(AdminDsn(), *name));
  for (const pg::MigrationSet& service : Schemas()) AddSchema(admin, service);
}

std::string SuiteDatabase::Dsn(const std::string& role) const {
  const std::string admin = database_.Dsn("admin");
  return role == "admin" ? admin : As(admin, role);
}

}  // namespace cloudpos::testing
