#pragma once

// One consumer's way through one producer's log, step by step. Not thread-safe: Consumer lets one
// thread at a time in.

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/events/applier.h"
#include "libs/events/events.h"
#include "prometheus/counter.h"
#include "prometheus/gauge.h"

namespace cloudpos::events {

class Puller {
 public:
  /// `is_stopping` ends long work early.
  Puller(const ConsumerOptions& options, std::function<bool()> is_stopping);

  struct Step {
    bool more = false;       // there is work left; step again
    bool is_fenced = false;  // another consumer is at it
    uint64_t horizon = 0;
    uint64_t head = 0;
  };
  /// Pulls a page and applies it.
  absl::StatusOr<Step> Next(absl::Time deadline);

  /// Steps until nothing is left.
  absl::Status ToEnd();
  /// Steps until all is applied that was committed before the call.
  absl::Status ToNow(absl::Time deadline);

  void MeasureLag();
  void CountParked();
  absl::StatusOr<int> RetryAll();
  Applier& applier() { return applier_; }

  absl::Time as_of() const { return absl::FromUnixMicros(as_of_micros_); }
  bool was_at_end() const { return as_of_micros_ != 0; }
  /// Whether running transactions hid the end of the log last time: what lies behind them rings no
  /// bell when they end. Of the thread that pulls.
  bool is_held_back() const { return is_held_back_; }
  absl::Time newest() const { return absl::FromUnixMicros(newest_micros_); }

 private:
  absl::StatusOr<Step> ApplyPage(const std::string& before,
                                 const common::v1::PullResponse& response);
  absl::StatusOr<Step> OnFailure(const std::string& before,
                                 const common::v1::PullResponse& response,
                                 const absl::Status& status);
  absl::StatusOr<Step> OnLost(const std::string& before, const absl::Status& status);
  absl::Status ReadSnapshot(const std::string& before);
  absl::Status ApplySnapshotBatch(const std::string& before, const std::vector<Event>& events);
  void NoteApplied(const Applied& applied, const Event& newest);

  const ConsumerOptions& options_;
  const std::string cursor_name_;
  const std::string consumer_name_;  // as the producer knows it
  std::shared_ptr<EventSource> source_;
  std::function<bool()> is_stopping_;
  Applier applier_;
  int singles_left_ = 0;  // events to pull one by one, since one of them is poison
  int failures_ = 0;      // passing ones, in a row
  bool is_lost_ = false;
  bool is_held_back_ = false;
  absl::Time started_;
  std::atomic<int64_t> as_of_micros_{0};
  std::atomic<int64_t> newest_micros_{0};
  prometheus::Gauge& lag_;
  prometheus::Gauge& parked_;
  prometheus::Gauge& lost_;
  prometheus::Counter& applied_;
};

}  // namespace cloudpos::events
