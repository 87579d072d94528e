#pragma once

// The two sets of reports: the live one, and the one that a rebuild fills beside it.

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "libs/pg/pg.h"

namespace cloudpos::reporting {

/// Which set a consumer writes: the live one, or (build_id set) the one of a rebuild.
struct Target {
  std::optional<base::Uuid> build_id = {};
};

/// The set to write, looked up in the transaction that writes. The caller holds the row of its
/// cursor: a switch waits for that row, so the answer stays true until the commit. CANCELLED when
/// the build was given up for a newer one.
absl::StatusOr<int> SetOf(pg::Tx& tx, const Target& target);

/// The cursor a consumer of `producer` keeps for `target`.
std::string CursorName(std::string_view producer, const Target& target);

/// Takes the set that is not live for a new build, empties it, and drops the cursors of builds that
/// never ended. A build still under way loses its set and fails at its next write.
absl::Status BeginBuild(pg::Pool& pool, const base::Uuid& build_id);

/// Makes the build live, in one transaction: its set, its cursors and what it parked take the place
/// of the live ones. CANCELLED when the build was given up for a newer one.
absl::Status FinishBuild(pg::Pool& pool, const base::Uuid& build_id);

/// Empties the set that is neither live nor being built, if it still holds anything.
absl::Status EmptyIdleSet(pg::Pool& pool);

}  // namespace cloudpos::reporting
