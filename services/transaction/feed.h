#pragma once

// What transaction tells the others: its outbox joined with the journal, and the whole journal as
// snapshot, so that a rebuild and the feed run the same code in the consumers.

#include "libs/events/events.h"

namespace cloudpos::transaction {

events::FeedOptions FeedOptionsOf(pg::Pool& worker_pool, const base::Clock& clock);

}  // namespace cloudpos::transaction
