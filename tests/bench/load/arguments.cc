#include "tests/bench/load/arguments.h"

#include <cstdio>
#include <exception>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace cloudpos::bench {
namespace {

std::string ReadStripped(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::ostringstream stream;
  stream << file.rdbuf();
  std::string text = stream.str();
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

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

Arguments::Arguments(ClientOptions* clients, std::map<std::string, Set> also)
    : flags_(std::move(also)) {
  flags_["--clients"] = [clients](const auto& value) { clients->clients = std::stoi(value); };
  flags_["--seconds"] = [clients](const auto& value) { clients->seconds = std::stod(value); };
  flags_["--seed"] = [clients](const auto& value) { clients->seed = std::stoull(value); };
  flags_["--token-file"] = [clients](const auto& value) { clients->token = ReadStripped(value); };
  flags_["--request"] = [this](const auto& value) { text_ = ReadStripped(value); };
  flags_["--draw"] = [this](const auto& value) { AddList(value, &values_.drawn); };
  flags_["--own"] = [this](const auto& value) { AddList(value, &values_.per_client); };
}

void Arguments::Read(const std::vector<std::string>& arguments) {
  for (size_t i = 0; i < arguments.size(); i += 2) {
    const auto flag = flags_.find(arguments[i]);
    if (flag == flags_.end()) throw std::runtime_error("unknown: " + arguments[i]);
    if (i + 1 == arguments.size()) throw std::runtime_error(arguments[i] + " needs a value");
    flag->second(arguments[i + 1]);
  }
  if (text_.empty()) throw std::runtime_error("--request is missing");
}

int Main(int argc, char** argv, const char* name,
         const std::function<LoadResult(const std::vector<std::string>&)>& run) {
  try {
    std::puts(ToJson(run({argv + 1, argv + argc})).c_str());
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", name, error.what());
    return 2;
  }
}

}  // namespace cloudpos::bench
