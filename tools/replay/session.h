#pragma once

// Calls of the REST API that end well: tokens are renewed, limits obeyed, faults of the moment
// tried again. Every request carries its own id, so a repeat is harmless.

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "boost/json/object.hpp"
#include "tools/replay/http_client.h"

namespace cloudpos::replay {

struct Token {
  std::string text;
  absl::Time expires_at;
};

struct SessionOptions {
  HttpAddress gateway;
  /// Gets a new token; asked one at a time.
  std::function<absl::StatusOr<Token>()> new_token;
  /// How long one call is tried again before it fails.
  std::chrono::milliseconds patience{120'000};
  std::chrono::milliseconds backoff_min{100};
  std::chrono::milliseconds backoff_max{5'000};
};

/// Thread-safe: connections are lent to one call at a time.
class Session {
 public:
  explicit Session(SessionOptions options);
  ~Session();

  /// The JSON object of a 2xx answer. FAILED_PRECONDITION with the problem's code and text for a
  /// refusal; UNAVAILABLE when patience ended.
  absl::StatusOr<boost::json::object> Get(const std::string& target);
  absl::StatusOr<boost::json::object> Post(const std::string& target,
                                           const boost::json::object& body);

  /// Answers that asked for a slower pace (429), so far.
  int throttled() const;

 private:
  using Clock = std::chrono::steady_clock;

  absl::StatusOr<boost::json::object> Call(HttpCall call);
  absl::StatusOr<std::string> CurrentToken();
  void DropToken(const std::string& token);
  void WaitForTurn(Clock::time_point deadline);
  void HoldAll(std::chrono::milliseconds time);
  std::unique_ptr<HttpClient> Borrow();
  void Return(std::unique_ptr<HttpClient> client);

  const SessionOptions options_;
  std::mutex token_mutex_;  // held while a token is asked for
  Token token_;
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<HttpClient>> idle_;
  Clock::time_point not_before_{};
  int throttled_ = 0;
};

/// Runs job(0) to job(count - 1), taken in order by `workers` threads; the first error ends it and
/// is answered.
absl::Status RunAll(size_t count, int workers, const std::function<absl::Status(size_t)>& job);

}  // namespace cloudpos::replay
