#pragma once

// What somebody was allowed to do at a time in the past. Pure.

#include <map>
#include <vector>

#include "absl/time/time.h"
#include "libs/base/ids.h"
#include "libs/token/token.h"

namespace cloudpos::transaction {

/// The rights of a member of staff since `changed_at`, until the next version.
struct OperatorVersion {
  int64_t version = 0;
  absl::Time changed_at;
  bool active = false;
  std::vector<token::Grant> grants;
};

/// By rising version.
using OperatorHistory = std::vector<OperatorVersion>;
using Operators = std::map<base::Uuid, OperatorHistory>;

/// The version in force at `at`; null: there was no such person yet. Where the history known here
/// begins later than the person did (a read model made anew), its oldest version speaks for what
/// was before.
const OperatorVersion* VersionAt(const OperatorHistory& history, absl::Time at);

/// Whether the person was active and held every right in `needed` at `store`.
bool WasAllowed(const OperatorHistory& history, const std::vector<token::Permission>& needed,
                const base::Uuid& store, absl::Time at);

}  // namespace cloudpos::transaction
