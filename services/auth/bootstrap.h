#pragma once

// The one-time secret that makes the first administrator.

#include "absl/status/status.h"
#include "services/auth/context.h"

namespace cloudpos::auth {

/// Notes when the secret was first seen, and writes <state_dir>/bootstrapped once an administrator
/// exists, for `./pos` to see. True when there is nothing left to do.
absl::StatusOr<bool> WatchBootstrap(const Deps& deps);

}  // namespace cloudpos::auth
