#pragma once

// Time of the run: microseconds of the machine's monotonic clock, which no fault moves and which
// clients' logs and faults share.

#include <chrono>
#include <cstdint>

namespace cloudpos::chaos {

using Micros = int64_t;
constexpr Micros kSecond = 1'000'000;
constexpr Micros kMilli = 1'000;

Micros Now();
void SleepFor(Micros time);
void SleepUntil(Micros moment);

/// Asks `is_done` every `step` until it answers true (then true) or `limit` is over.
template <typename F>
bool WaitFor(Micros limit, Micros step, F&& is_done) {
  const Micros end = Now() + limit;
  while (true) {
    if (is_done()) return true;
    if (Now() >= end) return false;
    SleepFor(step);
  }
}

}  // namespace cloudpos::chaos
