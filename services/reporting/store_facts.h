#pragma once

// Facts and their sums in the database. Everything here runs in the transaction that moves the
// consumer's cursor, set by set of rows.

#include <vector>

#include "absl/status/status.h"
#include "cloudpos/inventory/v1/events.pb.h"
#include "libs/pg/pg.h"
#include "services/reporting/domain/facts.h"
#include "services/reporting/domain/rollups.h"

namespace cloudpos::reporting {

/// Writes what is new among `facts` and moves the roll-ups by that alone; notes every entry's
/// number as seen.
absl::Status RecordFacts(pg::Tx& tx, int set, const std::vector<Fact>& facts);

/// INVALID_ARGUMENT for an adjustment without a usable id, store or tenant.
absl::Status RecordCorrections(pg::Tx& tx, int set,
                               const std::vector<inventory::v1::StockAdjusted>& events);

/// Adds the sums to the roll-ups (store_rollups.cc).
absl::Status AddRollups(pg::Tx& tx, int set, const Rollups& rollups);

}  // namespace cloudpos::reporting
