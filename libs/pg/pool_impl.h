#pragma once

// The pool's insides, shared by pool.cc and transact.cc.

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/pg/connection.h"
#include "libs/pg/pg.h"

namespace cloudpos::pg {

struct Pool::Impl {
  explicit Impl(PoolOptions pool_options);

  /// A connection of one's own until it goes back: an idle one (last used first, the tenant's own
  /// if there is one) or a new one. UNAVAILABLE when none is free in time or PostgreSQL is down.
  absl::StatusOr<std::unique_ptr<Connection>> Borrow(const base::Uuid& tenant, absl::Time deadline);
  void Return(std::unique_ptr<Connection> connection);

  PoolOptions options;

 private:
  using Clock = std::chrono::steady_clock;

  void NoteAttempt(const absl::Status& status);
  std::unique_ptr<Connection> TakeIdle(const base::Uuid& tenant);
  absl::Status MayConnect();
  absl::StatusOr<std::unique_ptr<Connection>> Connect();

  absl::StatusOr<ConnectOptions> connect_;
  Watchdog watchdog_;  // outlives the connections
  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<std::unique_ptr<Connection>> idle_;
  int open_ = 0;  // idle, lent and being made
  // While PostgreSQL does not answer, one attempt at a time, with pauses; all others fail at once.
  bool down_ = false;
  bool probing_ = false;
  std::chrono::milliseconds pause_{0};
  Clock::time_point next_attempt_;
  absl::Status last_failure_;

  prometheus::Gauge& in_use_;
  prometheus::Gauge& open_gauge_;
  prometheus::Counter& refused_;
  prometheus::Counter& connect_failures_;
  prometheus::Histogram& wait_;
};

/// Borrows, and gives back at the end of the scope.
class Loan {
 public:
  Loan(Pool::Impl& pool, std::unique_ptr<Connection> connection)
      : pool_(pool), connection_(std::move(connection)) {}
  ~Loan() {
    if (connection_ != nullptr) pool_.Return(std::move(connection_));
  }
  Loan(const Loan&) = delete;
  Connection* operator->() const { return connection_.get(); }
  Connection* get() const { return connection_.get(); }

 private:
  Pool::Impl& pool_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace cloudpos::pg
