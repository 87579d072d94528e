#pragma once

// Migrations: forward only, each once, under a lock on the migrations table, with a checksum that
// must never change. And the roles of a service.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace cloudpos::pg {

struct Migration {
  int version;
  std::string name;  // file name without ".sql"
  std::string sql;   // "-- no-transaction" on line 1: run outside a transaction
};

/// A named series of migrations; libraries bring their own (the outbox), services theirs. In the
/// SQL the word {{schema}} stands for the service's schema.
struct MigrationSet {
  std::string name;
  const std::vector<Migration>* migrations;
};

struct Migrated {
  int applied;
  int version;  // of the last set
};

/// Applies what is missing, in order, as the owner role. `schema` is the service's schema.
absl::StatusOr<Migrated> Migrate(const std::string& owner_dsn, const std::string& schema,
                                 const std::vector<MigrationSet>& sets);

/// Version of set `set` in `schema`; 0 when never migrated.
absl::StatusOr<int> SchemaVersion(const std::string& dsn, const std::string& schema,
                                  const std::string& set);

/// Creates, where missing, for one service: schema <service> owned by <service>_owner, and the
/// login roles <service>_owner (migrations), _rw (requests, row-level security), _worker (consumers
/// and feed: policies of their own) and _ro (people, reports), each with search_path pinned to the
/// schema. `passwords` maps role name to password. Run as a superuser, in the suite's database.
absl::Status ProvisionService(const std::string& admin_dsn, const std::string& service,
                              const std::map<std::string, std::string>& passwords);

/// The login roles of a service: <service>_owner, _rw, _worker and _ro.
std::vector<std::string> RolesOf(const std::string& service);

/// Creates the database when missing; only roles with a grant may connect to it.
absl::Status CreateDatabase(const std::string& admin_dsn, const std::string& database);

}  // namespace cloudpos::pg
