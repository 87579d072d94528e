#include "services/auth/domain/page.h"

#include "libs/base/encoding.h"
#include "libs/base/error.h"

namespace cloudpos::auth {
namespace {

using namespace common::v1;  // error codes

constexpr char kSeparator = '\x1f';  // no printable text holds it
constexpr size_t kTokenBytesMax = 2048;

}  // namespace

absl::StatusOr<int> PageSize(int32_t asked) {
  if (asked == 0) return kPageSizeDefault;
  if (asked < 1 || asked > kPageSizeMax) {
    return base::Fail(OUT_OF_RANGE, "pageSize", "must be 1 to 200");
  }
  return asked;
}

std::string MakePageToken(std::string_view list, const std::vector<std::string>& key) {
  std::string text(list);
  for (const std::string& part : key) text.append(1, kSeparator).append(part);
  return base::Base64UrlEncode(text);
}

absl::StatusOr<std::vector<std::string>> ParsePageToken(std::string_view token,
                                                        std::string_view list, size_t parts) {
  if (token.empty()) return std::vector<std::string>{};
  const absl::Status bad = base::Fail(INVALID_PAGE_TOKEN, "pageToken", "is not of this list");
  if (token.size() > kTokenBytesMax) return bad;
  const auto text = base::Base64UrlDecode(token);
  if (!text || !base::IsValidUtf8(*text)) return bad;
  std::vector<std::string> pieces{""};
  for (const char c : *text) {
    if (c == '\0') return bad;  // PostgreSQL takes no NUL in text
    if (c == kSeparator) {
      pieces.emplace_back();
    } else {
      pieces.back().push_back(c);
    }
  }
  if (pieces.size() != parts + 1 || pieces.front() != list) return bad;
  pieces.erase(pieces.begin());
  return pieces;
}

}  // namespace cloudpos::auth
