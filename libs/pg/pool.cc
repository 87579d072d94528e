#include <algorithm>

#include "libs/base/clock.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/log/log.h"
#include "libs/pg/conninfo.h"
#include "libs/pg/pool_impl.h"
#include "libs/pg/sqlstate.h"

namespace cloudpos::pg {
namespace {

// Pauses between attempts to connect while PostgreSQL is down: short enough that service resumes
// within a second of its return.
constexpr std::chrono::milliseconds kFirstPause{50};
constexpr std::chrono::milliseconds kLongestPause{500};
constexpr std::chrono::milliseconds kIdleInTransaction{5000};

metrics::Labels LabelsOf(const PoolOptions& options) {
  return {{"pool", options.application_name}};
}

absl::StatusOr<ConnectOptions> ConnectOptionsOf(const PoolOptions& options, Watchdog* watchdog) {
  CLOUDPOS_ASSIGN_OR_RETURN(
      std::string conninfo,
      WithSession(options.dsn,
                  {.application_name = options.application_name,
                   .statement_timeout_ms = options.statement_timeout.count(),
                   .lock_timeout_ms = options.lock_timeout.count(),
                   .idle_in_transaction_timeout_ms = kIdleInTransaction.count()}));
  return ConnectOptions{std::move(conninfo), options.application_name, options.statement_timeout,
                        watchdog};
}

// Statements alone in autocommit end with the session's own timeout, which is lowered for a nearer
// deadline. In steps of a factor of two: otherwise each statement would send a new value first.
std::chrono::milliseconds TimeoutFor(absl::Time deadline, std::chrono::milliseconds longest) {
  const auto left = absl::ToChronoMilliseconds(deadline - base::SystemClock().Now());
  std::chrono::milliseconds timeout = longest;
  while (timeout / 2 >= left && timeout > std::chrono::milliseconds(50)) timeout /= 2;
  return timeout;
}

}  // namespace

Pool::Impl::Impl(PoolOptions pool_options)
    : options(std::move(pool_options)),
      connect_(ConnectOptionsOf(options, &watchdog_)),
      in_use_(metrics::Gauge("cloudpos_pg_connections_in_use", "Connections lent out",
                             LabelsOf(options))),
      open_gauge_(metrics::Gauge("cloudpos_pg_connections_open", "Connections of the pool",
                                 LabelsOf(options))),
      refused_(metrics::Counter("cloudpos_pg_borrow_refused_total",
                                "Borrowers that got no connection in time", LabelsOf(options))),
      connect_failures_(metrics::Counter("cloudpos_pg_connect_failures_total",
                                         "Failed attempts to connect", LabelsOf(options))),
      wait_(metrics::Latency("cloudpos_pg_borrow_wait_seconds",
                             "Time borrowers waited for a free connection", LabelsOf(options))) {}

std::unique_ptr<Connection> Pool::Impl::TakeIdle(const base::Uuid& tenant) {
  while (!idle_.empty()) {
    auto chosen = std::find_if(idle_.rbegin(), idle_.rend(),
                               [&](const auto& idle) { return idle->tenant() == tenant; });
    if (chosen == idle_.rend()) chosen = idle_.rbegin();
    std::unique_ptr<Connection> connection = std::move(*chosen);
    idle_.erase(std::next(chosen).base());
    if (!connection->IsStale()) return connection;
    --open_;
  }
  return nullptr;
}

absl::Status Pool::Impl::MayConnect() {
  if (!down_) return absl::OkStatus();
  if (probing_ || Clock::now() < next_attempt_) return last_failure_;
  probing_ = true;
  return absl::OkStatus();
}

void Pool::Impl::NoteAttempt(const absl::Status& status) {
  probing_ = false;
  if (status.ok()) {
    if (down_) log::Info("database reached again", {{"pool", options.application_name}});
    down_ = false;
    pause_ = std::chrono::milliseconds(0);
    open_gauge_.Set(open_);
    return;
  }
  if (!down_) {
    log::Warn("database not reached", {{"pool", options.application_name},
                                       {"reason", MessageOf(status)}});
  }
  connect_failures_.Increment();
  down_ = true;
  pause_ = std::clamp(pause_ * 2, kFirstPause, kLongestPause);
  next_attempt_ = Clock::now() + pause_;
  last_failure_ = status;
  --open_;
  freed_.notify_one();
}

absl::StatusOr<std::unique_ptr<Connection>> Pool::Impl::Connect() {
  absl::StatusOr<std::unique_ptr<Connection>> made =
      connect_.ok() ? Connection::Open(*connect_) : connect_.status();
  const std::lock_guard lock(mutex_);
  NoteAttempt(made.status());
  return made;
}

absl::StatusOr<std::unique_ptr<Connection>> Pool::Impl::Borrow(const base::Uuid& tenant,
                                                               absl::Time deadline) {
  const auto begin = Clock::now();
  const absl::Duration left = deadline - base::SystemClock().Now();
  if (left <= absl::ZeroDuration()) {
    return base::Fail(common::v1::DEADLINE_EXCEEDED, "no time is left for the database");
  }
  const auto give_up =
      begin + std::min<Clock::duration>(options.borrow_timeout, absl::ToChronoNanoseconds(left));
  std::unique_lock lock(mutex_);
  for (;;) {
    if (auto connection = TakeIdle(tenant)) {
      in_use_.Increment();
      lock.unlock();
      connection->SetDeadline(deadline);
      const std::chrono::duration<double> waited = Clock::now() - begin;
      wait_.Observe(waited.count());
      return connection;
    }
    if (open_ < options.connections) {
      CLOUDPOS_RETURN_IF_ERROR(MayConnect());
      ++open_;
      lock.unlock();
      auto made = Connect();
      if (!made.ok()) return made;
      in_use_.Increment();
      (*made)->SetDeadline(deadline);
      return made;
    }
    if (freed_.wait_until(lock, give_up) == std::cv_status::timeout && idle_.empty() &&
        open_ >= options.connections) {
      refused_.Increment();
      return base::Fail(common::v1::OVERLOADED, "all database connections are busy");
    }
  }
}

void Pool::Impl::Return(std::unique_ptr<Connection> connection) {
  in_use_.Decrement();
  // One that comes back inside a transaction (a body that threw) is of no more use either.
  const bool keep = !connection->broken() && !connection->in_transaction();
  if (!keep) connection.reset();  // closes outside the lock
  const std::lock_guard lock(mutex_);
  if (keep) {
    idle_.push_back(std::move(connection));
  } else {
    --open_;
  }
  open_gauge_.Set(open_);
  freed_.notify_one();
}

Pool::Pool(PoolOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Pool::~Pool() = default;

const PoolOptions& Pool::options() const { return impl_->options; }

absl::StatusOr<Result> Pool::ExecParams(const CallOptions& options, const Query& query,
                                        const Param* params, size_t count) {
  absl::Status failed;
  // A connection that turns out to be lost before the statement was sent is replaced.
  for (int attempt = 0; attempt <= impl_->options.connections; ++attempt) {
    CLOUDPOS_ASSIGN_OR_RETURN(auto borrowed, impl_->Borrow(options.tenant, options.deadline));
    const Loan connection(*impl_, std::move(borrowed));
    failed = connection->Configure(options.tenant,
                                   TimeoutFor(options.deadline, impl_->options.statement_timeout));
    if (failed.ok()) return connection->Execute(query, params, count);
    if (!connection->broken()) break;
  }
  return failed;
}

bool Pool::Ping() {
  auto borrowed = impl_->Borrow(base::Uuid(), base::SystemClock().Now() + absl::Seconds(1));
  if (!borrowed.ok()) return false;
  const Loan connection(*impl_, *std::move(borrowed));
  return connection->ExecuteSimple("SELECT 1", "ping").ok();
}

}  // namespace cloudpos::pg
