#pragma once

// Names of schemas, roles and databases inside SQL text; they cannot be parameters.

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace cloudpos::pg {

/// OK for lower-case letters, digits and underscores, a letter first, 63 at most: such a name needs
/// no quotes.
absl::Status CheckIdentifier(std::string_view name);
std::string QuoteIdentifier(std::string_view name);
std::string QuoteLiteral(std::string_view text);

}  // namespace cloudpos::pg
