#include "tests/chaos/fault-proxy/control.h"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <utility>

namespace cloudpos::fault_proxy {
namespace {

namespace asio = boost::asio;
using asio::local::stream_protocol;
using boost::system::error_code;

constexpr size_t kLineMax = 65536;

const std::string& Removed(const std::string& path) {
  unlink(path.c_str());
  return path;
}

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Control& control, stream_protocol::socket socket)
      : control_(control), socket_(std::move(socket)) {}

  void Read() {
    asio::async_read_until(socket_, asio::dynamic_buffer(in_, kLineMax), '\n',
                           [self = shared_from_this()](const error_code& error, size_t size) {
                             if (!error) self->Answer(size);
                           });
  }

 private:
  void Answer(size_t size) {
    out_ = control_.Answer(std::string_view(in_).substr(0, size - 1)) + "\n";
    in_.erase(0, size);
    asio::async_write(socket_, asio::buffer(out_),
                      [self = shared_from_this()](const error_code& error, size_t) {
                        if (!error) self->Read();
                      });
  }

  Control& control_;
  stream_protocol::socket socket_;
  std::string in_;
  std::string out_;
};

}  // namespace

Control::Control(asio::io_context& io, const std::string& path,
                 std::vector<std::unique_ptr<Link>>& links)
    : links_(links), acceptor_(io, stream_protocol::endpoint(Removed(path))) {
  Accept();
}

void Control::Accept() {
  acceptor_.async_accept([this](const error_code& error, stream_protocol::socket socket) {
    if (error == asio::error::operation_aborted) return;
    if (!error) std::make_shared<Session>(*this, std::move(socket))->Read();
    Accept();
  });
}

std::string Control::Answer(std::string_view line) {
  const size_t blank = std::min(line.find(' '), line.size());
  const std::string_view command = line.substr(std::min(blank + 1, line.size()));
  const auto link = std::find_if(links_.begin(), links_.end(), [&](const auto& known) {
    return known->name() == line.substr(0, blank);
  });
  if (link == links_.end()) return R"({"error":"there is no such link"})";
  if (command != "stats") {
    const auto fault = Fault::Parse(command);
    if (!fault) return R"({"error":"there is no such command"})";
    (*link)->Set(*fault);
  }
  return (*link)->Stats();
}

}  // namespace cloudpos::fault_proxy
