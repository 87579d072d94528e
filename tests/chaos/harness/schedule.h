#pragma once

// Which faults a round gets, and in which order: drawn from the seed.

#include <cstdint>
#include <string_view>
#include <vector>

#include "tests/chaos/harness/fault.h"

namespace cloudpos::chaos {

/// Those whose name contains `only`; all when it is empty.
std::vector<Fault> Select(std::vector<Fault> faults, std::string_view only);
/// One of each kind, in an order of the seed but for those that come early.
std::vector<Fault> EachOnce(std::vector<Fault> faults, uint64_t seed);
/// Those in [from, from + count) of the seed's endless sequence, in which each comes as often as
/// its weight says before any comes again.
std::vector<Fault> Draw(const std::vector<Fault>& faults, uint64_t seed, size_t from, size_t count);

}  // namespace cloudpos::chaos
