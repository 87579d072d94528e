#include "services/transaction/domain/operators.h"

#include <algorithm>

namespace cloudpos::transaction {

const OperatorRights* RightsAt(const OperatorHistory& history, absl::Time at) {
  if (history.empty() || at < history.front().created_at) return nullptr;
  const OperatorRights* found = &history.front();
  for (const OperatorRights& rights : history) {
    if (rights.changed_at <= at) found = &rights;
  }
  return found;
}

bool WasAllowed(const OperatorHistory& history, const std::vector<token::Permission>& needed,
                const base::Uuid& store, absl::Time at) {
  const OperatorRights* rights = RightsAt(history, at);
  if (rights == nullptr || !rights->active) return false;
  token::Claims claims;
  claims.grants = rights->grants;
  return std::all_of(needed.begin(), needed.end(), [&](token::Permission permission) {
    return claims.HasForStore(permission, store);
  });
}

}  // namespace cloudpos::transaction
