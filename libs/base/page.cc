#include "libs/base/page.h"

#include "libs/base/encoding.h"
#include "libs/base/error.h"

namespace cloudpos::base {
namespace {

using namespace common::v1;  // error codes

constexpr char kSeparator = '\x1f';  // no printable text holds it
constexpr size_t kTokenBytesMax = 2048;

}  // namespace

absl::StatusOr<int> PageSize(int32_t asked, int most, int otherwise) {
  if (asked == 0) return otherwise;
  if (asked < 1 || asked > most) {
    return Fail(OUT_OF_RANGE, "pageSize", "must be 1 to " + std::to_string(most));
  }
  return asked;
}

absl::Status BadPageToken() { return Fail(INVALID_PAGE_TOKEN, "pageToken", "is not of this list"); }

std::string MakePageToken(std::string_view list, const std::vector<std::string>& key) {
  std::string text(list);
  for (const std::string& part : key) text.append(1, kSeparator).append(part);
  return Base64UrlEncode(text);
}

absl::StatusOr<std::vector<std::string>> ParsePageToken(std::string_view token,
                                                        std::string_view list, size_t parts) {
  if (token.empty()) return std::vector<std::string>{};
  if (token.size() > kTokenBytesMax) return BadPageToken();
  const auto text = Base64UrlDecode(token);
  if (!text || !IsValidUtf8(*text)) return BadPageToken();
  std::vector<std::string> pieces{""};
  for (const char c : *text) {
    if (c == '\0') return BadPageToken();  // PostgreSQL takes no NUL in text
    if (c == kSeparator) {
      pieces.emplace_back();
    } else {
      pieces.back().push_back(c);
    }
  }
  if (pieces.size() != parts + 1 || pieces.front() != list) return BadPageToken();
  pieces.erase(pieces.begin());
  return pieces;
}

}  // namespace cloudpos::base
