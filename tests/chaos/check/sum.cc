#include "tests/chaos/check/sum.h"

#include <algorithm>
#include <vector>

namespace cloudpos::chaos {
namespace {

std::vector<std::string_view> WordsIn(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    if (end > 0) words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

/// Words of `words` that `others` has not.
std::string Lacking(const std::vector<std::string_view>& words,
                    const std::vector<std::string_view>& others) {
  std::string lacking;
  for (const std::string_view word : words) {
    if (std::find(others.begin(), others.end(), word) != others.end()) continue;
    if (!lacking.empty()) lacking += ' ';
    lacking += word;
  }
  return lacking.empty() ? "nothing" : lacking;
}

}  // namespace

std::string Difference(std::string_view found, std::string_view expected) {
  const std::vector<std::string_view> has = WordsIn(found);
  const std::vector<std::string_view> wants = WordsIn(expected);
  return Lacking(has, wants) + " instead of " + Lacking(wants, has);
}

}  // namespace cloudpos::chaos
