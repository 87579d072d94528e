#include "libs/testing/database.h"

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <map>
#include <mutex>
#include <stdexcept>

#include "libs/base/encoding.h"
#include "libs/base/ids.h"
#include "libs/pg/conninfo.h"
#include "libs/pg/connection.h"

namespace cloudpos::testing {
namespace {

// Serialises the making of templates and roles between test programs that run side by side.
constexpr char kLock[] = "SELECT pg_advisory_lock(7205759403792)";

// Test code: what goes wrong here ends the test with its reason.
void Check(const absl::Status& status) {
  if (!status.ok()) throw std::runtime_error(status.ToString());
}

template <typename T>
T Check(absl::StatusOr<T> value) {
  Check(value.status());
  return *std::move(value);
}

std::string Required(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') {
    throw std::runtime_error(std::string(name) + " is not set: run the tests by ./pos test");
  }
  return value;
}

std::string InDatabase(const std::string& database) {
  return Check(pg::WithParameter(AdminDsn(), "dbname", database));
}

class Admin {
 public:
  Admin() {
    const std::string conninfo =
        Check(pg::WithSession(AdminDsn(), {.application_name = "cloudpos-test"}));
    connection_ = Check(pg::Connection::Open({.conninfo = conninfo, .pool = "test"}));
  }
  pg::Result Run(const std::string& sql) { return Check(connection_->ExecuteSimple(sql, "test")); }

 private:
  std::unique_ptr<pg::Connection> connection_;
};

std::map<std::string, std::string> TestPasswords(const std::string& service) {
  std::map<std::string, std::string> passwords;
  for (const std::string& role : pg::RolesOf(service)) passwords[role] = "test-" + role;
  return passwords;
}

std::string RoleDsn(const std::string& service, const std::string& role,
                    const std::string& database) {
  const std::string user = service + "_" + role;
  const std::string dsn = Check(pg::WithParameter(InDatabase(database), "user", user));
  return Check(pg::WithParameter(dsn, "password", "test-" + user));
}

std::string TemplateName(const std::string& service, const std::vector<pg::MigrationSet>& sets) {
  std::string all = "1";  // raised when provisioning changes
  for (const pg::MigrationSet& set : sets) {
    all += "\n" + set.name;
    for (const pg::Migration& migration : *set.migrations) {
      all += "\n" + std::to_string(migration.version) + "\n" + migration.sql;
    }
  }
  return "template_" + service + "_" + base::HexEncode(base::Sha256(all)).substr(0, 12);
}

// A template is complete when it is marked as one; anything else of that name was left half-made.
void MakeTemplate(Admin& admin, const std::string& name, const std::string& service,
                  const std::vector<pg::MigrationSet>& sets) {
  const std::string marked = "SELECT FROM pg_database WHERE datistemplate AND datname = '";
  if (!admin.Run(marked + name + "'").empty()) return;
  admin.Run(kLock);
  if (!admin.Run(marked + name + "'").empty()) return;
  admin.Run("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)");
  Check(pg::CreateDatabase(AdminDsn(), name));
  Check(pg::ProvisionService(InDatabase(name), service, TestPasswords(service)));
  Check(pg::Migrate(RoleDsn(service, "owner", name), service, sets).status());
  admin.Run("ALTER DATABASE " + name + " WITH IS_TEMPLATE true ALLOW_CONNECTIONS false");
}

// Made at most once per process; the name tells whether another process made it before.
const std::string& TemplateOf(const std::string& service,
                              const std::vector<pg::MigrationSet>& sets) {
  static std::mutex mutex;
  static std::map<std::string, bool> made;
  const std::lock_guard lock(mutex);
  const auto [entry, is_new] = made.try_emplace(TemplateName(service, sets), false);
  if (!entry->second) {
    Admin admin;
    MakeTemplate(admin, entry->first, service, sets);
    entry->second = true;
  }
  return entry->first;
}

std::string FreshName(const std::string& service) {
  return "test_" + service + "_" + std::to_string(getpid()) + "_" +
         base::HexEncode(base::RandomBytes(4));
}

}  // namespace

Database::Database(const std::string& service, const std::vector<pg::MigrationSet>& sets)
    : service_(service), name_(FreshName(service)) {
  const std::string& from = TemplateOf(service, sets);
  Admin().Run("CREATE DATABASE " + name_ + " TEMPLATE " + from);
}

Database::~Database() {
  try {
    Admin().Run("DROP DATABASE IF EXISTS " + name_ + " WITH (FORCE)");
  } catch (const std::exception&) {
    // The server is gone or going: its databases go with it.
  }
}

std::string Database::Dsn(const std::string& role) const {
  if (role == "admin") return InDatabase(name_);
  return RoleDsn(service_, role, name_);
}

std::string RedisUrl() { return Required("POS_TEST_REDIS_URL"); }
std::string AdminDsn() { return Required("POS_TEST_PG_DSN"); }

}  // namespace cloudpos::testing
