#include "tests/framing/case.h"

#include <algorithm>
#include <fstream>
#include <stdexcept>
#include <string_view>

#include "tests/support/escaped.h"

namespace cloudpos::framing {
namespace {

void AddExpected(std::string_view text, Case* current) {
  if (text == "close") {
    current->end = Case::End::kClosed;
  } else if (text == "waits") {
    current->end = Case::End::kWaits;
  } else {
    Expected expected;
    expected.status = static_cast<int>(testing::TakeNumber(&text, 3, 10));
    if (!text.empty()) expected.text = testing::Unescape(text.substr(1));
    expected.is_head = expected.text == "HEAD";
    current->replies.push_back(std::move(expected));
  }
}

void AddLine(const std::string& line, const std::string& file, std::vector<Case>* cases) {
  if (line.empty() || line.starts_with("#")) return;
  if (line.starts_with("== ")) {
    cases->push_back({.name = file + ": " + line.substr(3), .bytes = {}, .replies = {}});
    return;
  }
  const std::string_view rest = std::string_view(line).substr(std::min<size_t>(2, line.size()));
  const bool has_blank = line.size() == 1 || line[1] == ' ';
  if (cases->empty() || !has_blank) throw std::runtime_error("no such line");
  Case& current = cases->back();
  switch (line[0]) {
    case '>':
      current.bytes += testing::Unescape(rest) + "\r\n";
      break;
    case '|':
      current.bytes += testing::Unescape(rest);
      break;
    case '<':
      AddExpected(rest, &current);
      break;
    default:
      throw std::runtime_error("no such line");
  }
}

}  // namespace

std::vector<Case> ReadCases(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<Case> cases;
  for (const std::filesystem::path& path : files) {
    std::ifstream file(path);
    std::string line;
    for (int number = 1; std::getline(file, line); ++number) {
      try {
        AddLine(line, path.stem().string(), &cases);
      } catch (const std::runtime_error& e) {
        throw std::runtime_error(path.string() + ":" + std::to_string(number) + ": " + e.what());
      }
    }
  }
  return cases;
}

}  // namespace cloudpos::framing
