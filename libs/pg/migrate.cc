#include "libs/pg/migrate.h"

#include <map>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/log/log.h"
#include "libs/pg/conninfo.h"
#include "libs/pg/connection.h"
#include "libs/pg/identifier.h"
#include "libs/pg/script.h"
#include "libs/pg/sqlstate.h"

namespace cloudpos::pg {
namespace {

// Waits this long for the locks of a migration's own statements; traffic that queues behind a
// waiting ALTER TABLE waits as long.
constexpr int64_t kLockTimeoutMs = 10'000;
// Another migrator is waited for this often, a minute in all.
constexpr int kTurnAttempts = 1'200;
constexpr absl::Duration kTurnPause = absl::Milliseconds(50);

constexpr char kCreateTable[] = R"sql(
  CREATE TABLE IF NOT EXISTS {{schema}}.schema_migrations (
    set_name   text NOT NULL,
    version    integer NOT NULL,
    name       text NOT NULL,
    checksum   text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (set_name, version)
  ))sql";

// Roles that exist only where the service was provisioned.
constexpr char kGrantTable[] = R"sql(
  DO $$
  DECLARE reader text;
  BEGIN
    FOREACH reader IN ARRAY ARRAY['{{schema}}_rw', '{{schema}}_worker', '{{schema}}_ro'] LOOP
      IF EXISTS (SELECT FROM pg_roles WHERE rolname = reader) THEN
        EXECUTE format('GRANT SELECT ON {{schema}}.schema_migrations TO %I', reader);
      END IF;
    END LOOP;
  END $$)sql";

// An interrupted CREATE INDEX CONCURRENTLY leaves an invalid index, which IF NOT EXISTS would take
// for a good one. (Those of partitioned tables, relkind I, are invalid by design for a while.)
constexpr Query kSelectInvalidIndexes{"select_invalid_indexes", R"sql(
  SELECT c.relname
  FROM pg_index i
  JOIN pg_class c ON c.oid = i.indexrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = $1 AND NOT i.indisvalid AND c.relkind = 'i')sql"};

struct Applied {
  std::string name;
  std::string checksum;
};

class Migrator {
 public:
  Migrator(std::string conninfo, std::string schema)
      : conninfo_(std::move(conninfo)),
        schema_(std::move(schema)),
        select_sql_("SELECT name, checksum FROM " + schema_ +
                    ".schema_migrations WHERE set_name = $1 AND version = $2"),
        insert_sql_(
            "INSERT INTO " + schema_ +
            ".schema_migrations (set_name, version, name, checksum) VALUES ($1, $2, $3, $4)"),
        lock_sql_("LOCK TABLE " + schema_ + ".schema_migrations IN EXCLUSIVE MODE") {}

  absl::Status Prepare() {
    CLOUDPOS_ASSIGN_OR_RETURN(connection_,
                              Connection::Open({.conninfo = conninfo_, .pool = "migrate"}));
    // Two migrators may both find the table missing; the slower one then fails on its name: as a
    // duplicate row of the catalogue, a table or a type, as it comes.
    absl::Status created;
    for (int attempt = 0; attempt < 5; ++attempt) {
      created = connection_->ExecuteSimple(WithSchema(kCreateTable, schema_), "create").status();
      const std::string state = SqlStateOf(created);
      if (state != "23505" && state != "42P07" && state != "42710") break;
    }
    CLOUDPOS_RETURN_IF_ERROR(created);
    return InTransaction([&] {
      return connection_->ExecuteSimple(WithSchema(kGrantTable, schema_), "grant").status();
    });
  }

  /// True when it was applied now, false when it was there already.
  absl::StatusOr<bool> Apply(const std::string& set, const Migration& migration) {
    CLOUDPOS_ASSIGN_OR_RETURN(bool present, IsApplied(set, migration));
    if (present) return false;
    bool applied = false;
    const absl::Status status = InTransaction([&]() -> absl::Status {
      // Looked at again: another migrator may have held the lock until now.
      CLOUDPOS_ASSIGN_OR_RETURN(present, IsApplied(set, migration));
      if (present) return absl::OkStatus();
      CLOUDPOS_RETURN_IF_ERROR(Run(migration));
      const Param row[] = {set, migration.version, migration.name, ChecksumOf(migration)};
      applied = true;
      return connection_->Execute({"insert_migration", insert_sql_.c_str()}, row, 4).status();
    });
    if (!status.ok()) return Explain(set, migration, status);
    if (applied) {
      log::Info("migration applied", {{"schema", schema_}, {"set", set}, {"name", migration.name}});
    }
    return applied;
  }

 private:
  static std::string ChecksumOf(const Migration& migration) {
    return base::HexEncode(base::Sha256(migration.sql));
  }

  // The lock on the migrations table makes migrators wait for each other, and only them: readers of
  // the table (services that check their schema) go on.
  template <typename F>
  absl::Status InTransaction(F&& body) {
    CLOUDPOS_RETURN_IF_ERROR(BeginInTurn());
    if (absl::Status status = body(); !status.ok()) {
      connection_->Rollback();
      return status;
    }
    return connection_->Commit();
  }

  // Who waits inside LOCK keeps a snapshot of the catalogue, for which the other migrator's CREATE
  // INDEX CONCURRENTLY waits in turn, unseen by the deadlock detector. So: try, let go, try again.
  absl::Status BeginInTurn() {
    absl::Status begun;
    for (int attempt = 0; attempt < kTurnAttempts; ++attempt) {
      begun = connection_->Begin("BEGIN; " + lock_sql_ + " NOWAIT");
      if (SqlStateOf(begun) != "55P03") break;
      connection_->Rollback();
      absl::SleepFor(kTurnPause);
    }
    return begun;
  }

