#include "tools/db/commands.h"

#include <sys/stat.h>

#include <fstream>
#include <map>
#include <sstream>

#include "libs/base/status_macros.h"
#include "libs/pg/conninfo.h"
#include "libs/pg/migrate.h"
#include "libs/pg/pg.h"

namespace cloudpos::db {
namespace {

constexpr std::string_view kServices[] = {"auth", "inventory", "transaction", "reporting"};

constexpr std::string_view kUsage =
    "usage: cloudpos-db init --admin-dsn DSN --secrets DIR [--database NAME]\n"
    "       cloudpos-db version --admin-dsn DSN [--database NAME]\n"
    "DIR holds a file ROLE.password for each role.";

// A password file holds one line; a group or the world that can read it is a mistake.
absl::StatusOr<std::string> ReadPassword(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return absl::NotFoundError("cannot find " + path);
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return absl::PermissionDeniedError(path + " must be readable by its owner only (chmod 600)");
  }
  std::ifstream file(path);
  std::string password;
  if (!std::getline(file, password) || password.empty()) {
    return absl::InvalidArgumentError("no password in " + path);
  }
  return password;
}

absl::StatusOr<std::map<std::string, std::string>> ReadPasswords(const std::string& folder,
                                                                 const std::string& service) {
  std::map<std::string, std::string> passwords;
  for (const std::string& role : pg::RolesOf(service)) {
    CLOUDPOS_ASSIGN_OR_RETURN(passwords[role], ReadPassword(folder + "/" + role + ".password"));
  }
  return passwords;
}

constexpr pg::Query kSelectSchemas{"select_migrated_schemas", R"sql(
  SELECT n.nspname AS name
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relname = 'schema_migrations' AND n.nspname = ANY($1::text[]))sql"};

}  // namespace

std::span<const std::string_view> Services() { return kServices; }

absl::StatusOr<Options> ParseArguments(const std::vector<std::string>& arguments) {
  Options options;
  const absl::Status usage = absl::InvalidArgumentError(kUsage.data());
  if (arguments.empty() || arguments.size() % 2 != 1) return usage;
  options.command = arguments[0];
  for (size_t i = 1; i < arguments.size(); i += 2) {
    const std::string& name = arguments[i];
    if (name == "--admin-dsn") {
      options.admin_dsn = arguments[i + 1];
    } else if (name == "--secrets") {
      options.secrets = arguments[i + 1];
    } else if (name == "--database") {
      options.database = arguments[i + 1];
    } else {
      return usage;
    }
  }
  const bool is_init = options.command == "init";
  if (!is_init && options.command != "version") return usage;
  if (options.admin_dsn.empty() || options.secrets.empty() == is_init) return usage;
  return options;
}

absl::Status Init(const Options& options) {
  std::map<std::string, std::map<std::string, std::string>> passwords;
  for (const std::string_view service : Services()) {
    const std::string name(service);
    CLOUDPOS_ASSIGN_OR_RETURN(passwords[name], ReadPasswords(options.secrets, name));
  }
  CLOUDPOS_RETURN_IF_ERROR(pg::CreateDatabase(options.admin_dsn, options.database));
  CLOUDPOS_ASSIGN_OR_RETURN(const std::string dsn,
                            pg::WithParameter(options.admin_dsn, "dbname", options.database));
  for (const auto& [service, roles] : passwords) {
    CLOUDPOS_RETURN_IF_ERROR(pg::ProvisionService(dsn, service, roles));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<SetVersion>> Versions(const Options& options) {
  CLOUDPOS_ASSIGN_OR_RETURN(const std::string dsn,
                            pg::WithParameter(options.admin_dsn, "dbname", options.database));
  pg::Pool pool({.dsn = dsn, .application_name = "cloudpos-db", .connections = 1});
  std::vector<std::string> names(Services().begin(), Services().end());
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result schemas, pool.Exec({}, kSelectSchemas, names));
  std::vector<SetVersion> versions;
  for (const pg::Row schema : schemas) {
    const auto service = schema.Get<std::string>("name");
    const std::string sql = "SELECT set_name, max(version)::int4 AS version FROM " + service +
                            ".schema_migrations GROUP BY set_name ORDER BY set_name";
    CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result sets,
                              pool.Exec({}, {"select_versions", sql.c_str()}));
    for (const pg::Row set : sets) {
      versions.push_back({service, set.Get<std::string>("set_name"), set.Get<int32_t>("version")});
    }
  }
  return versions;
}

}  // namespace cloudpos::db
