#pragma once

// A blocking HTTP client that sends exactly the bytes it is given.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cloudpos::gateway {

struct HttpReply {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  std::string Header(const std::string& name) const {
    for (const auto& [key, value] : headers) {
      if (key == name) return value;
    }
    return "";
  }
};

class HttpClient {
 public:
  explicit HttpClient(int port) : socket_(io_) {
    socket_.connect({boost::asio::ip::make_address("127.0.0.1"), static_cast<uint16_t>(port)});
  }

  void Send(std::string_view bytes) {
    boost::system::error_code ec;  // the server may have closed already
    boost::asio::write(socket_, boost::asio::buffer(bytes.data(), bytes.size()), ec);
  }

  /// Says that nothing more will be sent.
  void Shutdown() {
    boost::system::error_code ec;
    socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_send, ec);
  }

  /// Everything until the server closes, or `patience` passes with nothing new.
  std::string ReadAll(std::chrono::milliseconds patience = std::chrono::milliseconds(3000)) {
    while (ReadSome(patience)) {
    }
    return std::exchange(in_, {});
  }

  /// The next response; status 0 when the connection ends first.
  HttpReply ReadReply(bool is_head = false,
                      std::chrono::milliseconds patience = std::chrono::milliseconds(5000)) {
    size_t end = 0;
    while ((end = in_.find("\r\n\r\n")) == in_.npos) {
      if (!ReadSome(patience)) return {};
    }
    HttpReply reply = ParseHead(in_.substr(0, end));
    in_.erase(0, end + 4);
    if (is_head || reply.status == 204 || reply.status == 304) return reply;
    if (reply.Header("Transfer-Encoding") == "chunked") {
      ReadChunks(patience, &reply.body);
      return reply;
    }
    const size_t length = std::stoul("0" + reply.Header("Content-Length"));
    while (in_.size() < length && ReadSome(patience)) {
    }
    reply.body = in_.substr(0, length);
    in_.erase(0, length);
    return reply;
  }

  bool was_closed() const { return is_closed_; }
  bool is_closed() {
    ReadSome(std::chrono::milliseconds(2000));
    return is_closed_;
  }
  bool ReadSome(std::chrono::milliseconds patience) {
    bool got = false;
    char buffer[16384];
    socket_.async_read_some(boost::asio::buffer(buffer),
                            [&](boost::system::error_code ec, size_t n) {
                              if (ec && ec != boost::asio::error::operation_aborted)
                                is_closed_ = true;
                              got = !ec;
                              if (!ec) in_.append(buffer, n);
                            });
    io_.restart();
    io_.run_for(patience);
    if (!io_.stopped()) {
      socket_.cancel();
      io_.run();
    }
    return got;
  }
  const std::string& buffered() const { return in_; }

 private:
  static HttpReply ParseHead(const std::string& head) {
    HttpReply reply;
    reply.status = std::stoi(head.substr(9, 3));
    size_t at = head.find("\r\n");
    while (at != head.npos) {
      const size_t next = head.find("\r\n", at + 2);
      const std::string line = head.substr(at + 2, next == head.npos ? next : next - at - 2);
      const size_t colon = line.find(": ");
      if (colon != line.npos)
        reply.headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
      at = next;
    }
    return reply;
  }

  void ReadChunks(std::chrono::milliseconds patience, std::string* body) {
    for (;;) {
      size_t end = 0;
      while ((end = in_.find("\r\n")) == in_.npos) {
        if (!ReadSome(patience)) return;
      }
      const size_t size = std::stoul(in_.substr(0, end), nullptr, 16);
      while (in_.size() < end + 2 + size + 2) {
        if (!ReadSome(patience)) return;
      }
      body->append(in_, end + 2, size);
      in_.erase(0, end + 2 + size + 2);
      if (size == 0) return;
    }
  }

  boost::asio::io_context io_;
  boost::asio::ip::tcp::socket socket_;
  std::string in_;
  bool is_closed_ = false;
};

}  // namespace cloudpos::gateway
