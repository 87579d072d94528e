#include "tests/security/strangers/answer.h"

#include <algorithm>
#include <cctype>

namespace cloudpos::strangers {
namespace {

bool IsHex(char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; }
bool IsDigit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

/// Matches a pattern of h (hex digit), 9 (digit) and literal characters.
bool Matches(std::string_view text, std::string_view pattern) {
  if (text.size() < pattern.size()) return false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const bool is_it = pattern[i] == 'h'   ? IsHex(text[i])
                       : pattern[i] == '9' ? IsDigit(text[i])
                                           : pattern[i] == text[i];
    if (!is_it) return false;
  }
  return true;
}

}  // namespace

bool Answer::IsNotFound() const {
  return !ok() && base::MeaningOf(code).status == absl::StatusCode::kNotFound;
}

std::string Answer::ToString() const {
  if (ok()) return "OK";
  return common::v1::ErrorCode_Name(code) + (detail.empty() ? "" : " " + detail);
}

std::string ContractPath(std::string_view json_path) {
  std::string path;
  for (size_t i = 0; i < json_path.size(); ++i) {
    const auto c = static_cast<unsigned char>(json_path[i]);
    if (c == '[') {
      i = std::min(json_path.find(']', i), json_path.size() - 1);
    } else if (std::isupper(c) != 0) {
      path += '_';
      path += static_cast<char>(std::tolower(c));
    } else {
      path += json_path[i];
    }
  }
  return path;
}

std::string WithoutIds(const Answer& answer) {
  constexpr std::string_view kId = "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh";
  constexpr std::string_view kTime = "9999-99-99T99:99:99";
  const std::string_view text = answer.text;
  std::string out = answer.ToString() + "\n";
  for (size_t i = 0; i < text.size();) {
    if (Matches(text.substr(i), kId)) {
      out += "<id>";
      i += kId.size();
    } else if (Matches(text.substr(i), kTime)) {
      out += "<time>";
      i += kTime.size();
      while (i < text.size() && (IsDigit(text[i]) || text[i] == '.' || text[i] == 'Z')) ++i;
    } else if (text.substr(i).starts_with("seconds: ") || text.substr(i).starts_with("nanos: ")) {
      // A timestamp as protobuf prints it.
      i = text.find(' ', i) + 1;
      while (i < text.size() && IsDigit(text[i])) ++i;
    } else {
      out += text[i++];
    }
  }
  return out;
}

}  // namespace cloudpos::strangers
