#pragma once

// Rate limits. Two kinds:
//  - buckets (GCRA): so many per second with a burst, per user and device or per address. Local to
//    the replica and exchanged with Redis each 100 ms by a thread of this class, so that no request
//    waits for Redis and replicas still share one limit.
//  - windows: so many per minute per account, for sign-in. Redis is asked first; without it the
//  local
//    count decides, so that sign-in is never unlimited.
// Memory is bounded: the oldest entries go first. Thread-safe.

#include <chrono>
#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/redis/redis.h"

namespace cloudpos::gateway {

struct BucketLimit {
  double per_second = 10;
  int burst = 10;
};

struct LimitVerdict {
  bool is_allowed = true;
  int limit = 0;
  int remaining = 0;
  absl::Duration retry_after;  // when refused: until the next is allowed
};

class RateLimiter {
 public:
  /// `redis` may be nullptr: local only.
  RateLimiter(const base::Clock& clock, redis::Client* redis, size_t entries_max = 100000);
  ~RateLimiter();

  /// Takes one from the bucket `key` unless it is empty; a refusal takes nothing.
  LimitVerdict Take(const std::string& key, const BucketLimit& limit);
  /// What Take would say, taking nothing.
  LimitVerdict Peek(const std::string& key, const BucketLimit& limit);

  /// Counts one against `per_minute` of the sliding minute. Blocks for Redis (at most its timeout):
  /// not on an io thread.
  LimitVerdict TakeFromMinute(const std::string& key, int per_minute);

  /// One exchange with Redis; called by the limiter's own thread, and by tests.
  void Exchange();
  /// Starts the thread that exchanges each `period`.
  void StartExchange(std::chrono::milliseconds period);

  size_t size() const;

 private:
  struct Bucket {
    std::string key;
    absl::Time full_at;        // GCRA: the theoretical arrival time
    absl::Duration interval;   // per unit, as last used
    absl::Duration tolerance;  // burst * interval
    int64_t pending = 0;       // taken here since the last exchange
    int64_t shared_total = 0;  // Redis's count at the last exchange
    absl::Time exchanged_at;
  };
  struct Minute {
    int64_t minute = 0;
    int64_t current = 0;
    int64_t previous = 0;
  };
  using Buckets = std::list<Bucket>;  // most recently used first

  LimitVerdict Judge(const std::string& key, const BucketLimit& limit, bool take);
  Bucket& Find(const std::string& key);
  Minute& FindMinute(const std::string& key, int64_t minute);
  LimitVerdict CountLocally(const std::string& key, int per_minute, absl::Time now);
  void Merge(const std::string& key, int64_t sent, int64_t total, absl::Time now);

  const base::Clock& clock_;
  redis::Client* const redis_;
  const size_t entries_max_;
  mutable std::mutex mutex_;
  Buckets buckets_;
  std::unordered_map<std::string_view, Buckets::iterator> by_key_;
  std::vector<std::string> touched_;
  std::unordered_map<std::string, Minute> minutes_;

  std::mutex stop_mutex_;
  std::condition_variable stop_changed_;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace cloudpos::gateway
