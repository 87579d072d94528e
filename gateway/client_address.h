#pragma once

// Whose request it is when a proxy stands in front (G-16): X-Forwarded-For and -Proto are believed
// only from listed proxies, and read from the right.

#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/http_message.h"

namespace cloudpos::gateway {

class TrustedProxies {
 public:
  /// Addresses and networks ("10.0.0.0/8", "::1"). INVALID_ARGUMENT for anything else.
  static absl::StatusOr<TrustedProxies> Parse(const std::vector<std::string>& entries);
  bool Contains(const std::string& ip) const;

 private:
  std::vector<boost::asio::ip::network_v4> v4_;
  std::vector<boost::asio::ip::network_v6> v6_;
};

struct ClientAddress {
  std::string ip;
  bool is_secure = false;  // the client's own connection is TLS
};

ClientAddress FindClient(const HttpRequest& request, const TrustedProxies& proxies);

/// What one address counts as: itself, or its /64 for IPv6.
std::string AddressGroup(const std::string& ip);

}  // namespace cloudpos::gateway
