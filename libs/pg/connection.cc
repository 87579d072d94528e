#include "libs/pg/connection.h"

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <pqxx/pqxx>

#include "libs/base/clock.h"
#include "libs/base/error.h"
#include "libs/pg/sqlstate.h"

namespace cloudpos::pg {
namespace {

// What a server that works needs at most beyond its own timeouts to say so.
constexpr std::chrono::seconds kGrace{1};

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
  std::optional<Watchdog::Watch> watch;
};

// The watchdog looks on for the time of one call.
class Connection::Armed {
 public:
  explicit Armed(const Connection& connection) {
    const auto limit = connection.options_.statement_timeout;
    if (!connection.session_->watch || limit.count() == 0) return;
    const auto now = Watchdog::Clock::now();
    const auto ends = std::max(now, std::min(now + limit, connection.deadline_));
    watch_ = &*connection.session_->watch;
    watch_->Arm(ends + kGrace);
  }
  ~Armed() {
    if (watch_ != nullptr) watch_->Disarm();
  }
  Armed(const Armed&) = delete;

 private:
  Watchdog::Watch* watch_ = nullptr;
};

Connection::Connection(std::unique_ptr<Session> session, ConnectOptions options)
    : session_(std::move(session)),
      options_(std::move(options)),
      statement_timeout_(options_.statement_timeout) {}

Connection::~Connection() = default;

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(const ConnectOptions& options) {
  try {
    auto session = std::make_unique<Session>(options.conninfo);
    if (options.watchdog != nullptr) {
      session->watch.emplace(*options.watchdog, session->connection.sock());
    }
    return std::unique_ptr<Connection>(new Connection(std::move(session), options));
  } catch (const std::exception& error) {
    return StatusOfLostConnection(error.what(), "connect");
  }
}

void Connection::SetDeadline(absl::Time deadline) {
  const absl::Duration left = deadline - base::SystemClock().Now();
  deadline_ = left > absl::Hours(24) ? Watchdog::Clock::time_point::max()
                                     : Watchdog::Clock::now() + absl::ToChronoNanoseconds(left);
}

absl::Status Connection::CheckDeadline(std::string_view name) const {
  if (deadline_ == Watchdog::Clock::time_point::max() || Watchdog::Clock::now() < deadline_) {
    return absl::OkStatus();
  }
  return StatusOfSqlError("57014", "not begun: the deadline has passed", name);
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
  const Armed armed(*this);
  absl::Status status;
  try {
    return Result(std::make_shared<const pqxx::result>(call()));
  } catch (const pqxx::broken_connection& error) {
    broken_ = true;
    status = StatusOfLostConnection(error.what(), name);
  } catch (const pqxx::failure& error) {
    // Not only sql_error: serialization failures and deadlocks are no sql_error in libpqxx 6.
    const std::string_view state = SqlStateIn(error.what());
    if (state.empty() || EndsSession(state)) broken_ = true;
    status = StatusOfSqlError(state.empty() ? "XX000" : state, error.what(), name);
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
                                        {{"pool", options_.pool}, {"query", query.name}})};
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
  if (absl::Status status = CheckDeadline(query.name); !status.ok()) return Note(status);
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
  if (result.ok()) return result;
  const bool unknown = broken_ && !in_transaction_;
  return Note(unknown ? MarkOutcomeUnknown(result.status()) : result.status());
}

absl::StatusOr<Result> Connection::ExecuteSimple(const std::string& sql, std::string_view name) {
  auto result = Guard(name, [&] { return session_->work->exec(sql); });
  if (!result.ok()) return Note(result.status());
  return result;
}

absl::Status Connection::Configure(const base::Uuid& tenant,
                                   std::chrono::milliseconds statement_timeout) {
  if (tenant == tenant_ && statement_timeout == statement_timeout_) return absl::OkStatus();
  const std::string value = tenant.is_nil() ? "" : tenant.ToString();
  const auto set = ExecuteSimple("SELECT set_config('app.tenant', '" + value +
                                     "', false), set_config('statement_timeout', '" +
                                     std::to_string(statement_timeout.count()) + "', false)",
                                 "configure");
  if (!set.ok()) return set.status();
  tenant_ = tenant;
  statement_timeout_ = statement_timeout;
  return absl::OkStatus();
}

absl::Status Connection::Begin(const std::string& sql) {
  transaction_error_ = absl::OkStatus();
  in_transaction_ = true;
  return ExecuteSimple(sql, "begin").status();
}

absl::Status Connection::Commit() {
  if (!transaction_error_.ok()) {
    Rollback();
    return transaction_error_;
  }
  if (absl::Status late = CheckDeadline("commit"); !late.ok()) {
    Rollback();
    return late;
  }
  const auto committed = ExecuteSimple("COMMIT", "commit");
  in_transaction_ = false;
  if (committed.ok()) return absl::OkStatus();
  // A COMMIT that was refused (say by a deferred constraint) is known not to have happened.
  return broken_ ? MarkOutcomeUnknown(committed.status()) : committed.status();
}

void Connection::Rollback() {
  in_transaction_ = false;
  if (broken_) return;
  // Without a rollback the session is of no further use.
  if (!ExecuteSimple("ROLLBACK", "rollback").ok()) broken_ = true;
}

}  // namespace cloudpos::pg
