#pragma once

// The compact form on the wire, strictly: what is not exactly what Signer writes is refused.

#include <optional>
#include <string>
#include <string_view>

#include "libs/token/token.h"

namespace cloudpos::token {

/// The three parts of a compact JWS; views into the token.
struct Parts {
  std::string_view header;
  std::string_view payload;
  std::string_view signature;
  std::string_view signed_text;  // header '.' payload
};

constexpr size_t kTokenBytesMax = 4096;

/// nullopt unless there are exactly three non-empty parts within kTokenBytesMax.
std::optional<Parts> Split(std::string_view token);

/// The header {"alg":"EdDSA","typ":"at+jwt","kid":...} in base64url.
std::string EncodeHeader(std::string_view key_id);
/// The key id of an acceptable header: alg EdDSA, typ at+jwt or JWT, kid, and nothing else (so no
/// crit, jku, x5u, jwk).
std::optional<std::string> KeyIdOf(std::string_view header);

std::string EncodeClaims(const Claims& claims);
/// The claims of a payload whose issuer, audience, ids and times are well-formed and whose life is
/// at most kTokenLifeMax. Says nothing about the present time.
struct Payload {
  Claims claims;
  absl::Time not_before;
};
std::optional<Payload> DecodeClaims(std::string_view payload);

/// True when some object of `json` (valid JSON) names a member twice or spells a name with an
/// escape, which would hide one.
bool HasAmbiguousMembers(std::string_view json);

}  // namespace cloudpos::token
