#pragma once

// The only place that builds an error body: application/problem+json of RFC 9457.

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "gateway/http_message.h"

namespace cloudpos::gateway {

/// The HTTP status an error goes out with.
int HttpStatusOf(const absl::Status& status);

/// {type, title, status, code, detail, instance, errors[], hint, data}, with Retry-After and
/// WWW-Authenticate where they belong.
HttpResponse MakeProblem(const absl::Status& status, std::string_view request_id);

/// "urn:cloudpos:problem:price-changed" from "PRICE_CHANGED".
std::string ProblemType(std::string_view code);

}  // namespace cloudpos::gateway
