// Failed sign-ins and the first-admin secret: known before any tenant is.

#include "services/auth/store_rows.h"
#include "services/auth/store_sessions.h"

namespace cloudpos::auth {
namespace {

LoginFailures ToFailures(const pg::Row& row) {
  return {.failures = row.Get<int32_t>("failures"),
          .last_failed_at = row.Get<absl::Time>("last_failed_at"),
          .locked_until =
              row.Get<std::optional<absl::Time>>("locked_until").value_or(absl::InfinitePast())};
}

constexpr pg::Query kSelectLoginFailures{"select_login_failures", R"sql(
  SELECT failures, last_failed_at, locked_until FROM auth.login_failures
  WHERE account_hash = $1)sql"};

constexpr pg::Query kSelectLoginFailuresForUpdate{"select_login_failures_for_update", R"sql(
  SELECT failures, last_failed_at, locked_until FROM auth.login_failures
  WHERE account_hash = $1 FOR UPDATE)sql"};

constexpr pg::Query kUpsertLoginFailures{"upsert_login_failures", R"sql(
  INSERT INTO auth.login_failures (account_hash, failures, last_failed_at, locked_until)
  VALUES ($1, $2, $3, $4)
  ON CONFLICT (account_hash) DO UPDATE
  SET failures = excluded.failures, last_failed_at = excluded.last_failed_at,
      locked_until = excluded.locked_until)sql"};

// Makes the row, so that there is one to lock: two first failures at once must count as two.
constexpr pg::Query kEnsureLoginFailures{"ensure_login_failures", R"sql(
  INSERT INTO auth.login_failures (account_hash, failures, last_failed_at)
  VALUES ($1, 0, 'epoch') ON CONFLICT (account_hash) DO NOTHING)sql"};

constexpr pg::Query kDeleteLoginFailures{"delete_login_failures", R"sql(
  DELETE FROM auth.login_failures WHERE account_hash = $1)sql"};

constexpr pg::Query kInsertSecret{"insert_bootstrap_secret", R"sql(
  INSERT INTO auth.bootstrap_secrets (secret_hash, first_seen_at) VALUES ($1, $2)
  ON CONFLICT (secret_hash) DO NOTHING)sql"};

constexpr pg::Query kSelectSecret{"select_bootstrap_secret", R"sql(
  SELECT first_seen_at FROM auth.bootstrap_secrets WHERE secret_hash = $1)sql"};

constexpr pg::Query kSelectBootstrap{"select_bootstrap", R"sql(
  SELECT done_at FROM auth.bootstrap)sql"};

constexpr pg::Query kInsertBootstrap{"insert_bootstrap", R"sql(
  INSERT INTO auth.bootstrap (tenant_id, staff_id, done_at) VALUES ($1, $2, $3)
  ON CONFLICT (only_row) DO NOTHING)sql"};

}  // namespace

absl::StatusOr<LoginFailures> SelectLoginFailures(pg::Tx& tx, const std::string& account_hash) {
  CLOUDPOS_ASSIGN_OR_RETURN(
      const auto row,
      One<LoginFailures>(tx.Exec(kSelectLoginFailures, pg::Bytes{account_hash}), ToFailures));
  return row.value_or(LoginFailures{});
}

absl::StatusOr<LoginFailures> SelectLoginFailuresForUpdate(pg::Tx& tx,
                                                           const std::string& account_hash) {
  CLOUDPOS_RETURN_IF_ERROR(tx.Exec(kEnsureLoginFailures, pg::Bytes{account_hash}).status());
  CLOUDPOS_ASSIGN_OR_RETURN(const auto row,
                            One<LoginFailures>(tx.Exec(kSelectLoginFailuresForUpdate,
                                                       pg::Bytes{account_hash}),
                                               ToFailures));
  return row.value_or(LoginFailures{});
}

absl::Status UpsertLoginFailures(pg::Tx& tx, const std::string& account_hash,
                                 const LoginFailures& failures) {
  std::optional<absl::Time> locked_until;
  if (failures.locked_until > absl::InfinitePast()) locked_until = failures.locked_until;
  return tx
      .Exec(kUpsertLoginFailures, pg::Bytes{account_hash}, failures.failures,
            failures.last_failed_at, locked_until)
      .status();
}

absl::Status DeleteLoginFailures(pg::Tx& tx, const std::string& account_hash) {
  return tx.Exec(kDeleteLoginFailures, pg::Bytes{account_hash}).status();
}

absl::StatusOr<absl::Time> FirstSeen(pg::Tx& tx, const std::string& secret_hash, absl::Time now) {
  CLOUDPOS_RETURN_IF_ERROR(tx.Exec(kInsertSecret, pg::Bytes{secret_hash}, now).status());
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows, tx.Exec(kSelectSecret, pg::Bytes{secret_hash}));
  return rows[0].Get<absl::Time>("first_seen_at");
}

absl::StatusOr<bool> IsBootstrapped(pg::Tx& tx) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows, tx.Exec(kSelectBootstrap));
  return !rows.empty();
}

absl::StatusOr<bool> InsertBootstrap(pg::Tx& tx, const base::Uuid& tenant, const base::Uuid& staff,
                                     absl::Time now) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows, tx.Exec(kInsertBootstrap, tenant, staff, now));
  return rows.affected() == 1;
}

}  // namespace cloudpos::auth
