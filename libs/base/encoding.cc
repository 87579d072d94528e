#include "libs/base/encoding.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <cstring>

namespace cloudpos::base {
namespace {

constexpr char kHex[] = "0123456789abcdef";
constexpr char kBase64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr char kBase64Url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

using Reverse = std::array<int8_t, 256>;

constexpr Reverse MakeHexReverse() {
  Reverse table{};
  for (auto& entry : table) entry = -1;
  for (int8_t i = 0; i < 16; ++i) {
    table[static_cast<uint8_t>("0123456789abcdef"[i])] = i;
    table[static_cast<uint8_t>("0123456789ABCDEF"[i])] = i;
  }
  return table;
}

constexpr Reverse kHexReverse = MakeHexReverse();

constexpr Reverse MakeReverse(const char* alphabet) {
  Reverse table{};
  for (auto& entry : table) entry = -1;
  for (int i = 0; i < 64; ++i) {
    table[static_cast<uint8_t>(alphabet[i])] = static_cast<int8_t>(i);
  }
  return table;
}

constexpr Reverse kBase64Reverse = MakeReverse(kBase64);
constexpr Reverse kBase64UrlReverse = MakeReverse(kBase64Url);

std::string Encode64(std::string_view bytes, const char* alphabet, bool is_padded) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  uint32_t buffer = 0;
  int bits = 0;
  for (const char c : bytes) {
    buffer = buffer << 8 | static_cast<uint8_t>(c);
    for (bits += 8; bits >= 6; bits -= 6) out.push_back(alphabet[buffer >> (bits - 6) & 63]);
  }
  if (bits > 0) out.push_back(alphabet[buffer << (6 - bits) & 63]);
  while (is_padded && out.size() % 4 != 0) out.push_back('=');
  return out;
}

// Refuses what the encoder would not write (stray bits at the end), so that a value has one text.
std::optional<std::string> Decode64(std::string_view text, const Reverse& reverse) {
  if (text.size() % 4 == 1) return std::nullopt;
  std::string out;
  out.reserve(text.size() / 4 * 3 + 2);
  uint32_t buffer = 0;
  int bits = 0;
  for (const char c : text) {
    const int8_t value = reverse[static_cast<uint8_t>(c)];
    if (value < 0) return std::nullopt;
    buffer = buffer << 6 | static_cast<uint32_t>(value);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out.push_back(static_cast<char>(buffer >> bits & 0xff));
    }
  }
  if ((buffer & ((1U << bits) - 1)) != 0) return std::nullopt;
  return out;
}

constexpr char32_t kNotUtf8 = 0xffffffff;

// Takes the next code point off `text` (not empty); kNotUtf8 for overlong forms, surrogates,
// values beyond U+10FFFF and truncation.
char32_t NextCodePoint(std::string_view* text) {
  const auto at = [text](size_t i) { return static_cast<uint8_t>((*text)[i]); };
  const uint8_t first = at(0);
  if (first < 0x80) {
    text->remove_prefix(1);
    return first;
  }
  const size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text->size() < size) return kNotUtf8;
  char32_t value = first & (0x7fU >> size);
  for (size_t i = 1; i < size; ++i) {
    if ((at(i) & 0xc0) != 0x80) return kNotUtf8;
    value = value << 6 | (at(i) & 0x3fU);
  }
  const bool is_overlong = (size == 3 && value < 0x800) || (size == 4 && value < 0x10000);
  if (is_overlong || (value >= 0xd800 && value <= 0xdfff) || value > 0x10ffff) return kNotUtf8;
  text->remove_prefix(size);
  return value;
}

bool IsControl(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x2028 || c == 0x2029;
}

bool IsInvisible(char32_t c) {
  return c == ' ' || c == 0xa0 || c == 0xad || c == 0x1680 || (c >= 0x2000 && c <= 0x200f) ||
         (c >= 0x202a && c <= 0x202f) || (c >= 0x205f && c <= 0x206f) || c == 0x3000 || c == 0xfeff;
}

}  // namespace

std::string HexEncode(std::string_view bytes) {
  std::string out;
  AppendHex(bytes, &out);
  return out;
}

void AppendHex(std::string_view bytes, std::string* out) {
  size_t at = out->size();
  out->resize(at + bytes.size() * 2);
  for (const char c : bytes) {
    (*out)[at++] = kHex[static_cast<uint8_t>(c) >> 4];
    (*out)[at++] = kHex[static_cast<uint8_t>(c) & 15];
  }
}

std::optional<std::string> HexDecode(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string out(text.size() / 2, '\0');
  int wrong = 0;  // becomes negative with the first character that is no digit
  for (size_t i = 0; i < out.size(); ++i) {
    const int high = kHexReverse[static_cast<uint8_t>(text[2 * i])];
    const int low = kHexReverse[static_cast<uint8_t>(text[2 * i + 1])];
    wrong |= high | low;
    out[i] = static_cast<char>(high * 16 + low);
  }
  if (wrong < 0) return std::nullopt;
  return out;
}

std::string Base64UrlEncode(std::string_view bytes) { return Encode64(bytes, kBase64Url, false); }

std::optional<std::string> Base64UrlDecode(std::string_view text) {
  return Decode64(text, kBase64UrlReverse);
}

std::string Base64Encode(std::string_view bytes) { return Encode64(bytes, kBase64, true); }

std::optional<std::string> Base64Decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  return Decode64(text, kBase64Reverse);
}

std::string Sha256(std::string_view data) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const uint8_t*>(data.data()), data.size(),
         reinterpret_cast<uint8_t*>(digest.data()));
  return digest;
}

std::string HmacSha256(std::string_view key, std::string_view data) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const uint8_t*>(data.data()), data.size(),
       reinterpret_cast<uint8_t*>(digest.data()), &size);
  return digest;
}

bool ConstantTimeEqual(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool IsValidUtf8(std::string_view text) {
  while (!text.empty()) {
    // Eight ASCII bytes at a time: most text is.
    uint64_t block = 0;
    while (text.size() >= sizeof(block)) {
      std::memcpy(&block, text.data(), sizeof(block));
      if ((block & 0x8080808080808080) != 0) break;
      text.remove_prefix(sizeof(block));
    }
    if (!text.empty() && NextCodePoint(&text) == kNotUtf8) return false;
  }
  return true;
}

bool IsPrintableText(std::string_view text) {
  bool is_visible = false;
  while (!text.empty()) {
    const char32_t c = NextCodePoint(&text);
    if (c == kNotUtf8 || IsControl(c)) return false;
    is_visible = is_visible || !IsInvisible(c);
  }
  return is_visible;
}

size_t Utf8Length(std::string_view text) {
  size_t count = 0;
  for (const char c : text) count += (static_cast<uint8_t>(c) & 0xc0) != 0x80;
  return count;
}

}  // namespace cloudpos::base
