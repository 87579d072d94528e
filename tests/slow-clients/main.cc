// slow-clients: see slow_clients.h and tests/integration/slow-clients.

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tests/slow-clients/slow_clients.h"

int main(int argc, char** argv) {
  cloudpos::slow::Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--port") == 0) options.port = std::atoi(argv[i + 1]);
    if (std::strcmp(argv[i], "--connections") == 0) options.connections = std::atoi(argv[i + 1]);
  }
  if (options.port == 0 || options.connections <= 0) {
    std::fprintf(stderr, "usage: slow-clients --port N [--connections N]\n");
    return 2;
  }
  cloudpos::slow::RunSlowClients(options);
  return 0;
}
