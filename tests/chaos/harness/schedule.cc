#include "tests/chaos/harness/schedule.h"

#include <algorithm>
#include <set>
#include <utility>

#include "tests/chaos/harness/dice.h"

namespace cloudpos::chaos {
namespace {

constexpr uint64_t kStream = 2;

}  // namespace

std::vector<Fault> Select(std::vector<Fault> faults, std::string_view only) {
  std::erase_if(faults,
                [only](const Fault& fault) { return fault.name.find(only) == std::string::npos; });
  return faults;
}

std::vector<Fault> EachOnce(std::vector<Fault> faults, uint64_t seed) {
  Dice(seed, kStream).Shuffle(&faults);
  std::set<std::string> kinds;
  std::erase_if(faults, [&kinds](const Fault& fault) {
    return !fault.kind.empty() && !kinds.insert(fault.kind).second;
  });
  std::stable_partition(faults.begin(), faults.end(),
                        [](const Fault& fault) { return fault.is_early; });
  return faults;
}

std::vector<Fault> Draw(const std::vector<Fault>& faults, uint64_t seed, size_t from,
                        size_t count) {
  Dice dice(seed, kStream);
  std::vector<Fault> drawn;
  std::vector<Fault> hat;
  while (drawn.size() < from + count && !faults.empty()) {
    if (hat.empty()) {
      for (const Fault& fault : faults)
        hat.insert(hat.end(), static_cast<size_t>(fault.weight), fault);
      dice.Shuffle(&hat);
    }
    drawn.push_back(std::move(hat.back()));
    hat.pop_back();
  }
  drawn.erase(drawn.begin(),
              drawn.begin() + static_cast<std::ptrdiff_t>(std::min(from, drawn.size())));
  return drawn;
}

}  // namespace cloudpos::chaos
