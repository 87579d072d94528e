#pragma once

// The snapshot behind auth's feed: everything there is, as the events that made it.

#include <functional>
#include <vector>

#include "cloudpos/common/v1/event_feed.pb.h"
#include "libs/pg/pg.h"

namespace cloudpos::auth {

/// Tenants, stores, registers, devices, in this order. Worker role.
absl::Status SendSnapshot(
    pg::Tx& tx,
    const std::function<absl::Status(std::vector<common::v1::Event>)>& send);

}  // namespace cloudpos::auth
