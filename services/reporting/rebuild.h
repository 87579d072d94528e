#pragma once

// Reports made anew from the snapshots of their producers, beside the live ones.

#include <chrono>
#include <memory>

#include "absl/status/status.h"
#include "libs/base/clock.h"
#include "libs/base/ids.h"
#include "libs/config/config.h"
#include "libs/events/events.h"
#include "libs/pg/pg.h"

namespace cloudpos::reporting {

struct RebuildOptions {
  std::shared_ptr<events::EventSource> auth;
  std::shared_ptr<events::EventSource> inventory;
  std::shared_ptr<events::EventSource> transaction;
  pg::Pool* worker_pool = nullptr;
  const base::Clock* clock = nullptr;
  base::IdSource* ids = nullptr;
  /// Between two tries of what failed for a reason that passes.
  std::chrono::milliseconds pause{1000};
};

/// Builds the other set, catches up with the logs, switches in one transaction and empties the set
/// that was live. What is away for half a minute is waited for. A newer rebuild ends this one
/// (CANCELLED); a crash leaves the live set as it was.
absl::Status Rebuild(const RebuildOptions& options);

/// `cloudpos-reporting --rebuild`, with the service's own settings.
absl::Status RunRebuild(config::Values values);

}  // namespace cloudpos::reporting
