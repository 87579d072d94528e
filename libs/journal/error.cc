#include "libs/journal/error.h"

#include <array>

namespace cloudpos::journal {

std::string_view ErrorName(ErrorCode code) {
  constexpr std::array<std::string_view, 15> kNames = {
      "OK",           "SYNTAX",        "NOT_CANONICAL", "BAD_UTF8",
      "NUMBER_RANGE", "DUPLICATE_KEY", "KEY_ORDER",     "DEPTH",
      "TOO_LARGE",    "MISSING_FIELD", "WRONG_TYPE",    "BAD_VALUE",
      "BAD_CHAIN",    "BAD_SIGNATURE", "BAD_TRAILER"};
  const auto index = static_cast<std::size_t>(code);
  return index < kNames.size() ? kNames[index] : std::string_view("UNKNOWN");
}

}  // namespace cloudpos::journal
