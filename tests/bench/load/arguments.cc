#include "tests/bench/load/arguments.h"

#include <fstream>
#include <sstream>
#include <stdexcept>

namespace cloudpos::bench {
namespace {

std::vector<std::string> ReadLines(const std::string& path) {
  std::istringstream text(ReadStripped(path));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) {
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

void AddList(const std::string& pair, std::map<std::string, std::vector<std::string>>* lists) {
  const size_t equals = pair.find('=');
  if (equals == pair.npos) throw std::runtime_error("not NAME=FILE: " + pair);
  (*lists)[pair.substr(0, equals)] = ReadLines(pair.substr(equals + 1));
}

}  // namespace

std::string ReadStripped(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::ostringstream stream;
  stream << file.rdbuf();
  std::string text = stream.str();
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

bool RequestArguments::Take(const std::string& name, const std::string& value) {
  if (name == "--request") {
    text_ = ReadStripped(value);
  } else if (name == "--draw") {
    AddList(value, &values_.drawn);
  } else if (name == "--own") {
    AddList(value, &values_.per_client);
  } else {
    return false;
  }
  return true;
}

}  // namespace cloudpos::bench
