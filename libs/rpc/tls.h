#pragma once

// mTLS between processes: one certificate per service, issued by the installation's own authority,
// with the service's name as URI spiffe://cloudpos/<name> (and as DNS name for the host check).

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace grpc {
class ServerCredentials;
class ChannelCredentials;
}  // namespace grpc

namespace cloudpos::rpc {

struct TlsFiles {
  std::string ca{};
  std::string certificate{};
  std::string key{};
};

/// Requires and verifies a client certificate; files are watched and reloaded.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> ServerCredentials(const TlsFiles& files);
/// Presents our certificate and verifies the server's.
absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> ClientCredentials(const TlsFiles& files);

/// When the certificate in use ends.
absl::StatusOr<absl::Time> CertificateExpiry(const TlsFiles& files);

/// Name from a SPIFFE URI of our trust domain: "spiffe://cloudpos/gateway" -> "gateway"; else
/// empty.
std::string PeerName(const std::string& uri);

}  // namespace cloudpos::rpc
