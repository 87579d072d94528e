#pragma once

// Asks a server of ours for its health, with its own certificate: what `--probe` does where the
// orchestrator cannot speak mutual TLS.

#include <string>

#include "absl/status/status.h"
#include "libs/rpc/tls.h"

namespace cloudpos::service {

/// OK when the server `name` at `listen` says SERVING for `check` ("liveness", "readiness",
/// "startup").
absl::Status Probe(const std::string& name, const std::string& listen, const rpc::TlsFiles& tls,
                   const std::string& check);

}  // namespace cloudpos::service
