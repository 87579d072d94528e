#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/events/events.h"
#include "libs/events/puller.h"
#include "libs/log/log.h"

namespace cloudpos::events {
namespace {

using base::ErrorCode;
using std::chrono::milliseconds;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr milliseconds kBackoffMin{50};
constexpr milliseconds kBackoffMax{5000};
constexpr absl::Duration kWaitMax = absl::Minutes(10);

}  // namespace

struct Consumer::Impl {
  explicit Impl(ConsumerOptions o)
      : options(std::move(o)), puller(options, [this] { return IsStopping(); }) {}

  bool IsStopping() {
    const std::lock_guard lock(mutex);
    return stopping;
  }

  void Run();
  void Ring();
  void RetryAtStart();
  void NoteRound(const absl::Status& status, milliseconds* pause);
  SteadyTime NextTurn(SteadyTime begun) const;
  absl::Status CatchUp(absl::Time deadline);

  const ConsumerOptions options;
  std::mutex mutex;
  std::condition_variable changed;
  bool stopping = false;
  bool bell = false;
  // One thread at a time goes through the log; callers of CatchUp share the round that began after
  // they came.
  bool is_busy = false;
  uint64_t asked = 0;
  uint64_t answered = 0;
  absl::Status answer;
  bool was_ok = true;
  Puller puller;
  std::thread thread;
  std::unique_ptr<redis::Subscriber> subscriber;
};

void Consumer::Impl::Ring() {
  {
    const std::lock_guard lock(mutex);
    bell = true;
  }
  changed.notify_all();
}

// Logs a fault once, and backs off while it lasts.
void Consumer::Impl::NoteRound(const absl::Status& status, milliseconds* pause) {
  if (!status.ok() && was_ok && !absl::IsCancelled(status)) {
    log::Warn("events are not applied", {{"consumer", options.consumer},
                                         {"producer", options.producer},
                                         {"error", status.ToString()}});
  }
  if (status.ok() && !was_ok) {
    log::Info("events are applied again",
              {{"consumer", options.consumer}, {"producer", options.producer}});
  }
  was_ok = status.ok();
  *pause = status.ok() ? milliseconds(0) : std::clamp(*pause * 2, kBackoffMin, kBackoffMax);
}

// The first turn at least half a pace after the round that has begun.
SteadyTime Consumer::Impl::NextTurn(SteadyTime begun) const {
  if (options.pace.count() <= 0) return begun;
  const SteadyTime::duration into = (begun.time_since_epoch() - options.turn) % options.pace;
  const SteadyTime turn = begun - into + options.pace;
  return turn - begun < options.pace / 2 ? turn + options.pace : turn;
}

void Consumer::Impl::RetryAtStart() {
  const absl::StatusOr<int> cured = puller.RetryAll();
  if (cured.ok() && *cured > 0) {
    log::Info("parked events were applied",
              {{"consumer", options.consumer}, {"producer", options.producer}, {"keys", *cured}});
  }
}

void Consumer::Impl::Run() {
  RetryAtStart();
  milliseconds pause{0};
  milliseconds look{0};  // again, where the end of the log is held back
  std::unique_lock lock(mutex);
  while (!stopping) {
    changed.wait(lock, [this] { return !is_busy || stopping; });
    if (stopping) break;
    is_busy = true;
    bell = false;
    lock.unlock();
    const auto begun = std::chrono::steady_clock::now();
    const absl::Status status = puller.ToEnd();
    puller.MeasureLag();
    NoteRound(status, &pause);
    look = puller.is_held_back() ? std::min(std::max(look * 2, kBackoffMin), options.poll)
                                 : milliseconds(0);
    lock.lock();
    is_busy = false;
    changed.notify_all();
    if (pause.count() > 0) {
      changed.wait_for(lock, pause, [this] { return stopping; });
    } else {
      changed.wait_until(lock, NextTurn(begun), [this] { return stopping; });
      changed.wait_for(lock, look.count() > 0 ? look : options.poll,
                       [this] { return stopping || bell; });
    }
  }
}

absl::Status Consumer::Impl::CatchUp(absl::Time deadline) {
  std::unique_lock lock(mutex);
  const uint64_t ticket = ++asked;
  while (answered < ticket) {
    if (stopping) return base::Fail(ErrorCode::CANCELLED, "the consumer is stopping");
    if (!is_busy) {
      is_busy = true;
      const uint64_t covered = asked;
      lock.unlock();
      absl::Status status = puller.ToNow(deadline);
      lock.lock();
      is_busy = false;
      // Others may have more time than this call had.
      if (!absl::IsDeadlineExceeded(status)) {
        answered = std::max(answered, covered);
        answer = status;
      }
      changed.notify_all();
      return status;
    }
    const absl::Duration left = std::min(deadline - base::SystemClock().Now(), kWaitMax);
    if (left <= absl::ZeroDuration()) {
      return base::Fail(ErrorCode::DEADLINE_EXCEEDED, "the log was not read to its end in time");
    }
    changed.wait_for(lock, absl::ToChronoMicroseconds(left),
                     [this, ticket] { return answered >= ticket || !is_busy || stopping; });
  }
  return answer;
}

Consumer::Consumer(ConsumerOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}

Consumer::~Consumer() { Stop(); }

void Consumer::Start() {
  if (impl_->thread.joinable()) return;
  impl_->thread = std::thread([impl = impl_.get()] { impl->Run(); });
  if (!impl_->options.redis.url.empty()) {
    impl_->subscriber = std::make_unique<redis::Subscriber>(
        impl_->options.redis, std::vector<std::string>{BellChannel(impl_->options.producer)},
        [impl = impl_.get()](std::string_view) { impl->Ring(); });
  }
}

void Consumer::Stop() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->changed.notify_all();
  impl_->subscriber.reset();
  if (impl_->thread.joinable()) impl_->thread.join();
}

absl::Status Consumer::CatchUp(absl::Time deadline) { return impl_->CatchUp(deadline); }

absl::Duration Consumer::lag() const {
  return impl_->puller.was_at_end() ? impl_->options.clock->Now() - impl_->puller.as_of()
                                    : absl::InfiniteDuration();
}

absl::Time Consumer::as_of() const {
  return impl_->puller.was_at_end() ? impl_->puller.as_of() : absl::InfinitePast();
}

absl::Time Consumer::newest_applied() const {
  const absl::Time newest = impl_->puller.newest();
  return newest == absl::UnixEpoch() ? absl::InfinitePast() : newest;
}

absl::Status Consumer::Retry(const base::Uuid& tenant, const std::string& aggregate_type,
                             const std::string& aggregate_id) {
  const absl::Status status = impl_->puller.applier().Retry({tenant, aggregate_type, aggregate_id});
  impl_->puller.CountParked();
  return status;
}

absl::StatusOr<int> Consumer::RetryAll() { return impl_->puller.RetryAll(); }

}  // namespace cloudpos::events
