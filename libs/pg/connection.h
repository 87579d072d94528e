#pragma once

// One session with PostgreSQL. Internal to libs/pg: exceptions of libpqxx end here.

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/base/ids.h"
#include "libs/metrics/metrics.h"
#include "libs/pg/pg.h"

namespace cloudpos::pg {

/// Not thread-safe. Once broken it stays so: libpqxx would reconnect silently and lose the session's
/// tenant, so each use checks first, and the owner makes a new object.
class Connection {
 public:
  /// `conninfo` as WithSession makes it; `pool` labels the metrics.
  static absl::StatusOr<std::unique_ptr<Connection>> Open(const std::string& conninfo,
                                                          const std::string& pool);
  ~Connection();

  bool broken() const { return broken_; }
  /// True when the server has closed an idle session (or said something unasked): not to be used.
  bool IsStale() const;

  /// Runs `query` as a prepared statement, which is made at its first use in this session.
  absl::StatusOr<Result> Execute(const Query& query, const Param* params, size_t count);
  /// Runs one or more statements without parameters in one message.
  absl::StatusOr<Result> ExecuteSimple(const std::string& sql, std::string_view name);

  /// Sets app.tenant for the session; costs a round trip only when it differs.
  absl::Status SetTenant(const base::Uuid& tenant);
  const base::Uuid& tenant() const { return tenant_; }

  absl::Status Begin(const std::string& sql);
  /// Commits. A transaction in which a statement failed is rolled back instead, and that failure
  /// answered, also when the body took no notice of it. Lost: the status says IsOutcomeUnknown.
  absl::Status Commit();
  void Rollback();
  /// First error of a statement since Begin.
  const absl::Status& transaction_error() const { return transaction_error_; }

 private:
  struct Statement {
    std::string name;
    std::string sql;
    prometheus::Histogram* latency;
  };

  struct Session;  // libpqxx's objects

  Connection(std::unique_ptr<Session> session, std::string pool);
  absl::StatusOr<const Statement*> Prepare(const Query& query);
  template <typename F>
  absl::StatusOr<Result> Guard(std::string_view name, F&& call);
  absl::Status Note(absl::Status status);

  std::unique_ptr<Session> session_;
  std::string pool_;
  bool broken_ = false;
  int prepared_ = 0;
  base::Uuid tenant_;
  absl::Status transaction_error_;
  // Keyed by the address of the SQL text, which is nearly always a constant; the text is compared.
  std::unordered_map<const char*, Statement> statements_;
};

}  // namespace cloudpos::pg
