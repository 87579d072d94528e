#pragma once

// Text encodings and digests (OpenSSL underneath).

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cloudpos::base {

std::string HexEncode(std::string_view bytes);             // lower case
void AppendHex(std::string_view bytes, std::string* out);  // the same, at the end of *out
std::optional<std::string> HexDecode(std::string_view text);
std::string Base64UrlEncode(std::string_view bytes);                // no padding
std::optional<std::string> Base64UrlDecode(std::string_view text);  // no padding accepted
std::string Base64Encode(std::string_view bytes);
std::optional<std::string> Base64Decode(std::string_view text);  // padded

std::string Sha256(std::string_view data);                            // 32 bytes
std::string HmacSha256(std::string_view key, std::string_view data);  // 32 bytes
bool ConstantTimeEqual(std::string_view a, std::string_view b);

bool IsValidUtf8(std::string_view text);
/// True for text fit to be a name: valid UTF-8, no control characters, not blank.
bool IsPrintableText(std::string_view text);
/// Number of code points of valid UTF-8.
size_t Utf8Length(std::string_view text);

}  // namespace cloudpos::base
