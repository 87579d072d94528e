#pragma once

// The way in from inside: a service's own port, with the certificate of some peer.

#include <map>
#include <memory>
#include <string>

#include "libs/rpc/client.h"
#include "tests/security/strangers/answer.h"
#include "tests/security/strangers/fill.h"

namespace cloudpos::strangers {

/// Addresses (host:port) by the service's name.
using Addresses = std::map<std::string, std::string, std::less<>>;

/// Connections to every service with one certificate. Thread-safe.
class Peer {
 public:
  Peer(const Addresses& services, const rpc::TlsFiles& tls);
  /// One that shows none.
  static Peer WithoutCertificate(const Addresses& services, const std::string& ca_file);

  /// `token` empty: none is sent.
  Answer Call(const Rpc& rpc, const Filled& filled, const std::string& token) const;

 private:
  Peer() = default;

  std::map<std::string, std::shared_ptr<grpc::Channel>, std::less<>> channels_;
};

}  // namespace cloudpos::strangers
