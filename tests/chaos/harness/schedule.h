#pragma once

// Which faults a round gets, and in which order: drawn from the seed.

#include <cstdint>
#include <string_view>
#include <vector>

#include "tests/chaos/harness/fault.h"

namespace cloudpos::chaos {

/// Those whose name contains `only`; all when it is empty.
std::vector<Fault> Select(std::vector<Fault> faults, std::string_view only);
/// Each once, in an order of the seed but for those that come early.
std::vector<Fault> EachOnce(std::vector<Fault> faults, uint64_t seed);
/// `count` of them: each kind as often as its weight says, before any comes again.
std::vector<Fault> Draw(const std::vector<Fault>& faults, uint64_t seed, size_t count);

}  // namespace cloudpos::chaos
