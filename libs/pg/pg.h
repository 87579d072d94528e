#pragma once

// A thin layer on libpqxx: a bounded pool, named statements with parameters only, one transaction
// helper, and one place where SQLSTATE becomes absl::Status (sqlstate.cc).
//
//   constexpr pg::Query kSelectStore{"select_store", R"sql(
//     SELECT name, time_zone FROM auth.stores WHERE tenant_id = $1 AND store_id = $2)sql"};
//
//   CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows, tx.Exec(kSelectStore, tenant, store));
//   if (rows.empty()) return base::Fail(NOT_FOUND, "no such store");
//   const auto name = rows[0].Get<std::string>("name");

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/ids.h"
#include "libs/pg/param.h"
#include "libs/pg/result.h"

namespace cloudpos::pg {

/// A statement: `name` labels metrics and the prepared statement, unique in a program.
struct Query {
  const char* name;
  const char* sql;
};

struct PoolOptions {
  std::string dsn{};               // libpq connection string
  std::string application_name{};  // shown in pg_stat_activity
  int connections = 8;
  std::chrono::milliseconds borrow_timeout{1000};     // waiting for a free connection
  std::chrono::milliseconds statement_timeout{5000};  // upper bound for every statement
  std::chrono::milliseconds lock_timeout{2000};
};

struct CallOptions {
  /// Sets app.tenant (row-level security) for what follows; nil = no tenant (worker roles).
  base::Uuid tenant{};
  /// Work that cannot end in time is not started; statements are cut off at it.
  absl::Time deadline = absl::InfiniteFuture();
};

struct TxOptions {
  base::Uuid tenant{};
  absl::Time deadline = absl::InfiniteFuture();
  bool read_only = false;
  /// REPEATABLE READ instead of READ COMMITTED.
  bool repeatable_read = false;
  /// Serialization failures and deadlocks run the lambda again, this often at most, with jitter.
  int attempts = 4;
};

class Connection;  // internal

/// One SQL transaction. Not thread-safe; lives inside the lambda of Transact.
class Tx {
 public:
  explicit Tx(Connection* connection) : connection_(connection) {}

  template <typename... Args>
  absl::StatusOr<Result> Exec(const Query& query, const Args&... args) {
    if constexpr (sizeof...(Args) == 0) {
      return ExecParams(query, nullptr, 0);
    } else {
      const Param params[] = {Param(args)...};
      return ExecParams(query, params, sizeof...(Args));
    }
  }
  absl::StatusOr<Result> ExecParams(const Query& query, const Param* params, size_t count);
  /// Several statements without parameters (migrations only).
  absl::Status ExecScript(std::string_view sql);

 private:
  Connection* connection_;
};

/// A bounded set of connections, shared by threads. Connections are made on demand, kept, and
/// remade when lost; statements are prepared on first use per connection.
class Pool {
 public:
  explicit Pool(PoolOptions options);
  ~Pool();

  /// One statement in autocommit: one round trip. When the connection is lost while it runs the
  /// outcome is unknown: see IsOutcomeUnknown.
  template <typename... Args>
  absl::StatusOr<Result> Exec(const CallOptions& options, const Query& query, const Args&... args) {
    if constexpr (sizeof...(Args) == 0) {
      return ExecParams(options, query, nullptr, 0);
    } else {
      const Param params[] = {Param(args)...};
      return ExecParams(options, query, params, sizeof...(Args));
    }
  }
  absl::StatusOr<Result> ExecParams(const CallOptions& options, const Query& query,
                                    const Param* params, size_t count);

  /// True when a connection can be had and answers.
  bool Ping();
  const PoolOptions& options() const;

  struct Impl;
  Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

/// Runs `body` in one transaction and commits when it answers OK, else rolls back. The body may run
/// more than once: no RPC, no Redis, no clock and no log of success inside it.
absl::Status TransactRaw(Pool& pool, const TxOptions& options,
                         const std::function<absl::Status(Tx&)>& body);

/// The same for a body that answers absl::StatusOr<T>.
template <typename F>
auto Transact(Pool& pool, const TxOptions& options, F&& body) -> std::invoke_result_t<F, Tx&> {
  using Answer = std::invoke_result_t<F, Tx&>;
  if constexpr (std::is_same_v<Answer, absl::Status>) {
    return TransactRaw(pool, options, std::forward<F>(body));
  } else {
    std::optional<Answer> answer;
    absl::Status status = TransactRaw(pool, options, [&](Tx& tx) -> absl::Status {
      answer.emplace(body(tx));
      return answer->status();
    });
    if (!status.ok()) return status;
    return *std::move(answer);
  }
}

/// True when a statement or COMMIT was under way as the connection broke: it may have happened.
bool IsOutcomeUnknown(const absl::Status& status);
/// Name of the violated constraint of a 23xxx error, else empty: code switches on it.
std::string ConstraintOf(const absl::Status& status);
/// Five-character SQLSTATE behind a status, else empty.
std::string SqlStateOf(const absl::Status& status);
/// True for faults that go away by themselves (connection, resources, lock and statement timeout,
/// serialization): worth trying again for ever, unlike a poison event.
bool IsTransient(const absl::Status& status);

}  // namespace cloudpos::pg
