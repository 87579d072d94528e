#include "tests/chaos/harness/http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace cloudpos::chaos {
namespace {

constexpr size_t kReadSize = 16 << 10;

/// Value of a header of `head`, empty when there is none. Names are compared without case.
std::string_view HeaderOf(std::string_view head, std::string_view name) {
  size_t at = head.find("\r\n");
  while (at != std::string_view::npos) {
    at += 2;
    const size_t end = std::min(head.find("\r\n", at), head.size());
    const std::string_view line = head.substr(at, end - at);
    if (line.size() > name.size() && line[name.size()] == ':' &&
        absl::EqualsIgnoreCase({line.data(), name.size()}, {name.data(), name.size()})) {
      std::string_view value = line.substr(name.size() + 1);
      while (value.starts_with(' ')) value.remove_prefix(1);
      return value;
    }
    at = head.find("\r\n", at);
  }
  return {};
}

bool ParseNumber(std::string_view text, size_t* number) {
  const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && at == text.data() + text.size();
}

}  // namespace

const char* LossName(Loss loss) {
  switch (loss) {
    case Loss::kTimeout:
      return "timeout";
    case Loss::kReset:
      return "reset";
    case Loss::kRefused:
      return "refused";
    case Loss::kTruncated:
      return "truncated";
  }
  return "";
}

bool Connection::Open() {
  reply.reset();
  loss.reset();
  if (socket_ >= 0) {
    // Closed by the other side since: nothing was sent yet, so that is no loss.
    pollfd idle{socket_, POLLIN, 0};
    if (poll(&idle, 1, 0) == 0) return true;
    Close();
  }
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port_));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    Close();
    loss = Loss::kRefused;
    return false;
  }
  const int on = 1;
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return true;
}

void Connection::Send(const Request& request) {
  std::string out;
  out.reserve(256 + request.token.size() + request.body.size());
  out.append(request.method)
      .append(" ")
      .append(request.path)
      .append(" HTTP/1.1\r\nHost: 127.0.0.1:");
  out.append(std::to_string(port_)).append("\r\nAccept: application/json\r\n");
  if (!request.token.empty()) out.append("Authorization: Bearer ").append(request.token + "\r\n");
  if (!request.body.empty()) out.append("Content-Type: application/json\r\n");
  if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
    out.append("Content-Length: ").append(std::to_string(request.body.size())).append("\r\n");
  }
  out.append("\r\n").append(request.body);
  is_waiting_ = true;
  in_.clear();
  head_ = 0;
  // Small enough for the socket's buffer: this does not block.
  size_t sent = 0;
  while (sent < out.size()) {
    const ssize_t n = ::send(socket_, out.data() + sent, out.size() - sent, MSG_NOSIGNAL);
    if (n < 0) return Lose(Loss::kReset);
    sent += static_cast<size_t>(n);
  }
}

void Connection::Read() {
  const size_t before = in_.size();
  in_.resize(before + kReadSize);
  const ssize_t n = recv(socket_, in_.data() + before, kReadSize, MSG_DONTWAIT);
  in_.resize(before + static_cast<size_t>(std::max<ssize_t>(n, 0)));
  if (n > 0) return Parse();
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  Lose(in_.empty() ? Loss::kReset : Loss::kTruncated);
}

void Connection::Parse() {
  if (head_ == 0) {
    const size_t end = in_.find("\r\n\r\n");
    if (end == std::string::npos) return;
    const std::string_view head = std::string_view(in_).substr(0, end);
    size_t status = 0;
    const bool is_http = head.starts_with("HTTP/1.1 ") && head.size() >= 12;
    if (!is_http || !ParseNumber(head.substr(9, 3), &status)) return Lose(Loss::kTruncated);
    // Every answer we ask for carries its length; without one its end could not be told.
    if (!ParseNumber(HeaderOf(head, "Content-Length"), &size_)) return Lose(Loss::kTruncated);
    parsed_ = Reply{.status = static_cast<int>(status),
                    .replayed = HeaderOf(head, "Idempotency-Replayed") == "true",
                    .body = {}};
    closes_ = HeaderOf(head, "Connection") == "close";
    head_ = end + 4;
  }
  if (in_.size() < head_ + size_) return;
  parsed_.body = in_.substr(head_, size_);
  reply = std::move(parsed_);
  is_waiting_ = false;
  if (closes_) Close();
}

void Connection::Lose(Loss why) {
  loss = why;
  is_waiting_ = false;
  Close();
}

void Connection::GiveUp() { Lose(Loss::kTimeout); }

void Connection::Close() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
}

bool AwaitSome(const std::vector<Connection*>& connections, Micros deadline) {
  std::vector<pollfd> polled;
  std::vector<Connection*> waiting;
  for (Connection* connection : connections) {
    if (!connection->is_waiting()) continue;
    polled.push_back({connection->socket(), POLLIN, 0});
    waiting.push_back(connection);
  }
  if (waiting.empty()) return false;
  const Micros left = deadline - Now();
  if (left <= 0) {
    for (Connection* connection : waiting) connection->GiveUp();
    return false;
  }
  if (poll(polled.data(), polled.size(), static_cast<int>(left / kMilli) + 1) > 0) {
    for (size_t i = 0; i < polled.size(); ++i) {
      if (polled[i].revents != 0) waiting[i]->Read();
    }
  }
  return true;
}

}  // namespace cloudpos::chaos
