#pragma once

// Certificates that are no peer's, and services that are not who they should be.

#include <string>
#include <vector>

#include "tests/security/strangers/matrix.h"

namespace cloudpos::strangers {

/// Files of the installation's authority.
struct Authority {
  std::string certificate;
  std::string key;
};

/// Peers with a good certificate for each of `names`. The files may go afterwards.
std::map<std::string, Peer> PeersOf(const std::vector<std::string>& names,
                                    const Authority& authority, const Addresses& services);

/// Every RPC with no certificate, an expired one, another authority's, and with good ones that name
/// nobody; every service asked for under another's name.
void TryStrangeCertificates(const std::vector<Rpc>& rpcs, const Authority& authority,
                            const Addresses& services, const World& world, Findings* findings);

}  // namespace cloudpos::strangers
