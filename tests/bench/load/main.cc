// bench-load: see README.md of tests/bench. Prints one JSON object.

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "tests/bench/load/load.h"

namespace cloudpos::bench {
namespace {

constexpr char kUsage[] =
    "usage: bench-load --port N --request FILE [--clients N] [--seconds S] [--rate R] [--seed N]\n"
    "  [--patience S] [--token-file FILE] [--draw NAME=FILE]... [--own NAME=FILE]...\n";

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> ReadLines(const std::string& path) {
  std::istringstream text(ReadFile(path));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) {
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

std::string Stripped(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

void AddList(const std::string& pair, std::map<std::string, std::vector<std::string>>* lists) {
  const size_t equals = pair.find('=');
  if (equals == pair.npos) throw std::runtime_error("not NAME=FILE: " + pair);
  (*lists)[pair.substr(0, equals)] = ReadLines(pair.substr(equals + 1));
}

int Run(const std::vector<std::string>& arguments) {
  LoadOptions options;
  Values values;
  std::string request;
  if (arguments.size() % 2 != 0) throw std::runtime_error(kUsage);
  for (size_t i = 0; i < arguments.size(); i += 2) {
    const std::string& name = arguments[i];
    const std::string& value = arguments[i + 1];
    if (name == "--port") {
      options.port = std::stoi(value);
    } else if (name == "--clients") {
      options.clients = std::stoi(value);
    } else if (name == "--seconds") {
      options.seconds = std::stod(value);
    } else if (name == "--rate") {
      options.rate = std::stod(value);
    } else if (name == "--patience") {
      options.patience = std::stod(value);
    } else if (name == "--seed") {
      options.seed = std::stoull(value);
    } else if (name == "--token-file") {
      options.token = Stripped(ReadFile(value));
    } else if (name == "--request") {
      request = Stripped(ReadFile(value));
    } else if (name == "--draw") {
      AddList(value, &values.drawn);
    } else if (name == "--own") {
      AddList(value, &values.per_client);
    } else {
      throw std::runtime_error(kUsage);
    }
  }
  if (options.port == 0 || request.empty()) throw std::runtime_error(kUsage);
  const Template shape(request, std::move(values));
  std::puts(ToJson(RunLoad(options, shape)).c_str());
  return 0;
}

}  // namespace
}  // namespace cloudpos::bench

int main(int argc, char** argv) {
  try {
    return cloudpos::bench::Run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench-load: %s\n", error.what());
    return 2;
  }
}