  absl::StatusOr<bool> IsApplied(const std::string& set, const Migration& migration) {
    const Param key[] = {set, migration.version};
    CLOUDPOS_ASSIGN_OR_RETURN(
        const Result rows, connection_->Execute({"select_migration", select_sql_.c_str()}, key, 2));
    if (rows.empty()) return false;
    if (rows[0].Get<std::string_view>("checksum") != ChecksumOf(migration)) {
      return absl::DataLossError("migration " + set + "/" + migration.name +
                                 ".sql differs from what was applied as " +
                                 rows[0].Get<std::string>("name") +
                                 ": applied migrations never change, write a new one");
    }
    return true;
  }

  absl::Status Run(const Migration& migration) {
    const std::string sql = WithSchema(migration.sql, schema_);
    if (!IsNoTransaction(migration.sql)) {
      return connection_->ExecuteSimple(sql, migration.name).status();
    }
    // Beside the transaction that holds the lock, statement by statement. If we die in between, the
    // next run does all of it again: such migrations say IF NOT EXISTS. CREATE INDEX CONCURRENTLY
    // waits for older snapshots, and the portal of our last SELECT still has one: any simple
    // statement closes it.
    CLOUDPOS_RETURN_IF_ERROR(connection_->ExecuteSimple(lock_sql_, "lock").status());
    CLOUDPOS_ASSIGN_OR_RETURN(const auto beside,
                              Connection::Open({.conninfo = conninfo_, .pool = "migrate"}));
    CLOUDPOS_RETURN_IF_ERROR(DropInvalidIndexes(*beside));
    for (const std::string& statement : SplitStatements(sql)) {
      CLOUDPOS_RETURN_IF_ERROR(beside->ExecuteSimple(statement, migration.name).status());
    }
    return absl::OkStatus();
  }

  absl::Status DropInvalidIndexes(Connection& connection) {
    const Param schema[] = {schema_};
    CLOUDPOS_ASSIGN_OR_RETURN(const Result indexes,
                              connection.Execute(kSelectInvalidIndexes, schema, 1));
    for (const Row index : indexes) {
      const std::string name =
          QuoteIdentifier(schema_) + "." + QuoteIdentifier(index.Get<std::string>("relname"));
      CLOUDPOS_RETURN_IF_ERROR(
          connection.ExecuteSimple("DROP INDEX CONCURRENTLY " + name, "drop_invalid").status());
    }
    return absl::OkStatus();
  }

  // People read this one: with PostgreSQL's own words.
  absl::Status Explain(const std::string& set, const Migration& migration,
                       const absl::Status& status) {
    if (SqlStateOf(status).empty()) return status;
    absl::Status explained(status.code(), "migration " + set + "/" + migration.name + ".sql: " +
                                              MessageOf(status) + " (SQLSTATE " +
                                              SqlStateOf(status) + ")");
    status.ForEachPayload([&](absl::string_view type, const absl::Cord& payload) {
      explained.SetPayload(type, payload);
    });
    return explained;
  }

  const std::string conninfo_;
  const std::string schema_;
  const std::string select_sql_;
  const std::string insert_sql_;
  const std::string lock_sql_;
  std::unique_ptr<Connection> connection_;
};

absl::Status CheckOrder(const MigrationSet& set) {
  int before = 0;
  for (const Migration& migration : *set.migrations) {
    if (migration.version <= before) {
      return absl::InvalidArgumentError("migrations of set " + set.name + " are out of order at " +
                                        migration.name);
    }
    before = migration.version;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Migrated> Migrate(const std::string& owner_dsn, const std::string& schema,
                                 const std::vector<MigrationSet>& sets) {
  CLOUDPOS_RETURN_IF_ERROR(CheckIdentifier(schema));
  CLOUDPOS_ASSIGN_OR_RETURN(
      const std::string conninfo,
      WithSession(owner_dsn,
                  {.application_name = "cloudpos-migrate", .lock_timeout_ms = kLockTimeoutMs}));
  Migrator migrator(conninfo, schema);
  CLOUDPOS_RETURN_IF_ERROR(migrator.Prepare());
  Migrated done{0, 0};
  for (const MigrationSet& set : sets) {
    CLOUDPOS_RETURN_IF_ERROR(CheckOrder(set));
    done.version = 0;
    for (const Migration& migration : *set.migrations) {
      CLOUDPOS_ASSIGN_OR_RETURN(const bool applied, migrator.Apply(set.name, migration));
      done.applied += applied ? 1 : 0;
      done.version = migration.version;
    }
  }
  return done;
}

absl::StatusOr<int> SchemaVersion(const std::string& dsn, const std::string& schema,
                                  const std::string& set) {
  CLOUDPOS_RETURN_IF_ERROR(CheckIdentifier(schema));
  CLOUDPOS_ASSIGN_OR_RETURN(
      const std::string conninfo,
      WithSession(dsn, {.application_name = "cloudpos-version", .statement_timeout_ms = 5000}));
  CLOUDPOS_ASSIGN_OR_RETURN(const auto connection,
                            Connection::Open({.conninfo = conninfo, .pool = "migrate"}));
  const std::string sql = "SELECT coalesce(max(version), 0)::int AS version FROM " + schema +
                          ".schema_migrations WHERE set_name = $1";
  const Param name[] = {set};
  const auto rows = connection->Execute({"schema_version", sql.c_str()}, name, 1);
  const std::string state = SqlStateOf(rows.status());
  if (state == "42P01" || state == "3F000") return 0;  // never migrated: no table, no schema
  CLOUDPOS_RETURN_IF_ERROR(rows.status());
  return (*rows)[0].Get<int32_t>("version");
}

}  // namespace cloudpos::pg
