#pragma once

// The state behind inventory's feed: every variant and category as it is, and all adjustments.

#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "libs/events/events.h"
#include "libs/pg/pg.h"

namespace cloudpos::inventory {

absl::Status SendSnapshot(pg::Tx& tx,
                          const std::function<absl::Status(std::vector<events::Event>)>& send);

}  // namespace cloudpos::inventory
