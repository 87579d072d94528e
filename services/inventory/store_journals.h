#pragma once

// SQL of how far each journal was seen.

#include <map>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/pg/pg.h"
#include "services/inventory/domain/movements.h"

namespace cloudpos::inventory {

/// Tenant and journal.
using JournalKey = std::pair<base::Uuid, base::Uuid>;

/// Notes the entries of a batch.
absl::Status SeeEntries(pg::Tx& tx, const std::map<JournalKey, std::vector<int64_t>>& numbers);

/// How far each of the journals was seen without a gap; 0 for one never seen.
absl::StatusOr<std::vector<int64_t>> SelectContiguous(pg::Pool& pool, absl::Time deadline,
                                                      const std::vector<JournalKey>& journals);

}  // namespace cloudpos::inventory
