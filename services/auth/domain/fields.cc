#include "services/auth/domain/fields.h"

#include <algorithm>

#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"

namespace cloudpos::auth {
namespace {

using namespace common::v1;  // error codes

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsBlank(char c) { return c == ' ' || c == '\t'; }

std::string AtMost(size_t max) {
  return "must be at most " + std::to_string(max) + " characters";
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

bool IsLocalPartChar(char c) {
  return static_cast<unsigned char>(c) > 0x20 && c != 0x7f && c != '@' && c != '"' && c != '\\' &&
         c != '<' && c != '>' && c != ',' && c != ';' && c != ':' && c != '(' && c != ')';
}

bool IsDomain(std::string_view domain) {
  if (domain.size() > 253 || domain.find('.') == std::string_view::npos) return false;
  size_t label = 0;
  for (size_t i = 0; i <= domain.size(); ++i) {
    if (i == domain.size() || domain[i] == '.') {
      if (label == 0 || label > 63 || domain[i - 1] == '-') return false;
      label = 0;
      continue;
    }
    const bool inner_hyphen = domain[i] == '-' && label > 0;
    if (!IsLower(domain[i]) && !IsDigit(domain[i]) && !inner_hyphen) return false;
    ++label;
  }
  return true;
}

}  // namespace

absl::Status CheckName(std::string_view text, std::string_view field, size_t max) {
  if (text.empty()) return base::Fail(FIELD_REQUIRED, field, "is required");
  if (!base::IsPrintableText(text)) {
    return base::Fail(INVALID_ARGUMENT, field, "must be printable text");
  }
  if (Trim(text) != text) {
    return base::Fail(INVALID_ARGUMENT, field, "must not begin or end with a blank");
  }
  if (base::Utf8Length(text) > max) return base::Fail(INVALID_ARGUMENT, field, AtMost(max));
  return absl::OkStatus();
}

absl::Status CheckLine(std::string_view text, std::string_view field, size_t max) {
  if (text.empty()) return absl::OkStatus();
  if (!base::IsPrintableText(text)) {
    return base::Fail(INVALID_ARGUMENT, field, "must be printable text");
  }
  if (base::Utf8Length(text) > max) return base::Fail(INVALID_ARGUMENT, field, AtMost(max));
  return absl::OkStatus();
}

absl::Status CheckLines(std::string_view text, std::string_view field, size_t max) {
  std::string flat(text);
  std::replace(flat.begin(), flat.end(), '\n', '.');
  return CheckLine(flat, field, max);
}

absl::Status CheckCode(std::string_view text, std::string_view field) {
  if (text.empty()) return base::Fail(FIELD_REQUIRED, field, "is required");
  const bool ok = text.size() <= 10 && std::all_of(text.begin(), text.end(), [](char c) {
    return IsUpper(c) || IsDigit(c);
  });
  if (!ok) return base::Fail(INVALID_ARGUMENT, field, "must be 1 to 10 of A-Z and 0-9");
  return absl::OkStatus();
}

absl::Status CheckSlug(std::string_view text, std::string_view field) {
  if (text.empty()) return base::Fail(FIELD_REQUIRED, field, "is required");
  const bool ok = text.size() >= 2 && text.size() <= 40 && text.front() != '-' &&
                  text.back() != '-' && std::all_of(text.begin(), text.end(), [](char c) {
                    return IsLower(c) || IsDigit(c) || c == '-';
                  });
  if (!ok) {
    return base::Fail(INVALID_ARGUMENT, field, "must be 2 to 40 of a-z, 0-9 and inner hyphens");
  }
  return absl::OkStatus();
}

absl::Status CheckCountry(std::string_view text, std::string_view field) {
  if (text.empty()) return absl::OkStatus();
  if (text.size() != 2 || !IsUpper(text[0]) || !IsUpper(text[1])) {
    return base::Fail(INVALID_ARGUMENT, field, "must be two letters A-Z, e.g. GB");
  }
  return absl::OkStatus();
}

absl::Status CheckCutoff(int minutes, std::string_view field) {
  if (minutes < 0 || minutes > 1439) {
    return base::Fail(OUT_OF_RANGE, field, "must be 0 to 1439");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> NormalizeEmail(std::string_view text, std::string_view field) {
  std::string email(Trim(text));
  if (email.empty()) return base::Fail(FIELD_REQUIRED, field, "is required");
  std::transform(email.begin(), email.end(), email.begin(), [](char c) {
    return IsUpper(c) ? static_cast<char>(c - 'A' + 'a') : c;
  });
  const size_t at = email.find('@');
  const bool ok = email.size() <= 254 && base::IsValidUtf8(email) && at != std::string::npos &&
                  at > 0 && at <= 64 &&
                  std::all_of(email.begin(), email.begin() + static_cast<long>(at),
                              IsLocalPartChar) &&
                  IsDomain(std::string_view(email).substr(at + 1));
  if (!ok) return base::Fail(INVALID_ARGUMENT, field, "must be an e-mail address");
  return email;
}

}  // namespace cloudpos::auth
