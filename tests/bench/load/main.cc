// bench-load: see README.md of tests/bench. Prints one JSON object.

#include <cstdio>
#include <exception>
#include <stdexcept>

#include "tests/bench/load/arguments.h"
#include "tests/bench/load/load.h"

namespace cloudpos::bench {
namespace {

constexpr char kUsage[] =
    "usage: bench-load --port N --request FILE [--clients N] [--seconds S] [--rate R] [--seed N]\n"
    "  [--patience S] [--token-file FILE] [--draw NAME=FILE]... [--own NAME=FILE]...\n";

int Run(const std::vector<std::string>& arguments) {
  LoadOptions options;
  RequestArguments request;
  if (arguments.size() % 2 != 0) throw std::runtime_error(kUsage);
  for (size_t i = 0; i < arguments.size(); i += 2) {
    const std::string& name = arguments[i];
    const std::string& value = arguments[i + 1];
    if (request.Take(name, value)) continue;
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
      options.token = ReadStripped(value);
    } else {
      throw std::runtime_error(kUsage);
    }
  }
  if (options.port == 0 || !request.is_complete()) throw std::runtime_error(kUsage);
  std::puts(ToJson(RunLoad(options, request.Make())).c_str());
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
