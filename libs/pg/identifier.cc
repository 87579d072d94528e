#include "libs/pg/identifier.h"

#include <algorithm>

namespace cloudpos::pg {
namespace {

std::string Doubled(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    if (c == quote) out.push_back(c);
    out.push_back(c);
  }
  out.push_back(quote);
  return out;
}

}  // namespace

absl::Status CheckIdentifier(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  const bool good = !name.empty() && name.size() <= 63 && name[0] >= 'a' && name[0] <= 'z' &&
                    std::all_of(name.begin(), name.end(), fits);
  if (good) return absl::OkStatus();
  return absl::InvalidArgumentError("not a plain SQL name: " + std::string(name));
}

std::string QuoteIdentifier(std::string_view name) { return Doubled(name, '"'); }

// Sessions have standard_conforming_strings on (the default), so backslashes mean nothing.
std::string QuoteLiteral(std::string_view text) { return Doubled(text, '\''); }

}  // namespace cloudpos::pg
