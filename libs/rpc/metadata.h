#pragma once

// Names of gRPC metadata between gateway and services, in one place.

#include <string_view>

namespace cloudpos::rpc {

// Request metadata, from any peer.
constexpr std::string_view kAuthorization = "authorization";  // "Bearer <access token>"
constexpr std::string_view kRequestId = "x-request-id";
constexpr std::string_view kTraceparent = "traceparent";  // W3C
constexpr std::string_view kIdempotencyKey = "idempotency-key";

// Request metadata that is believed only from the peer "gateway".
constexpr std::string_view kClientIp = "x-client-ip";
constexpr std::string_view kForwardedPrefix = "x-fwd-";  // + header of policy.forward_headers

// Trailing metadata of an answer.
constexpr std::string_view kIdempotencyReplayed = "idempotency-replayed";  // "1"

/// The peer whose word on the client is taken.
constexpr std::string_view kGatewayName = "gateway";

/// Largest gRPC message, both ways (architecture section 6).
constexpr int kMessageBytesMax = 8 << 20;

}  // namespace cloudpos::rpc
