#include "tests/chaos/harness/fault_times.h"

#include <algorithm>

namespace cloudpos::chaos {

Micros Times::Percentile(int percent) const {
  if (values.empty()) return -1;
  std::vector<Micros> sorted = values;
  std::sort(sorted.begin(), sorted.end());
  return sorted[(sorted.size() - 1) * static_cast<size_t>(percent) / 100];
}

std::map<std::string, FaultTimes> TimesByFault(const std::vector<RoundResult>& rounds) {
  std::map<std::string, FaultTimes> rows;
  for (const RoundResult& round : rounds) {
    for (const FaultResult& fault : round.faults) {
      FaultTimes& row = rows[fault.name];
      ++row.count;
      row.ready.Add(fault.ready);
      row.sale.Add(fault.sale);
    }
  }
  return rows;
}

}  // namespace cloudpos::chaos
