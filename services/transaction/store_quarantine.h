#pragma once

// Entries that were set aside, and what was decided of them.

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/ids.h"
#include "libs/pg/pg.h"

namespace cloudpos::transaction {

/// A decision.
struct Resolution {
  std::string name;  // RELEASED, DISMISSED
  std::string reason_code;
  base::Uuid actor;
  absl::Time at;
};

struct QuarantinedRow {
  base::Uuid journal;
  int64_t journal_no = 0;
  base::Uuid store;
  base::Uuid device;
  std::string series;
  std::string payload;
  std::string hash;
  std::vector<std::string> reasons;
  absl::Time recorded_at;
  std::optional<Resolution> resolution;
};

struct QuarantinePosition {
  absl::Time recorded_at;
  base::Uuid journal;
  int64_t journal_no = 0;
};

/// Entries of a store after `after`, oldest first; those decided on only when `resolved_too`.
absl::StatusOr<std::vector<QuarantinedRow>> SelectQuarantined(
    pg::Pool& pool, const base::Uuid& tenant, const base::Uuid& store,
    const std::optional<QuarantinePosition>& after, bool resolved_too, int limit,
    absl::Time deadline);

/// nullopt: there is no such entry, or it was not set aside.
absl::StatusOr<std::optional<QuarantinedRow>> SelectQuarantinedEntry(pg::Pool& pool,
                                                                     const base::Uuid& tenant,
                                                                     const base::Uuid& journal,
                                                                     int64_t journal_no,
                                                                     absl::Time deadline);

/// False: it was decided before.
absl::StatusOr<bool> InsertResolution(pg::Tx& tx, const base::Uuid& tenant,
                                      const QuarantinedRow& row, const Resolution& resolution);

}  // namespace cloudpos::transaction
