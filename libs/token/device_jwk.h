#pragma once

// Public keys of devices as JWK (RFC 7517, 7518 6.2): for those who check signatures elsewhere.

#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace cloudpos::token {

/// RFC 7638 thumbprint of the uncompressed P-256 point; empty unless it has 65 bytes.
std::string P256KeyId(std::string_view point);
/// The point as a JWK object with its key id.
std::string P256Jwk(std::string_view point);
/// Uncompressed points by key id; INVALID_ARGUMENT unless a JWKS with at least one P-256 key. Keys
/// of other kinds are passed over.
absl::StatusOr<std::map<std::string, std::string>> ParseP256Jwks(std::string_view jwks);

}  // namespace cloudpos::token
