#include "tests/golden/golden_file.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <string_view>

namespace cloudpos::golden {
namespace {

std::vector<std::string> ReadLines(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line[0] != '#') lines.push_back(line);
  }
  return lines;
}

/// Comments at the head of the file say what it is; they stay.
std::string ReadHead(const std::string& path) {
  std::ifstream file(path);
  std::string head;
  for (std::string line; std::getline(file, line) && !line.empty() && line[0] == '#';) {
    head += line + '\n';
  }
  return head;
}

void Write(const std::string& path, const std::vector<std::string>& lines) {
  const std::string head = ReadHead(path);
  std::ofstream file(path, std::ios::trunc);
  file << head;
  for (const std::string& line : lines) file << line << '\n';
  REQUIRE(file.good());
}

/// Lines of `one` that `other` does not have.
std::string Missing(std::string_view sign, std::vector<std::string> one,
                    std::vector<std::string> other) {
  std::sort(one.begin(), one.end());
  std::sort(other.begin(), other.end());
  std::vector<std::string> lines;
  std::set_difference(one.begin(), one.end(), other.begin(), other.end(),
                      std::back_inserter(lines));
  std::string text;
  for (const std::string& line : lines) text.append(sign).append(line) += '\n';
  return text;
}

}  // namespace

void CheckLines(const std::string& name, const std::vector<std::string>& lines) {
  const std::string path = std::string(GOLDEN_FOLDER) + "/" + name;
  const char* mode = std::getenv("POS_TEST_GOLDEN");
  if (mode != nullptr && std::string_view(mode) == "update") {
    Write(path, lines);
    return;
  }
  const std::vector<std::string> known = ReadLines(path);
  INFO(name << " differs; if that is meant: tests/golden/update\n"
            << Missing("- ", known, lines) << Missing("+ ", lines, known));
  CHECK(lines == known);
}

}  // namespace cloudpos::golden
