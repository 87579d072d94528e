#pragma once

// Checks of single fields. Each answers OK or a refusal that names `field` (a JSON path).

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace cloudpos::auth {

constexpr size_t kNameMax = 120;      // names of people, stores, registers
constexpr size_t kRoleNameMax = 60;
constexpr size_t kReceiptTextMax = 2000;
constexpr size_t kShortTextMax = 40;  // phone, tax number
constexpr size_t kAddressLineMax = 120;

/// Required; 1..`max` printable characters without blanks around them.
absl::Status CheckName(std::string_view text, std::string_view field, size_t max = kNameMax);
/// Optional; one line of at most `max` printable characters.
absl::Status CheckLine(std::string_view text, std::string_view field, size_t max);
/// Optional; lines of printable characters, at most `max` characters in all.
absl::Status CheckLines(std::string_view text, std::string_view field, size_t max);
/// Required; 1..10 of A-Z and 0-9.
absl::Status CheckCode(std::string_view text, std::string_view field);
/// Required; 2..40 of a-z, 0-9 and inner hyphens.
absl::Status CheckSlug(std::string_view text, std::string_view field);
/// Optional; two letters A-Z.
absl::Status CheckCountry(std::string_view text, std::string_view field);
/// 0..1439.
absl::Status CheckCutoff(int minutes, std::string_view field);

/// The form an e-mail address is stored and compared in: ASCII letters lower-case, no blanks
/// around.
/// INVALID_ARGUMENT unless it is something@some.domain of at most 254 characters.
absl::StatusOr<std::string> NormalizeEmail(std::string_view text, std::string_view field);

}  // namespace cloudpos::auth
