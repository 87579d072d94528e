#pragma once

// What somebody was allowed to do at a time in the past. Pure.

#include <map>
#include <vector>

#include "absl/time/time.h"
#include "libs/base/ids.h"
#include "libs/token/token.h"

namespace cloudpos::transaction {

/// What a member of staff might do since `changed_at`, until the next change.
struct OperatorRights {
  absl::Time changed_at;
  absl::Time created_at;  // of the person: nobody had a right before
  bool active = false;
  std::vector<token::Grant> grants;
};

/// In the order of time.
using OperatorHistory = std::vector<OperatorRights>;
using Operators = std::map<base::Uuid, OperatorHistory>;

/// The rights in force at `at`; null: there was no such person yet. Where the history known here
/// begins later than the person did (a read model made anew), its oldest state speaks for what was
/// before.
const OperatorRights* RightsAt(const OperatorHistory& history, absl::Time at);

/// Whether the person was active and held every right in `needed` at `store`.
bool WasAllowed(const OperatorHistory& history, const std::vector<token::Permission>& needed,
                const base::Uuid& store, absl::Time at);

}  // namespace cloudpos::transaction
