#pragma once

// Who sends the request and whether it may call the route's method at all. The fine check, against
// the store in question, is the service's.

#include "absl/status/status.h"
#include "gateway/exchange.h"
#include "libs/token/token.h"

namespace cloudpos::gateway {

/// Reads `Authorization: Bearer`. UNAUTHENTICATED or TOKEN_* when the route needs a token; on
/// public routes a token that is not valid counts as none.
absl::Status Authenticate(const token::Verifier& verifier, Exchange* exchange);

/// PERMISSION_DENIED when no grant of the caller holds the method's permission.
absl::Status CheckPermission(const Exchange& exchange);

}  // namespace cloudpos::gateway
