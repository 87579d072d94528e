// The REST gateway. Everything it offers follows from the protos it is linked with.

#include <cstdio>
#include <cstring>

#include "gateway/program.h"
#include "libs/config/config.h"
#include "libs/rpc/signals.h"

int main(int argc, char** argv) {
  using namespace cloudpos;
  rpc::BlockSignals();
  config::Reader reader(config::Environment());
  if (argc == 2 && std::strcmp(argv[1], "--print-routes") == 0) return gateway::PrintRoutes();
  if (argc == 2 && std::strcmp(argv[1], "--print-openapi") == 0) return gateway::PrintOpenApi();
  if (argc == 2 && std::strcmp(argv[1], "--print-config") == 0) return gateway::PrintConfig();
  if (argc != 1) {
    std::fprintf(stderr, "usage: %s [--print-routes | --print-openapi | --print-config]\n",
                 argv[0]);
    return 2;
  }
  return gateway::Run(&reader);
}
