// bench-load: see README.md of tests/bench. Prints one JSON object.
//
// usage: bench-load --port N --request FILE [--clients N] [--seconds S] [--rate R] [--seed N]
//   [--patience S] [--token-file FILE] [--draw NAME=FILE]... [--own NAME=FILE]...

#include <stdexcept>

#include "tests/bench/load/arguments.h"
#include "tests/bench/load/load.h"

namespace cloudpos::bench {
namespace {

LoadResult Run(const std::vector<std::string>& given) {
  LoadOptions options;
  Arguments arguments(
      &options, {{"--port", [&](const auto& value) { options.port = std::stoi(value); }},
                 {"--rate", [&](const auto& value) { options.rate = std::stod(value); }},
                 {"--patience", [&](const auto& value) { options.patience = std::stod(value); }}});
  arguments.Read(given);
  if (options.port == 0) throw std::runtime_error("--port is missing");
  return RunLoad(options, arguments.Request());
}

}  // namespace
}  // namespace cloudpos::bench

int main(int argc, char** argv) {
  return cloudpos::bench::Main(argc, argv, "bench-load", cloudpos::bench::Run);
}
