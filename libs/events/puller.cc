#include "libs/events/puller.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/faults/faults.h"
#include "libs/log/log.h"
#include "libs/metrics/metrics.h"

namespace cloudpos::events {
namespace {

using base::ErrorCode;
using common::v1::PullRequest;
using common::v1::PullResponse;
using common::v1::SnapshotRequest;
using common::v1::SnapshotResponse;

constexpr absl::Duration kPullTimeout = absl::Seconds(5);
constexpr absl::Duration kSnapshotTimeout = absl::Hours(2);
/// Between looks at a log whose end is held back by a running transaction, or at another consumer.
constexpr absl::Duration kLookAgainMin = absl::Milliseconds(2);
constexpr absl::Duration kLookAgainMax = absl::Milliseconds(50);
/// A batch that fails in passing this often is taken in single events: it may just be too large.
constexpr int kFailuresBeforeSingles = 3;

/// Deadlines of calls are real time, whatever clock the service is given.
absl::Time RealNow() { return base::SystemClock().Now(); }

std::string MetricName(const ConsumerOptions& options, const char* what) {
  return "cloudpos_" + options.consumer + "_" + what;
}

std::string CursorName(const ConsumerOptions& options) {
  return options.cursor_name.empty() ? options.producer : options.cursor_name;
}

}  // namespace

Puller::Puller(const ConsumerOptions& options, std::function<bool()> is_stopping)
    : options_(options),
      cursor_name_(CursorName(options)),
      // A rebuild acknowledges on its own account: the log must be kept for both.
      consumer_name_(cursor_name_ == options.producer ? options.consumer
                                                      : options.consumer + "/" + cursor_name_),
      source_(options.source ? options.source : RemoteSource(options.channel)),
      is_stopping_(std::move(is_stopping)),
      applier_({.cursor_name = cursor_name_,
                .pool = options.pool,
                .clock = options.clock,
                .apply = options.apply,
                .event_types = options.event_types}),
      started_(options.clock->Now()),
      lag_(metrics::Gauge(MetricName(options, "event_lag_seconds"),
                          "How long ago the producer's log was read to its end.",
                          {{"producer", cursor_name_}})),
      parked_(metrics::Gauge(MetricName(options, "events_parked"),
                             "Events that could not be applied, and those behind them.",
                             {{"producer", cursor_name_}})),
      lost_(metrics::Gauge(MetricName(options, "event_cursor_lost"),
                           "1 while the producer does not serve our cursor.",
                           {{"producer", cursor_name_}})),
      applied_(metrics::Counter(MetricName(options, "events_applied_total"),
                                "Events applied, repeats included.",
                                {{"producer", cursor_name_}})) {}

void Puller::MeasureLag() {
  const absl::Time since = was_at_end() ? as_of() : started_;
  lag_.Set(absl::ToDoubleSeconds(options_.clock->Now() - since));
}

void Puller::CountParked() {
  const absl::StatusOr<int64_t> parked = applier_.CountParked();
  if (parked.ok()) parked_.Set(static_cast<double>(*parked));
}

void Puller::NoteApplied(const Applied& applied, const Event& newest) {
  applied_.Increment(static_cast<double>(applied.events));
  const int64_t micros = newest.recorded_at().seconds() * 1000000 +
                         newest.recorded_at().nanos() / 1000;
  newest_micros_ = std::max(newest_micros_.load(), micros);
  if (applied.parked > 0) CountParked();
}

absl::StatusOr<Puller::Step> Puller::Next(absl::Time deadline) {
  CLOUDPOS_ASSIGN_OR_RETURN(const std::string before, applier_.ReadCursor());
  if (before.empty() && options_.start_from_snapshot) {
    CLOUDPOS_RETURN_IF_ERROR(ReadSnapshot(before));
    return Step{.more = true};
  }
  PullRequest request;
  request.set_consumer(consumer_name_);
  request.set_cursor(before);
  request.set_limit(singles_left_ > 0 ? 1 : options_.batch);
  for (const std::string& type : options_.event_types) request.add_event_types(type);
  PullResponse response;
  const absl::Time asked = options_.clock->Now();
  const absl::Status status =
      source_->Pull(request, std::min(deadline, RealNow() + kPullTimeout), &response);
  if (base::CodeOf(status) == ErrorCode::CURSOR_LOST) return OnLost(before, status);
  CLOUDPOS_RETURN_IF_ERROR(status);
  is_lost_ = false;
  lost_.Set(0);
  Step step{.horizon = response.horizon(), .head = response.head()};
  is_held_back_ = step.horizon < step.head;
  if (response.events_size() > 0 || response.cursor() != before) {
    CLOUDPOS_ASSIGN_OR_RETURN(const Step applied, ApplyPage(before, response));
    step.more = applied.more;
    step.is_fenced = applied.is_fenced;
  }
  if (!step.more && !step.is_fenced) as_of_micros_ = absl::ToUnixMicros(asked);
  return step;
}

absl::StatusOr<Puller::Step> Puller::ApplyPage(const std::string& before,
                                               const PullResponse& response) {
  const std::vector<Event> events(response.events().begin(), response.events().end());
  if (!events.empty()) FAIL_POINT("consumer.before_hold");
  const absl::StatusOr<Applied> applied = applier_.Apply(before, events, response.cursor());
  if (!applied.ok()) return OnFailure(before, response, applied.status());
  failures_ = 0;
  if (applied->is_fenced) return Step{.is_fenced = true};
  if (!events.empty()) NoteApplied(*applied, events.back());
  singles_left_ = std::max(0, singles_left_ - static_cast<int>(events.size()));
  return Step{.more = response.more() || singles_left_ > 0};
}

absl::StatusOr<Puller::Step> Puller::OnFailure(const std::string& before,
                                               const PullResponse& response,
                                               const absl::Status& status) {
  const int events = response.events_size();
  if (IsPassing(status) || !applier_.is_poison()) {
    if (++failures_ >= kFailuresBeforeSingles && events > 1) singles_left_ = events;
    return status;
  }
  if (events > 1) {
    log::Warn("a batch of events failed, they are taken one by one",
              {{"cursor", cursor_name_}, {"error", status.ToString()}});
    singles_left_ = events;
    return Step{.more = true};
  }
  CLOUDPOS_ASSIGN_OR_RETURN(
      const Applied parked,
      applier_.Park(before, response.events(0), status, response.cursor()));
  singles_left_ = std::max(0, singles_left_ - 1);
  CountParked();
  return Step{.more = !parked.is_fenced, .is_fenced = parked.is_fenced};
}

absl::StatusOr<Puller::Step> Puller::OnLost(const std::string& before,
                                            const absl::Status& status) {
  lost_.Set(1);
  if (!is_lost_) {
    log::Error("the producer lost our cursor",
               {{"cursor", cursor_name_}, {"error", status.ToString()}});
  }
  is_lost_ = true;
  if (!options_.start_from_snapshot && !options_.on_resync) return status;
  if (options_.on_resync) {
    CLOUDPOS_ASSIGN_OR_RETURN(const Applied cleared,
                              applier_.WithCursor(before, options_.on_resync));
    if (cleared.is_fenced) return Step{.is_fenced = true};
  }
  CLOUDPOS_RETURN_IF_ERROR(ReadSnapshot(before));
  return Step{.more = true};
}

absl::Status Puller::ApplySnapshotBatch(const std::string& before,
                                        const std::vector<Event>& events) {
  if (events.empty()) return absl::OkStatus();
  absl::StatusOr<Applied> applied = applier_.Apply(before, events, before);
  if (!applied.ok() && (IsPassing(applied.status()) || !applier_.is_poison())) {
    return applied.status();
  }
  if (!applied.ok() && events.size() > 1) {
    for (const Event& event : events) {
      CLOUDPOS_RETURN_IF_ERROR(ApplySnapshotBatch(before, {event}));
    }
    return absl::OkStatus();
  }
  if (!applied.ok()) {
    const absl::Status error = applied.status();
    applied = applier_.Park(before, events.front(), error, before);
  }
  CLOUDPOS_RETURN_IF_ERROR(applied.status());
  if (applied->is_fenced) {
    return base::Fail(ErrorCode::CANCELLED, "another consumer moved the cursor");
  }
  NoteApplied(*applied, events.back());
  FAIL_POINT("consumer.snapshot_middle");
  return absl::OkStatus();
}

// The cursor moves last: a crash on the way begins again, and the unique keys absorb the repeat.
absl::Status Puller::ReadSnapshot(const std::string& before) {
  log::Info("reading a snapshot", {{"cursor", cursor_name_}});
  SnapshotRequest request;
  request.set_consumer(consumer_name_);
  std::string cursor;
  CLOUDPOS_RETURN_IF_ERROR(source_->Snapshot(
      request, RealNow() + kSnapshotTimeout, [&](const SnapshotResponse& message) -> absl::Status {
        if (is_stopping_()) return base::Fail(ErrorCode::CANCELLED, "stopping");
        if (cursor.empty()) cursor = message.cursor();
        return ApplySnapshotBatch(before, {message.events().begin(), message.events().end()});
      }));
  if (cursor.empty()) {
    return base::Fail(ErrorCode::INTERNAL, "the snapshot began without a cursor");
  }
  CLOUDPOS_ASSIGN_OR_RETURN(const Applied moved, applier_.Apply(before, {}, cursor));
  log::Info(moved.is_fenced ? "another consumer was first" : "a snapshot was applied",
            {{"cursor", cursor_name_}});
  return absl::OkStatus();
}

absl::Status Puller::ToEnd() {
  while (!is_stopping_()) {
    CLOUDPOS_ASSIGN_OR_RETURN(const Step step, Next(absl::InfiniteFuture()));
    MeasureLag();
    if (!step.more) return absl::OkStatus();
  }
  return base::Fail(ErrorCode::CANCELLED, "stopping");
}

absl::Status Puller::ToNow(absl::Time deadline) {
  uint64_t head = 0;
  absl::Duration pause = kLookAgainMin;
  while (!is_stopping_()) {
    if (RealNow() >= deadline) {
      return base::Fail(ErrorCode::DEADLINE_EXCEEDED, "the log was not read to its end in time");
    }
    CLOUDPOS_ASSIGN_OR_RETURN(const Step step, Next(deadline));
    if (head == 0) head = step.head;
    if (step.more) continue;
    if (!step.is_fenced && head != 0 && step.horizon >= head) return absl::OkStatus();
    std::this_thread::sleep_for(absl::ToChronoMicroseconds(pause));
    pause = std::min(pause * 1.5, kLookAgainMax);
  }
  return base::Fail(ErrorCode::CANCELLED, "stopping");
}

absl::StatusOr<int> Puller::RetryAll() {
  CLOUDPOS_ASSIGN_OR_RETURN(const std::vector<ParkedKey> keys, applier_.ParkedKeys());
  int cured = 0;
  for (const ParkedKey& key : keys) {
    const absl::Status status = applier_.Retry(key);
    if (status.ok()) ++cured;
    if (IsPassing(status)) return status;
  }
  CountParked();
  return cured;
}

}  // namespace cloudpos::events
