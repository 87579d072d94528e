#pragma once

// One session with PostgreSQL. Internal to libs/pg: exceptions of libpqxx end here.

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/base/ids.h"
#include "libs/metrics/metrics.h"
#include "libs/pg/pg.h"
#include "libs/pg/watchdog.h"

namespace cloudpos::pg {

struct ConnectOptions {
  std::string conninfo;  // as WithSession makes it
  std::string pool;      // label of the metrics
  /// What the connection string says; 0 for none.
  std::chrono::milliseconds statement_timeout{0};
  /// Ends calls that the server does not end; needs a statement_timeout. May be null.
  Watchdog* watchdog = nullptr;
};

/// Not thread-safe. Once broken it stays so: libpqxx would reconnect silently and lose the
/// session's tenant, so each use checks first, and the owner makes a new object.
class Connection {
 public:
  static absl::StatusOr<std::unique_ptr<Connection>> Open(const ConnectOptions& options);
  ~Connection();

  bool broken() const { return broken_; }
  /// True when the server has closed an idle session (or said something unasked): not to be used.
  bool IsStale() const;

  /// Runs `query` as a prepared statement, which is made at its first use in this session. Outside
  /// a transaction a connection lost on the way means that the outcome is unknown.
  absl::StatusOr<Result> Execute(const Query& query, const Param* params, size_t count);
  /// Runs one or more statements without parameters in one message.
  absl::StatusOr<Result> ExecuteSimple(const std::string& sql, std::string_view name);

  /// Sets app.tenant and statement_timeout for the session; costs a round trip only when they
  /// differ from what it has.
  absl::Status Configure(const base::Uuid& tenant, std::chrono::milliseconds statement_timeout);
  const base::Uuid& tenant() const { return tenant_; }
  std::chrono::milliseconds statement_timeout() const { return statement_timeout_; }

  /// No statement begins after it (a rollback does).
  void SetDeadline(absl::Time deadline);

  /// `sql` begins with BEGIN.
  absl::Status Begin(const std::string& sql);
  /// Commits. A transaction in which a statement failed is rolled back instead, and that failure
  /// answered, also when the body took no notice of it. Lost: the status says IsOutcomeUnknown.
  absl::Status Commit();
  void Rollback();
  bool in_transaction() const { return in_transaction_; }
  /// First error of a statement since Begin.
  const absl::Status& transaction_error() const { return transaction_error_; }

 private:
  struct Statement {
    std::string name;
    std::string sql;
    prometheus::Histogram* latency;
  };

  struct Session;  // libpqxx's objects
  class Armed;

  Connection(std::unique_ptr<Session> session, ConnectOptions options);
  absl::Status CheckDeadline(std::string_view name) const;
  absl::StatusOr<const Statement*> Prepare(const Query& query);
  template <typename F>
  absl::StatusOr<Result> Guard(std::string_view name, F&& call);
  absl::Status Note(absl::Status status);

  std::unique_ptr<Session> session_;
  const ConnectOptions options_;
  bool broken_ = false;
  bool in_transaction_ = false;
  int prepared_ = 0;
  base::Uuid tenant_;
  std::chrono::milliseconds statement_timeout_;
  Watchdog::Clock::time_point deadline_ = Watchdog::Clock::time_point::max();
  absl::Status transaction_error_;
  // Keyed by the address of the SQL text, which is nearly always a constant; the text is compared.
  std::unordered_map<const char*, Statement> statements_;
};

}  // namespace cloudpos::pg
