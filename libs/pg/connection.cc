#include "libs/pg/connection.h"

#include <poll.h>

#include <chrono>
#include <optional>
#include <pqxx/pqxx>

#include "libs/base/error.h"
#include "libs/pg/sqlstate.h"

namespace cloudpos::pg {
namespace {

// The range libpqxx takes parameters from: char pointers, null for NULL.
class ParamIterator {
 public:
  explicit ParamIterator(const Param* at) : at_(at) {}
  const char* operator*() const { return at_->c_str(); }
  ParamIterator& operator++() {
    ++at_;
    return *this;
  }
  bool operator!=(const ParamIterator& other) const { return at_ != other.at_; }

 private:
  const Param* at_;
};

// libpqxx keeps no SQLSTATE for these.
std::string_view SqlStateOfRollback(const pqxx::transaction_rollback& error) {
  if (dynamic_cast<const pqxx::serialization_failure*>(&error) != nullptr) return "40001";
  if (dynamic_cast<const pqxx::deadlock_detected*>(&error) != nullptr) return "40P01";
  if (dynamic_cast<const pqxx::statement_completion_unknown*>(&error) != nullptr) return "40003";
  return "40000";
}

absl::Status CheckText(const Param* params, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    // Text travels as a C string: a NUL would cut it off unnoticed.
    if (params[i].text().find('\0') != std::string::npos) {
      return base::Fail(common::v1::INVALID_ARGUMENT, "text must not contain NUL characters");
    }
  }
  return absl::OkStatus();
}

}  // namespace

struct Connection::Session {
  explicit Session(const std::string& conninfo) : connection(conninfo) {
    // Verbose messages carry the name of the violated constraint on a line of its own.
    connection.set_verbosity(pqxx::connection_base::verbose);
    work.emplace(connection);
  }

  pqxx::connection connection;
  // Lives as long as the session: BEGIN and COMMIT are ours.
  std::optional<pqxx::nontransaction> work;
};

Connection::Connection(std::unique_ptr<Session> session, std::string pool)
    : session_(std::move(session)), pool_(std::move(pool)) {}

Connection::~Connection() = default;

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(const std::string& conninfo,
                                                             const std::string& pool) {
  try {
    auto session = std::make_unique<Session>(conninfo);
    return std::unique_ptr<Connection>(new Connection(std::move(session), pool));
  } catch (const std::exception& error) {
    return StatusOfLostConnection(error.what(), "connect");
  }
}

bool Connection::IsStale() const {
  if (broken_ || !session_->connection.is_open()) return true;
  pollfd idle{session_->connection.sock(), POLLIN, 0};
  return poll(&idle, 1, 0) != 0;
}

template <typename F>
absl::StatusOr<Result> Connection::Guard(std::string_view name, F&& call) {
  if (broken_ || !session_->connection.is_open()) {
    broken_ = true;
    return StatusOfLostConnection("the connection was lost before", name);
  }
  absl::Status status;
  try {
    return Result(std::make_shared<const pqxx::result>(call()));
  } catch (const pqxx::transaction_rollback& error) {
    status = StatusOfSqlError(SqlStateOfRollback(error), error.what(), name);
  } catch (const pqxx::broken_connection& error) {
    broken_ = true;
    status = StatusOfLostConnection(error.what(), name);
  } catch (const pqxx::sql_error& error) {
    if (EndsSession(error.sqlstate())) broken_ = true;
    status = StatusOfSqlError(error.sqlstate(), error.what(), name);
  } catch (const std::exception& error) {
    broken_ = true;  // unknown state: not to be used again
    status = StatusOfSqlError("XX000", error.what(), name);
  }
  if (!session_->connection.is_open()) broken_ = true;
  return status;
}

absl::Status Connection::Note(absl::Status status) {
  if (!status.ok() && transaction_error_.ok()) transaction_error_ = status;
  return status;
}

absl::StatusOr<const Connection::Statement*> Connection::Prepare(const Query& query) {
  const auto found = statements_.find(query.sql);
  if (found != statements_.end() && found->second.sql == query.sql) return &found->second;
  Statement statement{std::string(query.name) + "/" + std::to_string(++prepared_), query.sql,
                      &metrics::Latency("cloudpos_pg_query_seconds",
                                        "Time of a statement by name, as seen by the client",
                                        {{"pool", pool_}, {"query", query.name}})};
  const auto prepared = Guard(query.name, [&] {
    session_->connection.prepare(statement.name, statement.sql);
    session_->connection.prepare_now(statement.name);
    return pqxx::result();
  });
  if (!prepared.ok()) return prepared.status();
  return &(statements_[query.sql] = std::move(statement));
}

absl::StatusOr<Result> Connection::Execute(const Query& query, const Param* params, size_t count) {
  if (absl::Status status = CheckText(params, count); !status.ok()) return Note(status);
  const auto statement = Prepare(query);
  if (!statement.ok()) return Note(statement.status());
  const auto begin = std::chrono::steady_clock::now();
  auto result = Guard(query.name, [&] {
    return session_->work->exec_prepared(
        (*statement)->name, pqxx::prepare::make_dynamic_params(ParamIterator(params),
                                                               ParamIterator(params + count)));
  });
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  (*statement)->latency->Observe(took.count());
  if (!result.ok()) return Note(result.status());
  return result;
}

absl::StatusOr<Result> Connection::ExecuteSimple(const std::string& sql, std::string_view name) {
  auto result = Guard(name, [&] { return session_->work->exec(sql); });
  if (!result.ok()) return Note(result.status());
  return result;
}

absl::Status Connection::SetTenant(const base::Uuid& tenant) {
  if (tenant == tenant_) return absl::OkStatus();
  const std::string value = tenant.is_nil() ? "" : tenant.ToString();
  const auto set =
      ExecuteSimple("SELECT set_config('app.tenant', '" + value + "', false)", "set_tenant");
  if (set.ok()) tenant_ = tenant;
  return set.status();
}

absl::Status Connection::Begin(const std::string& sql) {
  transaction_error_ = absl::OkStatus();
  return ExecuteSimple(sql, "begin").status();
}

absl::Status Connection::Commit() {
  if (!transaction_error_.ok()) {
    Rollback();
    return transaction_error_;
  }
  const auto committed = ExecuteSimple("COMMIT", "commit");
  if (committed.ok()) return absl::OkStatus();
  // A COMMIT that was refused (say by a deferred constraint) is known not to have happened.
  return broken_ ? MarkOutcomeUnknown(committed.status()) : committed.status();
}

void Connection::Rollback() {
  if (broken_) return;
  // Without a rollback the session is of no further use.
  if (!ExecuteSimple("ROLLBACK", "rollback").ok()) broken_ = true;
}

}  // namespace cloudpos::pg
