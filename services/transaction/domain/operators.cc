#include "services/transaction/domain/operators.h"

#include <algorithm>

namespace cloudpos::transaction {

const OperatorVersion* VersionAt(const OperatorHistory& history, absl::Time at) {
  if (history.empty()) return nullptr;
  const OperatorVersion* found = nullptr;
  for (const OperatorVersion& version : history) {
    if (version.changed_at <= at) found = &version;
  }
  if (found != nullptr) return found;
  return history.front().version > 1 ? &history.front() : nullptr;
}

bool WasAllowed(const OperatorHistory& history, const std::vector<token::Permission>& needed,
                const base::Uuid& store, absl::Time at) {
  const OperatorVersion* version = VersionAt(history, at);
  if (version == nullptr || !version->active) return false;
  token::Claims claims;
  claims.grants = version->grants;
  return std::all_of(needed.begin(), needed.end(), [&](token::Permission permission) {
    return claims.HasForStore(permission, store);
  });
}

}  // namespace cloudpos::transaction
