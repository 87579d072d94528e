#pragma once

// The proxy's control: a unix socket, one command in a line, one answer (JSON) in a line.

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/chaos/fault-proxy/link.h"

namespace cloudpos::fault_proxy {

class Control {
 public:
  /// Takes the place of a socket left behind at `path`.
  Control(boost::asio::io_context& io, const std::string& path,
          std::vector<std::unique_ptr<Link>>& links);

  /// "NAME stats" or "NAME FAULT": the link's figures, after the fault was set; {"error":"..."}.
  std::string Answer(std::string_view line);

 private:
  void Accept();

  std::vector<std::unique_ptr<Link>>& links_;
  boost::asio::local::stream_protocol::acceptor acceptor_;
};

}  // namespace cloudpos::fault_proxy
