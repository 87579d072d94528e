#pragma once

// Sends a plan through the gateway and waits until the reports hold it.

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "tools/replay/plan.h"
#include "tools/replay/requests.h"
#include "tools/replay/session.h"

namespace cloudpos::replay {

/// Told of each step: what is done, how many of how many.
using ProgressFunction = std::function<void(const char* what, size_t done, size_t all)>;

struct ReplayOptions {
  Session* session = nullptr;
  Place place;
  int workers = 4;
  /// How long the reports may stand still before that is an error.
  std::chrono::seconds report_patience{120};
  ProgressFunction progress;
};

/// Creates what products are missing, sends every document, waits for the reports, and answers what
/// they say of the plan's days.
absl::StatusOr<std::map<absl::CivilDay, DayFigures>> Replay(const Plan& plan,
                                                            const ReplayOptions& options);

}  // namespace cloudpos::replay
