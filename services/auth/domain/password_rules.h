#pragma once

// Which passwords are accepted (ASVS 6.2): long enough, not one that everybody uses. No rules about
// kinds of characters, no expiry.

#include <cstddef>
#include <string_view>

#include "absl/status/status.h"

namespace cloudpos::auth {

constexpr size_t kPasswordMin = 8;
constexpr size_t kPasswordMax = 256;

/// FIELD_REQUIRED when empty; WEAK_PASSWORD naming `field` when shorter than 8 or longer than 256
/// characters, not UTF-8, a well-known one, one character over and over, a run like 12345678, or
/// the person's own e-mail address or the part of it before the @.
absl::Status CheckPassword(std::string_view password, std::string_view email,
                           std::string_view field);

/// True when `password`, whatever its case, is on the list of common ones (common_passwords.cc).
bool IsCommonPassword(std::string_view password);

}  // namespace cloudpos::auth
