// One database with the schemas of all services, as ./pos up makes it.

#include <map>
#include <stdexcept>

#include "libs/events/events.h"
#include "libs/pg/conninfo.h"
#include "libs/pg/migrate.h"
#include "libs/testing/database.h"
#include "services/transaction/migrations.h"
#include "tests/chaos/check/shop_test.h"

namespace cloudpos::auth {
const std::vector<pg::Migration>& Migrations();
}
namespace cloudpos::inventory {
const std::vector<pg::Migration>& Migrations();
}
namespace cloudpos::reporting {
const std::vector<pg::Migration>& Migrations();
}

namespace cloudpos::chaos {
namespace {

template <typename T>
T Must(absl::StatusOr<T> value) {
  if (!value.ok()) throw std::runtime_error(value.status().ToString());
  return *std::move(value);
}

void AddSchema(const std::string& admin_dsn, const std::string& service,
               const std::vector<pg::Migration>& migrations) {
  std::map<std::string, std::string> passwords;
  for (const std::string& role : pg::RolesOf(service)) passwords[role] = "test-" + role;
  const absl::Status provisioned = pg::ProvisionService(admin_dsn, service, passwords);
  if (!provisioned.ok()) throw std::runtime_error(provisioned.ToString());
  const std::string owner = service + "_owner";
  const std::string dsn = Must(pg::WithParameter(admin_dsn, "user", owner));
  Must(pg::Migrate(Must(pg::WithParameter(dsn, "password", passwords[owner])), service,
                   {events::Migrations(), {service, &migrations}}));
}

class Suite {
 public:
  Suite()
      : database_("transaction",
                  {events::Migrations(), {"transaction", &transaction::Migrations()}}),
        dsn_(database_.Dsn("admin")) {
    AddSchema(dsn_, "auth", auth::Migrations());
    AddSchema(dsn_, "inventory", inventory::Migrations());
    AddSchema(dsn_, "reporting", reporting::Migrations());
  }
  const std::string& dsn() const { return dsn_; }

 private:
  testing::Database database_;
  std::string dsn_;
};

}  // namespace

const std::string& SuiteDsn() {
  static const Suite suite;
  return suite.dsn();
}

}  // namespace cloudpos::chaos
