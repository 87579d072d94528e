// bench-rpc: see README.md of tests/bench. Prints one JSON object, as bench-load does.
//
// usage: bench-rpc --service NAME --address HOST:PORT --ca FILE --certificate FILE --key FILE
//   --token-file FILE --request FILE [--clients N] [--seconds S] [--seed N]
//   [--draw NAME=FILE]... [--own NAME=FILE]...

#include <stdexcept>

#include "tests/bench/load/arguments.h"
#include "tests/bench/rpc/calls.h"

namespace cloudpos::bench {
namespace {

LoadResult Run(const std::vector<std::string>& given) {
  CallOptions options;
  const auto into = [](std::string* text) {
    return [text](const std::string& value) { *text = value; };
  };
  Arguments arguments(&options, {{"--service", into(&options.service)},
                                 {"--address", into(&options.address)},
                                 {"--ca", into(&options.tls.ca)},
                                 {"--certificate", into(&options.tls.certificate)},
                                 {"--key", into(&options.tls.key)}});
  arguments.Read(given);
  if (options.address.empty()) throw std::runtime_error("--address is missing");
  return RunCalls(options, arguments.Request());
}

}  // namespace
}  // namespace cloudpos::bench

int main(int argc, char** argv) {
  return cloudpos::bench::Main(argc, argv, "bench-rpc", cloudpos::bench::Run);
}
