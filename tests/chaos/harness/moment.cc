#include "tests/chaos/harness/moment.h"

#include <ctime>
#include <thread>

namespace cloudpos::chaos {

Micros Now() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<Micros>(time.tv_sec) * kSecond + time.tv_nsec / 1000;
}

void SleepFor(Micros time) {
  if (time > 0) std::this_thread::sleep_for(std::chrono::microseconds(time));
}

void SleepUntil(Micros moment) { SleepFor(moment - Now()); }

}  // namespace cloudpos::chaos
