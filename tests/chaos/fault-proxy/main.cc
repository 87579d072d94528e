// fault-proxy --control PATH NAME=LISTENPORT:TARGET...
//
// Forwards connections to 127.0.0.1:LISTENPORT to TARGET (host:port or the path of a unix socket),
// and makes faults on command: see README.md. Says "ready" when it listens; ends with SIGTERM.

#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "tests/chaos/fault-proxy/control.h"

namespace cloudpos::fault_proxy {
namespace {

constexpr int kUsageExit = 2;

int Usage() {
  std::cerr << "usage: fault-proxy --control PATH NAME=LISTENPORT:TARGET...\n";
  return kUsageExit;
}

int Run(const std::vector<std::string>& arguments) {
  if (arguments.size() < 3 || arguments[0] != "--control") return Usage();
  boost::asio::io_context io;
  std::vector<std::unique_ptr<Link>> links;
  for (size_t i = 2; i < arguments.size(); ++i) {
    const auto route = Route::Parse(arguments[i]);
    if (!route) return Usage();
    links.push_back(std::make_unique<Link>(io, *route));
  }
  Control control(io, arguments[1], links);
  boost::asio::signal_set signals(io, SIGINT, SIGTERM);
  signals.async_wait([&io](const boost::system::error_code&, int) { io.stop(); });
  std::cout << "ready" << std::endl;
  io.run();
  return 0;
}

}  // namespace
}  // namespace cloudpos::fault_proxy

int main(int argc, char** argv) {
  try {
    return cloudpos::fault_proxy::Run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::cerr << "fault-proxy: " << error.what() << "\n";
    return 1;
  }
}
