#pragma once

// PostgreSQL's text forms of values, both directions.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace cloudpos::pg {

/// "2026-01-05 10:00:00.123456+00"; the infinite times are PostgreSQL's own.
std::string FormatTimestamp(absl::Time time);
std::string FormatDay(absl::CivilDay day);

/// Reads what a session with DateStyle=ISO and TimeZone=UTC writes; nullopt for anything else.
std::optional<absl::Time> ParseTimestamp(std::string_view text);
std::optional<absl::CivilDay> ParseDay(std::string_view text);

/// "\x" and hex, the form of bytea.
std::string FormatBytes(std::string_view bytes);
std::optional<std::string> ParseBytes(std::string_view text);

/// Appends one array element, quoted where an unquoted one would be read as something else.
void AppendElement(std::string_view element, std::string* out);

/// Elements of a one-dimensional array; nullopt elements are NULL. Empty optional: not an array.
std::optional<std::vector<std::optional<std::string>>> ParseArray(std::string_view text);

}  // namespace cloudpos::pg
