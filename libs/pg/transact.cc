#include <algorithm>
#include <random>
#include <thread>

#include "libs/base/clock.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/pg/pool_impl.h"
#include "libs/pg/sqlstate.h"

namespace cloudpos::pg {
namespace {

absl::Duration TimeLeft(absl::Time deadline) { return deadline - base::SystemClock().Now(); }

// BEGIN and all that belongs to this transaction alone, in one message.
std::string BeginText(const TxOptions& options, const PoolOptions& pool,
                      const Connection& session) {
  std::string sql = options.repeatable_read ? "BEGIN ISOLATION LEVEL REPEATABLE READ" : "BEGIN";
  if (options.read_only) sql += " READ ONLY";
  if (options.tenant != session.tenant()) {
    sql += "; SET LOCAL app.tenant = '";
    if (!options.tenant.is_nil()) sql += options.tenant.ToString();
    sql += "'";
  }
  const auto left = absl::ToChronoMilliseconds(TimeLeft(options.deadline));
  const auto timeout = std::min(pool.statement_timeout, left);
  if (timeout != session.statement_timeout()) {
    const int64_t millis = std::max<int64_t>(1, timeout.count());
    sql += "; SET LOCAL statement_timeout = " + std::to_string(millis);
  }
  return sql;
}

// Waits a random time that grows with each attempt; false when the deadline would pass.
bool PauseBeforeRetry(int attempt, absl::Time deadline) {
  thread_local std::minstd_rand random{std::random_device{}()};
  const int longest_ms = 5 << std::min(attempt, 6);
  const auto pause =
      std::chrono::microseconds(std::uniform_int_distribution<int>(500, longest_ms * 1000)(random));
  if (absl::FromChrono(pause) >= TimeLeft(deadline)) return false;
  std::this_thread::sleep_for(pause);
  return true;
}

absl::StatusOr<std::unique_ptr<Connection>> BorrowAndBegin(Pool& pool, const TxOptions& options) {
  absl::Status failed;
  // A connection that turns out to be lost at BEGIN is replaced: nothing has happened yet.
  for (int attempt = 0; attempt <= pool.options().connections; ++attempt) {
    CLOUDPOS_ASSIGN_OR_RETURN(auto connection,
                              pool.impl().Borrow(options.tenant, options.deadline));
    failed = connection->Begin(BeginText(options, pool.options(), *connection));
    if (failed.ok()) return connection;
    const bool lost = connection->broken();
    if (!lost) connection->Rollback();
    pool.impl().Return(std::move(connection));
    if (!lost) break;
  }
  return failed;
}

absl::Status RunOnce(Pool& pool, const TxOptions& options,
                     const std::function<absl::Status(Tx&)>& body, bool* retry) {
  CLOUDPOS_ASSIGN_OR_RETURN(auto begun, BorrowAndBegin(pool, options));
  const Loan connection(pool.impl(), std::move(begun));
  Tx tx(connection.get());
  absl::Status status = body(tx);
  if (status.ok()) {
    status = connection->Commit();
  } else {
    connection->Rollback();
  }
  *retry = IsRollbackSqlState(SqlStateOf(connection->transaction_error()));
  return status;
}

}  // namespace

absl::StatusOr<Result> Tx::ExecParams(const Query& query, const Param* params, size_t count) {
  return connection_->Execute(query, params, count);
}

absl::Status Tx::ExecScript(std::string_view sql) {
  return connection_->ExecuteSimple(std::string(sql), "script").status();
}

absl::Status TransactRaw(Pool& pool, const TxOptions& options,
                         const std::function<absl::Status(Tx&)>& body) {
  for (int attempt = 1;; ++attempt) {
    bool retry = false;
    absl::Status status = RunOnce(pool, options, body, &retry);
    if (status.ok() || !retry || attempt >= options.attempts) return status;
    if (!PauseBeforeRetry(attempt, options.deadline)) return status;
  }
}

}  // namespace cloudpos::pg
