#pragma once

// The text forms of protobuf's well-known types (https://protobuf.dev/programming-guides/json) and
// of bytes, shared by the JSON reader and writer and the query parser.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cloudpos::gateway {

/// Seconds and nanoseconds as Timestamp and Duration hold them.
struct TimeParts {
  int64_t seconds = 0;
  int32_t nanos = 0;
};

/// "2026-01-05T10:00:00Z" with 0, 3, 6 or 9 decimals; nullopt outside years 1..9999.
std::optional<std::string> FormatTimestamp(TimeParts time);
/// RFC 3339 with any offset and up to nine decimals; nullopt for anything else.
std::optional<TimeParts> ParseTimestamp(std::string_view text);

/// "1.500s"; nullopt beyond 10,000 years or with mixed signs.
std::optional<std::string> FormatDuration(TimeParts duration);
std::optional<TimeParts> ParseDuration(std::string_view text);

/// A field mask's path: snake_case <-> lowerCamelCase; nullopt when it would not come back the
/// same.
std::optional<std::string> PathToCamel(std::string_view path);
std::optional<std::string> PathToSnake(std::string_view path);

/// Accepts both alphabets (RFC 4648 4 and 5), with or without padding.
std::optional<std::string> DecodeBase64Any(std::string_view text);
void AppendBase64(std::string_view bytes, std::string* out);

}  // namespace cloudpos::gateway
