#include <openssl/evp.h>

#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/base/ids.h"
#include "libs/base/status_macros.h"
#include "libs/pg/conninfo.h"
#include "libs/pg/connection.h"
#include "libs/pg/identifier.h"
#include "libs/pg/migrate.h"
#include "libs/pg/sqlstate.h"

namespace cloudpos::pg {
namespace {

absl::StatusOr<std::unique_ptr<Connection>> OpenAdmin(const std::string& admin_dsn) {
  CLOUDPOS_ASSIGN_OR_RETURN(
      const std::string conninfo,
      WithSession(admin_dsn,
                  {.application_name = "cloudpos-provision", .lock_timeout_ms = 10'000}));
  auto connection = Connection::Open({.conninfo = conninfo, .pool = "provision"});
  if (!connection.ok()) {
    return absl::UnavailableError("cannot connect as administrator: " +
                                  MessageOf(connection.status()));
  }
  return connection;
}

absl::Status Run(Connection& connection, const std::string& sql, const std::string& what) {
  const absl::Status status = connection.ExecuteSimple(sql, what).status();
  if (status.ok()) return status;
  absl::Status explained(status.code(), what + ": " + MessageOf(status));
  status.ForEachPayload([&](absl::string_view type, const absl::Cord& payload) {
    explained.SetPayload(type, payload);
  });
  return explained;
}

// The verifier that PostgreSQL stores (RFC 5803): made here, the password itself stays out of the
// server's log and of pg_stat_activity. Passwords are ASCII, for which SASLprep changes nothing.
absl::StatusOr<std::string> ScramVerifier(const std::string& password) {
  constexpr int kIterations = 4096;
  const std::string salt = base::RandomBytes(16);
  std::string salted(32, '\0');
  if (PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()),
                        reinterpret_cast<const unsigned char*>(salt.data()),
                        static_cast<int>(salt.size()), kIterations, EVP_sha256(),
                        static_cast<int>(salted.size()),
                        reinterpret_cast<unsigned char*>(salted.data())) != 1) {
    return absl::InternalError("PBKDF2 failed");
  }
  const std::string stored_key = base::Sha256(base::HmacSha256(salted, "Client Key"));
  const std::string server_key = base::HmacSha256(salted, "Server Key");
  return "SCRAM-SHA-256$" + std::to_string(kIterations) + ":" + base::Base64Encode(salt) + "$" +
         base::Base64Encode(stored_key) + ":" + base::Base64Encode(server_key);
}

absl::Status CreateRole(Connection& connection, const std::string& role, const std::string& schema,
                        const std::string& password) {
  CLOUDPOS_RETURN_IF_ERROR(CheckIdentifier(role));
  if (password.empty()) return absl::InvalidArgumentError("empty password for role " + role);
  CLOUDPOS_ASSIGN_OR_RETURN(const std::string verifier, ScramVerifier(password));
  // Roles belong to the cluster, and two sessions that alter one at once fail: one after the other.
  const std::string sql =
      "BEGIN; LOCK TABLE pg_catalog.pg_authid IN SHARE ROW EXCLUSIVE MODE;"
      "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = " + QuoteLiteral(role) +
      ") THEN CREATE ROLE " + role + "; END IF; END $$;"
      "ALTER ROLE " + role +
      " LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD " +
      QuoteLiteral(verifier) + ";" +
      "ALTER ROLE " + role + " SET search_path = " + schema + "; COMMIT";
  return Run(connection, sql, "creating role " + role);
}

}  // namespace

absl::Status CreateDatabase(const std::string& admin_dsn, const std::string& database) {
  CLOUDPOS_RETURN_IF_ERROR(CheckIdentifier(database));
  CLOUDPOS_ASSIGN_OR_RETURN(const auto connection, OpenAdmin(admin_dsn));
  const Param name[] = {database};
  CLOUDPOS_ASSIGN_OR_RETURN(
      const Result found,
      connection->Execute(
          {"select_database", "SELECT oid::text FROM pg_database WHERE datname = $1"}, name, 1));
  if (found.empty()) {
    const absl::Status created = Run(*connection,
                                     "CREATE DATABASE " + database +
                                         " TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C.UTF-8'"
                                         " LC_CTYPE 'C.UTF-8'",
                                     "creating database " + database);
    const std::string state = SqlStateOf(created);
    if (!created.ok() && state != "42P04" && state != "23505") return created;  // made meanwhile
  }
  return Run(*connection, "REVOKE ALL ON DATABASE " + database + " FROM PUBLIC",
             "closing database " + database);
}

absl::Status ProvisionService(const std::string& admin_dsn, const std::string& service,
                              const std::map<std::string, std::string>& passwords) {
  CLOUDPOS_RETURN_IF_ERROR(CheckIdentifier(service));
  CLOUDPOS_ASSIGN_OR_RETURN(const auto connection, OpenAdmin(admin_dsn));
  CLOUDPOS_ASSIGN_OR_RETURN(const Result current,
                            connection->ExecuteSimple("SELECT current_database() AS name", "name"));
  const std::string database = QuoteIdentifier(current[0].Get<std::string>("name"));
  std::string roles;
  for (const std::string& role : RolesOf(service)) {
    const auto password = passwords.find(role);
    if (password == passwords.end()) return absl::InvalidArgumentError("no password for " + role);
    CLOUDPOS_RETURN_IF_ERROR(CreateRole(*connection, role, service, password->second));
    roles += (roles.empty() ? "" : ", ") + role;
  }
  const std::string owner = service + "_owner";
  // Tables have no privileges but the owner's by default: what a role may do stands in the
  // migrations, word by word.
  const std::string sql =
      "BEGIN;"
      "REVOKE ALL ON SCHEMA public FROM PUBLIC;"
      "GRANT CONNECT ON DATABASE " + database + " TO " + roles + ";"
      "CREATE SCHEMA IF NOT EXISTS " + service + " AUTHORIZATION " + owner + ";"
      "ALTER SCHEMA " + service + " OWNER TO " + owner + ";"
      "REVOKE ALL ON SCHEMA " + service + " FROM PUBLIC;"
      "GRANT USAGE ON SCHEMA " + service + " TO " + roles + ";"
      "ALTER DEFAULT PRIVILEGES FOR ROLE " + owner + " REVOKE ALL ON TABLES FROM PUBLIC;"
      "COMMIT";
  return Run(*connection, sql, "provisioning schema " + service);
}

std::vector<std::string> RolesOf(const std::string& service) {
  return {service + "_owner", service + "_rw", service + "_worker", service + "_ro"};
}

}  // namespace cloudpos::pg
