#include "gateway/rate_limiter.h"

#include <algorithm>
#include <cmath>

namespace cloudpos::gateway {
namespace {

constexpr std::string_view kBucketPrefix = "rl:b:";
constexpr std::string_view kMinutePrefix = "rl:m:";
constexpr std::chrono::milliseconds kBucketLife{60000};
constexpr std::chrono::milliseconds kMinuteLife{130000};
// Others' calls count only when they were just made: an old total says nothing about now.
constexpr absl::Duration kFresh = absl::Seconds(1);
constexpr size_t kExchangeMax = 2000;

std::string Join(std::string_view prefix, std::string_view key) {
  return std::string(prefix) + std::string(key);
}

/// The sliding minute: all of this minute and what of the last one lies within 60 seconds.
double SlidingCount(int64_t previous, int64_t current, absl::Time now) {
  const double into =
      absl::ToDoubleSeconds(now - absl::FromUnixSeconds(absl::ToUnixSeconds(now) / 60 * 60));
  return static_cast<double>(previous) * (1 - into / 60) + static_cast<double>(current);
}

LimitVerdict MinuteVerdict(double count_before, int per_minute, absl::Time now) {
  LimitVerdict verdict;
  verdict.limit = per_minute;
  verdict.is_allowed = count_before + 1 <= per_minute;
  verdict.remaining = std::max(0, static_cast<int>(per_minute - count_before - 1));
  if (!verdict.is_allowed) {
    const absl::Time next = absl::FromUnixSeconds((absl::ToUnixSeconds(now) / 60 + 1) * 60);
    verdict.retry_after = next - now;
  }
  return verdict;
}

}  // namespace

RateLimiter::RateLimiter(const base::Clock& clock, redis::Client* redis, size_t entries_max)
    : clock_(clock), redis_(redis), entries_max_(entries_max) {}

RateLimiter::~RateLimiter() {
  {
    const std::lock_guard lock(stop_mutex_);
    is_stopping_ = true;
  }
  stop_changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

LimitVerdict RateLimiter::Take(const std::string& key, const BucketLimit& limit) {
  return Judge(key, limit, true);
}

LimitVerdict RateLimiter::Peek(const std::string& key, const BucketLimit& limit) {
  return Judge(key, limit, false);
}

LimitVerdict RateLimiter::Judge(const std::string& key, const BucketLimit& limit, bool take) {
  const absl::Time now = clock_.Now();
  const std::lock_guard lock(mutex_);
  Bucket& bucket = Find(key);
  bucket.interval = absl::Seconds(1 / limit.per_second);
  bucket.tolerance = bucket.interval * limit.burst;
  // Fuller than full only when the clock went back: then nobody waits until it is there again.
  bucket.full_at = std::min(bucket.full_at, now + bucket.tolerance);
  const absl::Time start = std::max(bucket.full_at, now);
  const absl::Time next = start + bucket.interval;
  LimitVerdict verdict;
  verdict.limit = limit.burst;
  verdict.is_allowed = next - now <= bucket.tolerance;
  if (verdict.is_allowed && take) {
    bucket.full_at = next;
    if (bucket.pending++ == 0 && redis_ != nullptr) touched_.push_back(key);
  }
  if (!verdict.is_allowed) verdict.retry_after = next - now - bucket.tolerance;
  const absl::Duration room = bucket.tolerance - (std::max(bucket.full_at, now) - now);
  verdict.remaining = std::max(0, static_cast<int>(absl::FDivDuration(room, bucket.interval)));
  return verdict;
}

RateLimiter::Bucket& RateLimiter::Find(const std::string& key) {
  const auto found = by_key_.find(key);
  if (found != by_key_.end()) {
    buckets_.splice(buckets_.begin(), buckets_, found->second);
    return buckets_.front();
  }
  if (buckets_.size() >= entries_max_) {
    by_key_.erase(buckets_.back().key);
    buckets_.pop_back();
  }
  buckets_.push_front({});
  buckets_.front().key = key;
  by_key_[buckets_.front().key] = buckets_.begin();
  return buckets_.front();
}

void RateLimiter::Exchange() {
  if (redis_ == nullptr) return;
  std::vector<redis::Client::Increment> increments;
  std::vector<std::string> keys;
  {
    const std::lock_guard lock(mutex_);
    for (const std::string& key : touched_) {
      const auto found = by_key_.find(key);
      if (found == by_key_.end() || increments.size() >= kExchangeMax) continue;
      increments.push_back({Join(kBucketPrefix, key), found->second->pending});
      keys.push_back(key);
      found->second->pending = 0;
    }
    touched_.clear();
  }
  if (increments.empty()) return;
  const auto totals = redis_->IncrementAll(increments, kBucketLife);
  if (!totals) return;  // each replica for itself until Redis is back
  const absl::Time now = clock_.Now();
  const std::lock_guard lock(mutex_);
  for (size_t i = 0; i < keys.size(); ++i) Merge(keys[i], increments[i].by, (*totals)[i], now);
}

/// Takes from the bucket what other replicas took since the last exchange.
void RateLimiter::Merge(const std::string& key, int64_t sent, int64_t total, absl::Time now) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return;
  Bucket& bucket = *found->second;
  const bool is_fresh = now - bucket.exchanged_at <= kFresh && total >= bucket.shared_total + sent;
  const int64_t others = is_fresh ? total - bucket.shared_total - sent : 0;
  bucket.shared_total = total;
  bucket.exchanged_at = now;
  if (others <= 0) return;
  const absl::Time taken = std::max(bucket.full_at, now) + bucket.interval * others;
  bucket.full_at = std::min(taken, now + bucket.tolerance);
}

LimitVerdict RateLimiter::TakeFromMinute(const std::string& key, int per_minute) {
  const absl::Time now = clock_.Now();
  const int64_t minute = absl::ToUnixSeconds(now) / 60;
  const LimitVerdict local = CountLocally(key, per_minute, now);
  if (redis_ == nullptr) return local;
  const std::string name = Join(kMinutePrefix, key) + ":";
  const std::string current = name + std::to_string(minute);
  const auto counts =
      redis_->IncrementAll({{name + std::to_string(minute - 1), 0}, {current, 1}}, kMinuteLife);
  if (!counts) return local;
  const double before = SlidingCount((*counts)[0], (*counts)[1] - 1, now);
  const LimitVerdict shared = MinuteVerdict(before, per_minute, now);
  // A refusal does not count, or a flood would lock the account for as long as it lasts.
  if (!shared.is_allowed) redis_->IncrementAll({{current, -1}}, kMinuteLife);
  return shared;
}

RateLimiter::Minute& RateLimiter::FindMinute(const std::string& key, int64_t minute) {
  if (minutes_.size() >= entries_max_) {
    std::erase_if(minutes_, [minute](const auto& item) { return item.second.minute < minute - 1; });
    if (minutes_.size() >= entries_max_) minutes_.clear();
  }
  Minute& entry = minutes_[key];
  if (entry.minute != minute) {
    entry.previous = entry.minute == minute - 1 ? entry.current : 0;
    entry.current = 0;
    entry.minute = minute;
  }
  return entry;
}

LimitVerdict RateLimiter::CountLocally(const std::string& key, int per_minute, absl::Time now) {
  const std::lock_guard lock(mutex_);
  Minute& entry = FindMinute(key, absl::ToUnixSeconds(now) / 60);
  const LimitVerdict verdict =
      MinuteVerdict(SlidingCount(entry.previous, entry.current, now), per_minute, now);
  if (verdict.is_allowed) ++entry.current;
  return verdict;
}

void RateLimiter::StartExchange(std::chrono::milliseconds period) {
  if (redis_ == nullptr) return;
  thread_ = std::thread([this, period] {
    std::unique_lock lock(stop_mutex_);
    while (!stop_changed_.wait_for(lock, period, [this] { return is_stopping_; })) {
      lock.unlock();
      Exchange();
      lock.lock();
    }
  });
}

size_t RateLimiter::size() const {
  const std::lock_guard lock(mutex_);
  return buckets_.size() + minutes_.size();
}

}  // namespace cloudpos::gateway
