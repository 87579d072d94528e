#pragma once

// What a producer's log needs beside readers: a guard over the generation, partitions ahead, old
// ones dropped, and the age of the horizon.

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/events/cursor.h"
#include "libs/events/events.h"
#include "prometheus/gauge.h"

namespace cloudpos::events {

/// Thread-safe.
class Maintenance {
 public:
  Maintenance(std::string producer, pg::Pool* pool, const base::Clock* clock);

  /// Raises the generation when the database runs in another cluster; measures the horizon.
  absl::Status Guard();
  /// Partitions for today and the next days; drops days older than 14 days that every consumer seen
  /// within 14 days has passed.
  absl::Status MaintainPartitions();

 private:
  absl::Status CreateAhead(absl::CivilDay today);
  absl::Status DropPassed(absl::CivilDay today);
  void MeasureHorizon(uint64_t xmin, uint64_t xmax);

  const std::string producer_;
  pg::Pool* const pool_;
  const base::Clock* const clock_;
  prometheus::Gauge& horizon_age_;
  std::mutex mutex_;
  int32_t generation_ = 0;
  uint64_t horizon_ = 0;
  absl::Time horizon_since_;
};

}  // namespace cloudpos::events
