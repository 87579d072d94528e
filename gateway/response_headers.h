#pragma once

// The headers every response carries, errors and files included.

#include "gateway/exchange.h"

namespace cloudpos::gateway {

/// Adds the security headers (those already set stay), no-store where nothing else is said about
/// caching, X-Request-Id, and RateLimit-* when a limit was looked at.
void AddCommonHeaders(const Exchange& exchange, HttpResponse* response);

}  // namespace cloudpos::gateway
