#include <hiredis/hiredis.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "libs/base/status_macros.h"
#include "libs/log/log.h"
#include "libs/metrics/metrics.h"
#include "libs/redis/circuit.h"
#include "libs/redis/connection.h"
#include "libs/redis/redis.h"

namespace cloudpos::redis {
namespace {

enum class Outcome {
  kDone,
  kRefused,  // Redis answered with an error: the connection is fine
  kLost,     // no answer, or one that says this server cannot serve now
};

// Errors of a server that loads its data, was demoted or lost its primary: as good as away.
bool IsServerAway(std::string_view error) {
  return error.starts_with("LOADING") || error.starts_with("READONLY") ||
         error.starts_with("MASTERDOWN") || error.starts_with("NOAUTH");
}

Outcome Judge(const Reply& reply) {
  if (reply == nullptr) return Outcome::kLost;
  if (!IsError(*reply)) return Outcome::kDone;
  return IsServerAway(TextOf(*reply)) ? Outcome::kLost : Outcome::kRefused;
}

struct Counters {
  prometheus::Counter& done = Of("done");
  prometheus::Counter& refused = Of("refused");
  prometheus::Counter& failed = Of("failed");
  prometheus::Counter& skipped = Of("skipped");
  prometheus::Gauge& is_away =
      metrics::Gauge("cloudpos_redis_away", "1 while calls to Redis are skipped after a failure.");

  static prometheus::Counter& Of(const char* outcome) {
    return metrics::Counter("cloudpos_redis_calls_total", "Calls to Redis by outcome.",
                            {{"outcome", outcome}});
  }
};

}  // namespace

struct Client::Impl {
  Impl(const Options& o, Address a) : options(o), address(std::move(a)) {
    options.connections = std::max(1, options.connections);
  }

  struct Lease {
    std::unique_ptr<Connection> connection;
    bool is_reused = false;
    std::string error;  // why there is no connection; empty: all were in use for too long
  };

  // Runs `talk` on a connection of the pool. A kept connection may have died unnoticed while idle:
  // then, and only then, the call is tried once more on a new one.
  template <typename Talk>
  bool Run(Talk&& talk) {
    if (!circuit.Allows()) {
      counters.skipped.Increment();
      return false;
    }
    std::string error;
    for (bool may_reuse : {true, false}) {
      Lease lease = Borrow(may_reuse);
      error = lease.error;
      if (lease.connection == nullptr) break;
      const Outcome outcome = talk(*lease.connection);
      if (outcome != Outcome::kLost) return Finish(std::move(lease), outcome);
      const bool is_stale = lease.is_reused && !lease.connection->is_timeout();
      error = lease.connection->error();
      Drop(std::move(lease));
      if (!is_stale) break;
    }
    return Fail(error);
  }

  bool Finish(Lease lease, Outcome outcome) {
    Return(std::move(lease));
    if (circuit.Succeeded()) {
      counters.is_away.Set(0);
      log::Info("redis is back");
    }
    (outcome == Outcome::kDone ? counters.done : counters.refused).Increment();
    return outcome == Outcome::kDone;
  }

  bool Fail(const std::string& error) {
    counters.failed.Increment();
    if (!error.empty() && circuit.Failed()) {
      counters.is_away.Set(1);
      log::Warn("redis is away", {{"error", error}});
    }
    return false;
  }

  Lease Borrow(bool may_reuse) {
    {
      std::unique_lock lock(mutex);
      const auto is_free = [this] { return in_use < options.connections; };
      if (!freed.wait_for(lock, options.timeout, is_free)) return {};
      ++in_use;
      if (!may_reuse) idle.clear();  // they are as old as the one that was dead
      if (!idle.empty()) {
        Lease lease{std::move(idle.back()), true, {}};
        idle.pop_back();
        return lease;
      }
    }
    auto opened = Connection::Open(address, options.timeout);
    if (opened.ok()) return {*std::move(opened), false, {}};
    Drop({});
    return {nullptr, false, std::string(opened.status().message())};
  }

  void Return(Lease lease) {
    const std::lock_guard lock(mutex);
    --in_use;
    idle.push_back(std::move(lease.connection));
    freed.notify_one();
  }

  void Drop(Lease lease) {
    lease.connection.reset();
    const std::lock_guard lock(mutex);
    --in_use;
    freed.notify_one();
  }

  Options options;
  const Address address;
  Circuit circuit;
  Counters counters;
  std::mutex mutex;
  std::condition_variable freed;
  std::vector<std::unique_ptr<Connection>> idle;  // guarded by mutex
  int in_use = 0;                                 // guarded by mutex
};

absl::StatusOr<std::unique_ptr<Client>> Client::Create(const Options& options) {
  CLOUDPOS_ASSIGN_OR_RETURN(Address address, ParseUrl(options.url));
  return std::unique_ptr<Client>(new Client(std::make_unique<Impl>(options, std::move(address))));
}

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::~Client() = default;

bool Client::Ping() {
  return impl_->Run([](Connection& connection) { return Judge(connection.Call({"PING"})); });
}

std::optional<std::string> Client::Get(std::string_view key) {
  std::optional<std::string> value;
  impl_->Run([&](Connection& connection) {
    const Reply reply = connection.Call({"GET", key});
    const Outcome outcome = Judge(reply);
    if (outcome == Outcome::kDone && reply->type == REDIS_REPLY_STRING) value = TextOf(*reply);
    return outcome;
  });
  return value;
}

bool Client::Set(std::string_view key, std::string_view value, std::chrono::milliseconds ttl) {
  const std::string millis = std::to_string(ttl.count());
  Arguments command = {"SET", key, value};
  if (ttl.count() > 0) command.insert(command.end(), {"PX", millis});
  return impl_->Run([&](Connection& connection) { return Judge(connection.Call(command)); });
}

bool Client::Delete(std::string_view key) {
  return impl_->Run([&](Connection& connection) { return Judge(connection.Call({"DEL", key})); });
}

bool Client::Publish(std::string_view channel, std::string_view message) {
  return impl_->Run([&](Connection& connection) {
    return Judge(connection.Call({"PUBLISH", channel, message}));
  });
}

std::optional<std::vector<int64_t>> Client::IncrementAll(const std::vector<Increment>& increments,
                                                         std::chrono::milliseconds ttl) {
  if (increments.empty()) return std::vector<int64_t>();
  const std::string millis = std::to_string(ttl.count());
  std::vector<int64_t> values;
  const bool is_done = impl_->Run([&](Connection& connection) {
    values.clear();
    for (const Increment& increment : increments) {
      connection.Append({"INCRBY", increment.key, std::to_string(increment.by)});
      connection.Append({"PEXPIRE", increment.key, millis, "NX"});
    }
    // Every reply is read even after an error, so that the connection stays in step.
    Outcome worst = Outcome::kDone;
    for (size_t i = 0; i < increments.size() * 2; ++i) {
      const Reply reply = connection.Read();
      worst = std::max(worst, Judge(reply));
      if (reply == nullptr) break;
      if (i % 2 == 0) values.push_back(reply->integer);
    }
    return worst;
  });
  if (!is_done) return std::nullopt;
  return values;
}

}  // namespace cloudpos::redis
