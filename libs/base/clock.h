#pragma once

// Time as an input: now() is called nowhere else.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace cloudpos::base {

/// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual absl::Time Now() const = 0;
};

class SystemClock : public Clock {
 public:
  absl::Time Now() const override;
};

/// Between SystemClock's time and that by which other libraries keep deadlines. It is the same, but
/// in tests with clocks that are out.
std::chrono::system_clock::time_point ToSystemTime(absl::Time time);
absl::Time FromSystemTime(std::chrono::system_clock::time_point time);

/// For tests: stands still at 2026-01-05T10:00:00Z until told otherwise.
class FakeClock : public Clock {
 public:
  FakeClock();
  explicit FakeClock(absl::Time start);
  absl::Time Now() const override;
  void Set(absl::Time time);
  void Advance(absl::Duration by);

 private:
  std::atomic<int64_t> micros_;
};

/// RFC 3339 in UTC with microseconds, e.g. "2026-01-05T10:00:00.000000Z". Call it qualified:
/// absl::FormatTime is found by the argument, too.
std::string FormatTime(absl::Time time);
absl::StatusOr<absl::Time> ParseTime(std::string_view text, std::string_view field);

/// The business date: the store's local date of `time`, where a day begins at
/// `cutoff_minutes` after midnight (0..1439). A sale at 00:30 with cut-off 04:00 belongs to the day
/// before.
absl::CivilDay BusinessDate(absl::Time time, const absl::TimeZone& zone, int cutoff_minutes);
std::string FormatDate(absl::CivilDay day);  // "2026-01-05"
absl::StatusOr<absl::CivilDay> ParseDate(std::string_view text, std::string_view field);

/// Loads an IANA zone; INVALID_ARGUMENT naming `field` when unknown.
absl::StatusOr<absl::TimeZone> LoadZone(std::string_view name, std::string_view field);

}  // namespace cloudpos::base
