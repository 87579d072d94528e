#pragma once

// An HTTP request as the protobuf request of its route: body, then path, then query, then cookie.

#include "absl/status/status.h"
#include "gateway/exchange.h"
#include "google/protobuf/message.h"

namespace cloudpos::gateway {

inline constexpr size_t kQueryParametersMax = 64;

/// Fills `message`, a message of the route's request type. Refusals: UNSUPPORTED_MEDIA_TYPE,
/// MALFORMED_REQUEST, those of ReadJson, UNKNOWN_FIELD and the like for parameters.
absl::Status BindRequest(Exchange* exchange, google::protobuf::Message* message);

}  // namespace cloudpos::gateway
