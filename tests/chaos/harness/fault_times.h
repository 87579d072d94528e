#pragma once

// Recovery times by fault.

#include <map>
#include <string>
#include <vector>

#include "tests/chaos/harness/report.h"

namespace cloudpos::chaos {

/// Times of one kind of fault.
struct Times {
  std::vector<Micros> values;

  void Add(Micros value) {
    if (value >= 0) values.push_back(value);
  }
  /// -1 when there is none.
  Micros Percentile(int percent) const;
};

struct FaultTimes {
  int count = 0;
  Times ready, sale;
};

std::map<std::string, FaultTimes> TimesByFault(const std::vector<RoundResult>& rounds);

}  // namespace cloudpos::chaos
