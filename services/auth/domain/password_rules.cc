#include "services/auth/domain/password_rules.h"

#include <algorithm>
#include <string>

#include "libs/base/encoding.h"
#include "libs/base/error.h"

namespace cloudpos::auth {
namespace {

using namespace common::v1;  // error codes

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return Lower(x) == Lower(y); });
}

/// Every character follows the one before by the same step of -1, 0 or 1: "aaaaaaaa", "12345678".
bool IsRun(std::string_view text) {
  if (text.size() < 2) return true;
  const int step = text[1] - text[0];
  if (step < -1 || step > 1) return false;
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] - text[i - 1] != step) return false;
  }
  return true;
}

}  // namespace

absl::Status CheckPassword(std::string_view password, std::string_view email,
                           std::string_view field) {
  if (password.empty()) return base::Fail(FIELD_REQUIRED, field, "is required");
  if (!base::IsValidUtf8(password)) {
    return base::Fail(WEAK_PASSWORD, field, "must be text");
  }
  const size_t length = base::Utf8Length(password);
  if (length < kPasswordMin) {
    return base::Fail(WEAK_PASSWORD, field, "must be at least 8 characters; 15 are better");
  }
  if (length > kPasswordMax) {
    return base::Fail(WEAK_PASSWORD, field, "must be at most 256 characters");
  }
  if (IsRun(password) || IsCommonPassword(password)) {
    return base::Fail(WEAK_PASSWORD, field, "is one of the first that are tried");
  }
  const std::string_view name = email.substr(0, email.find('@'));
  const bool is_address = EqualsIgnoringCase(password, email) || EqualsIgnoringCase(password, name);
  if (!email.empty() && is_address) {
    return base::Fail(WEAK_PASSWORD, field, "must not be the e-mail address");
  }
  return absl::OkStatus();
}

}  // namespace cloudpos::auth
