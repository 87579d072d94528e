// bench-rpc: see README.md of tests/bench. Prints one JSON object, as bench-load does.

#include <cstdio>
#include <exception>
#include <stdexcept>

#include "tests/bench/load/arguments.h"
#include "tests/bench/rpc/calls.h"

namespace cloudpos::bench {
namespace {

constexpr char kUsage[] =
    "usage: bench-rpc --service NAME --address HOST:PORT --ca FILE --certificate FILE --key FILE\n"
    "  --token-file FILE --request FILE [--clients N] [--seconds S] [--seed N]\n"
    "  [--draw NAME=FILE]... [--own NAME=FILE]...\n";

int Run(const std::vector<std::string>& arguments) {
  CallOptions options;
  RequestArguments request;
  const std::map<std::string, std::string*> texts{{"--service", &options.service},
                                                  {"--address", &options.address},
                                                  {"--ca", &options.tls.ca},
                                                  {"--certificate", &options.tls.certificate},
                                                  {"--key", &options.tls.key}};
  if (arguments.size() % 2 != 0) throw std::runtime_error(kUsage);
  for (size_t i = 0; i < arguments.size(); i += 2) {
    const std::string& name = arguments[i];
    const std::string& value = arguments[i + 1];
    if (request.Take(name, value)) continue;
    if (const auto text = texts.find(name); text != texts.end()) {
      *text->second = value;
    } else if (name == "--clients") {
      options.clients = std::stoi(value);
    } else if (name == "--seconds") {
      options.seconds = std::stod(value);
    } else if (name == "--seed") {
      options.seed = std::stoull(value);
    } else if (name == "--token-file") {
      options.token = ReadStripped(value);
    } else {
      throw std::runtime_error(kUsage);
    }
  }
  if (options.address.empty() || !request.is_complete()) throw std::runtime_error(kUsage);
  std::puts(ToJson(RunCalls(options, request.Make())).c_str());
  return 0;
}

}  // namespace
}  // namespace cloudpos::bench

int main(int argc, char** argv) {
  try {
    return cloudpos::bench::Run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench-rpc: %s\n", error.what());
    return 2;
  }
}
