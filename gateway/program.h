#pragma once

// The parts of the gateway put together and run.

#include "libs/config/config.h"

namespace cloudpos::gateway {

/// Serves until SIGTERM; the process's exit code.
int Run(config::Reader* reader);

/// One line per route (tests/golden holds them).
int PrintRoutes();
int PrintOpenApi();
/// The table of settings.
int PrintConfig();

}  // namespace cloudpos::gateway
