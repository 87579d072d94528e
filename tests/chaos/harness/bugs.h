#pragma once

// Seeded mistakes (README.md): each is switched on for a short run that reaches it, in which the
// checker must report what is broken. A checker that never cries is worth nothing.

#include <string>
#include <string_view>
#include <vector>

#include "tests/chaos/harness/round.h"

namespace cloudpos::chaos {

struct SeededBug {
  const char* name;
  /// The invariant that must be reported, or one of these. None: no mistake at all, and nothing may
  /// be reported.
  std::vector<std::string> expected;
  /// Faults that lead to the mistake, in this order, under load.
  std::vector<const char*> faults = {};
  /// Mistakes that belong to it.
  std::vector<const char*> others = {};
  /// Must start anew to make it.
  const char* restart = nullptr;
  /// False where a fault must not meet the events of changed prices instead of sales.
  bool changes_prices = true;
};

const std::vector<SeededBug>& SeededBugs();

/// Those whose name contains `only`.
std::vector<BugResult> RunBugs(const RoundOptions& options, std::string_view only);

}  // namespace cloudpos::chaos
