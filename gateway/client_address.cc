#include "gateway/client_address.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>

namespace cloudpos::gateway {
namespace {

namespace ip = boost::asio::ip;

std::string_view Trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/// All values of a header that may come several times, in order.
std::string JoinedHeader(const RequestHead& head, std::string_view name) {
  std::string joined;
  for (const Header& header : head.headers) {
    if (header.name != name) continue;
    if (!joined.empty()) joined += ',';
    joined += header.value;
  }
  return joined;
}

}  // namespace

absl::StatusOr<TrustedProxies> TrustedProxies::Parse(const std::vector<std::string>& entries) {
  TrustedProxies result;
  for (const std::string& entry : entries) {
    const bool is_network = entry.find('/') != entry.npos;
    boost::system::error_code ec;
    const auto v4 = ip::make_network_v4(is_network ? entry : entry + "/32", ec);
    if (!ec) {
      result.v4_.push_back(v4);
      continue;
    }
    const auto v6 = ip::make_network_v6(is_network ? entry : entry + "/128", ec);
    if (ec) return absl::InvalidArgumentError("not an address or network: " + entry);
    result.v6_.push_back(v6);
  }
  return result;
}

bool TrustedProxies::Contains(const std::string& text) const {
  boost::system::error_code ec;
  const ip::address address = ip::make_address(text, ec);
  if (ec) return false;
  if (address.is_v4()) {
    return std::any_of(v4_.begin(), v4_.end(), [&address](const ip::network_v4& network) {
      return network.hosts().find(address.to_v4()) != network.hosts().end() ||
             network.network() == address.to_v4() || network.broadcast() == address.to_v4();
    });
  }
  return std::any_of(v6_.begin(), v6_.end(), [&address](const ip::network_v6& network) {
    return ip::network_v6(address.to_v6(), network.prefix_length()).canonical() ==
           network.canonical();
  });
}

ClientAddress FindClient(const HttpRequest& request, const TrustedProxies& proxies) {
  ClientAddress client{request.peer_ip, request.is_tls};
  if (!proxies.Contains(request.peer_ip)) return client;
  std::string chain = JoinedHeader(*request.head, "x-forwarded-for");
  std::string_view rest = chain;
  while (!rest.empty()) {
    const size_t comma = rest.rfind(',');
    const std::string_view hop = Trim(comma == rest.npos ? rest : rest.substr(comma + 1));
    boost::system::error_code ec;
    const ip::address address = ip::make_address(std::string(hop), ec);
    if (ec) break;  // from here on it is anybody's word
    client.ip = address.to_string();
    if (!proxies.Contains(client.ip)) break;
    rest = comma == rest.npos ? std::string_view() : rest.substr(0, comma);
  }
  client.is_secure =
      client.is_secure || JoinedHeader(*request.head, "x-forwarded-proto") == "https";
  return client;
}

std::string AddressGroup(const std::string& text) {
  boost::system::error_code ec;
  const ip::address address = ip::make_address(text, ec);
  if (ec || address.is_v4()) return text;
  return ip::network_v6(address.to_v6(), 64).canonical().to_string();
}

}  // namespace cloudpos::gateway
