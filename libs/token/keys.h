#pragma once

// Ed25519 keys on OpenSSL's EVP.

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "openssl/types.h"

namespace cloudpos::token {

using Key = std::shared_ptr<EVP_PKEY>;

/// nullptr unless `raw` is 32 bytes.
Key PublicKeyFromRaw(std::string_view raw);
bool VerifyWith(EVP_PKEY* key, std::string_view data, std::string_view signature);

/// Public keys by key id; INVALID_ARGUMENT unless a JWKS with at least one Ed25519 key. Keys of
/// other kinds are passed over, as RFC 7517 section 5 asks.
absl::StatusOr<std::map<std::string, Key>> ParseJwks(std::string_view jwks);

}  // namespace cloudpos::token
