#include <iterator>

#include "tests/chaos/harness/fault.h"

namespace cloudpos::chaos {

std::vector<Fault> AllFaults() {
  std::vector<Fault> all;
  for (const auto table : {ProcessFaults, ProxyFaults, PointFaults, DataFaults, CalmFaults}) {
    std::vector<Fault> faults = table();
    std::move(faults.begin(), faults.end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace cloudpos::chaos
