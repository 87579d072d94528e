#include "tools/db/commands.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "libs/base/encoding.h"
#include "libs/base/ids.h"
#include "libs/pg/conninfo.h"
#include "libs/pg/migrate.h"
#include "libs/pg/pg.h"
#include "libs/testing/database.h"

namespace cloudpos::db {
namespace {

// A folder of password files and a database name of its own; both go with it.
struct Installation {
  Installation() {
    std::filesystem::create_directory(options.secrets);
    for (const std::string_view service : Services()) {
      for (const std::string& role : pg::RolesOf(std::string(service))) Write(role, "test-" + role);
    }
  }
  ~Installation() {
    std::filesystem::remove_all(options.secrets);
    pg::Pool admin({.dsn = testing::AdminDsn(), .application_name = "test", .connections = 1});
    const std::string sql = "DROP DATABASE IF EXISTS " + options.database + " WITH (FORCE)";
    CHECK(admin.Exec({}, {"drop", sql.c_str()}).ok());
  }
  void Write(const std::string& role, const std::string& password) const {
    const std::string path = options.secrets + "/" + role + ".password";
    std::ofstream(path) << password << "\n";
    chmod(path.c_str(), S_IRUSR | S_IWUSR);
  }
  std::string Dsn(const std::string& role, const std::string& password) const {
    std::string dsn = *pg::WithParameter(testing::AdminDsn(), "dbname", options.database);
    dsn = *pg::WithParameter(dsn, "user", role);
    return *pg::WithParameter(dsn, "password", password);
  }

  const std::string id = base::HexEncode(base::RandomBytes(4));
  const Options options{"init", testing::AdminDsn(),
                        (std::filesystem::temp_directory_path() / ("cloudpos-db-" + id)).string(),
                        "test_db_" + id};
};

TEST_CASE("ParseArguments: anything unknown is answered with the usage", "[db][domain]") {
  CHECK(ParseArguments({"init", "--admin-dsn", "d", "--secrets", "s"})->database == "cloudpos");
  CHECK(ParseArguments({"version", "--admin-dsn", "d", "--database", "x"})->database == "x");
  for (const std::vector<std::string>& wrong :
       {std::vector<std::string>{}, {"init"}, {"init", "--admin-dsn"}, {"init", "--admin-dsn", "d"},
        {"drop", "--admin-dsn", "d"}, {"version", "--admin-dsn", "d", "--secrets", "s"},
        {"version", "--dsn", "d"}}) {
    CHECK_FALSE(ParseArguments(wrong).ok());
  }
}

TEST_CASE("Init: roles, schemas and passwords, and a second run is harmless", "[db][store]") {
  const Installation installation;
  REQUIRE(Init(installation.options).ToString() == "OK");
  REQUIRE(Init(installation.options).ToString() == "OK");
  for (const std::string_view service : Services()) {
    for (const std::string& role : pg::RolesOf(std::string(service))) {
      pg::Pool pool({.dsn = installation.Dsn(role, "test-" + role), .application_name = "test"});
      CHECK(pool.Ping());
    }
  }
  CHECK(Versions(installation.options)->empty());
}

TEST_CASE("Init: a service's roles see no other schema and cannot create", "[db][store]") {
  const Installation installation;
  REQUIRE(Init(installation.options).ok());
  const pg::Migration table{1, "0001_create_t", "CREATE TABLE {{schema}}.t (tenant_id uuid)"};
  const std::vector<pg::Migration> migrations = {table};
  REQUIRE(pg::Migrate(installation.Dsn("auth_owner", "test-auth_owner"), "auth",
                      {{"auth", &migrations}}).ok());
  CHECK(Versions(installation.options)->at(0).version == 1);

  const auto state = [&](const std::string& role, const char* sql) {
    pg::Pool pool({.dsn = installation.Dsn(role, "test-" + role), .application_name = "test"});
    return pg::SqlStateOf(pool.Exec({}, {"probe", sql}).status());
  };
  CHECK(state("inventory_rw", "SELECT tenant_id FROM auth.t") == "42501");
  CHECK(state("inventory_owner", "SELECT tenant_id FROM auth.t") == "42501");
  CHECK(state("auth_rw", "SELECT tenant_id FROM t") == "42501");  // no grant in its migration
  CHECK(state("auth_rw", "CREATE TABLE auth.x (a int)") == "42501");
  CHECK(state("auth_rw", "CREATE TABLE public.x (a int)") == "42501");
  CHECK(state("auth_rw", "CREATE TEMP TABLE x (a int)") == "42501");
  CHECK(state("auth_owner", "CREATE TABLE public.x (a int)") == "42501");
  CHECK(state("auth_owner", "SELECT tenant_id FROM t") == "");  // search_path is its schema
}

TEST_CASE("Init: a missing, empty or shared password file is named", "[db][store]") {
  const Installation installation;
  const std::string path = installation.options.secrets + "/auth_rw.password";
  const auto refusal = [&] { return std::string(Init(installation.options).message()); };
  chmod(path.c_str(), 0644);
  CHECK(refusal().find(path) != std::string::npos);
  installation.Write("auth_rw", "");
  CHECK(refusal().find(path) != std::string::npos);
  std::filesystem::remove(path);
  CHECK(refusal().find(path) != std::string::npos);
}

}  // namespace
}  // namespace cloudpos::db
