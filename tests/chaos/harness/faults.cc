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

Fault FaultNamed(std::string_view name) {
  for (Fault& fault : AllFaults()) {
    if (fault.name == name) return std::move(fault);
  }
  return {.name = std::string(name), .run = [](Field&) -> absl::StatusOr<Effect> {
            return absl::NotFoundError("there is no such fault");
          }};
}

}  // namespace cloudpos::chaos
