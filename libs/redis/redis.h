#pragma once

// Redis as cache, shared rate limit and doorbell. Never the truth: every call answers nullopt or
// false when Redis is away, quickly (a circuit stays open for a second after a failure), and the
// caller goes on without. Thread-safe.

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace cloudpos::redis {

struct Options {
  /// redis://[user:password@]host[:port][/db] or unix://[user:password@]/path; user and password may
  /// be percent-encoded.
  std::string url;
  int connections = 4;  // at most
  std::chrono::milliseconds timeout{50};  // connect and command
};

class Client {
 public:
  /// Parses the URL (INVALID_ARGUMENT); connects lazily. Broken pipes no longer signal the process.
  static absl::StatusOr<std::unique_ptr<Client>> Create(const Options& options);
  ~Client();

  bool Ping();
  std::optional<std::string> Get(std::string_view key);
  /// No expiry when `ttl` is zero.
  bool Set(std::string_view key, std::string_view value, std::chrono::milliseconds ttl);
  bool Delete(std::string_view key);
  bool Publish(std::string_view channel, std::string_view message);
  /// Adds to several counters in one round trip; each key gets `ttl` when created, so that
  /// a window ends on time however often it is counted. Answers the new values, in order.
  struct Increment {
    std::string key;
    int64_t by;
  };
  std::optional<std::vector<int64_t>> IncrementAll(const std::vector<Increment>& increments,
                                                   std::chrono::milliseconds ttl);

  struct Impl;

 private:
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Listens on channels on a thread of its own and calls `ring(channel)`; reconnects by itself.
/// After each connect every channel rings once, since bells may have been missed until then.
class Subscriber {
 public:
  Subscriber(const Options& options, std::vector<std::string> channels,
             std::function<void(std::string_view channel)> ring);
  ~Subscriber();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cloudpos::redis
