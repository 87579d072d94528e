#pragma once

// The same requests as bench-load's, sent to a service's own port as gRPC calls: what is left of
// the way when the gateway is taken out of it.

#include <string>

#include "libs/rpc/tls.h"
#include "tests/bench/load/load.h"

namespace cloudpos::bench {

struct CallOptions : ClientOptions {
  std::string service;  // the name in its certificate
  std::string address;  // host:port
  rpc::TlsFiles tls;    // of the peer whose place this takes
};

/// Closed loop: each client calls again when it was answered. `request` has the method's path and
/// the message as JSON. A call that worked counts as status 200, another as its gRPC code.
/// Throws std::runtime_error when it cannot begin.
LoadResult RunCalls(const CallOptions& options, const Template& request);

}  // namespace cloudpos::bench
