#include "tests/bench/load/connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

namespace cloudpos::bench {
namespace {

constexpr size_t kReadBytes = 16384;

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool EqualsIgnoringCase(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (Lower(text[i]) != lower[i]) return false;
  }
  return true;
}

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  return text;
}

template <typename Int>
bool ParseNumber(std::string_view text, Int* out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

int64_t ParseAnswer(std::string_view bytes, Answer* answer) {
  const size_t head_end = bytes.find("\r\n\r\n");
  if (head_end == bytes.npos) return 0;
  *answer = {};
  std::string_view head = bytes.substr(0, head_end);
  if (!head.starts_with("HTTP/1.1 ") || head.size() < 12) return -1;
  if (!ParseNumber(head.substr(9, 3), &answer->status)) return -1;
  int64_t length = answer->status == 204 || answer->status == 304 ? 0 : -1;
  while (true) {
    const size_t end = head.find("\r\n");
    if (end == head.npos) break;
    head.remove_prefix(end + 2);
    const std::string_view line = head.substr(0, head.find("\r\n"));
    const size_t colon = line.find(':');
    if (colon == line.npos) return -1;
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = Trimmed(line.substr(colon + 1));
    if (EqualsIgnoringCase(name, "content-length") && !ParseNumber(value, &length)) return -1;
    if (EqualsIgnoringCase(name, "retry-after") && !ParseNumber(value, &answer->retry_after)) {
      return -1;
    }
    if (EqualsIgnoringCase(name, "connection")) {
      answer->is_last = EqualsIgnoringCase(value, "close");
    }
  }
  if (length < 0) return -1;
  const int64_t total = static_cast<int64_t>(head_end) + 4 + length;
  return total <= static_cast<int64_t>(bytes.size()) ? total : 0;
}

bool Connection::Open(int port) {
  Close();
  socket_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket_ < 0) return false;
  const int on = 1;
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
      errno != EINPROGRESS) {
    Close();
    return false;
  }
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u32 = number_;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, socket_, &event);
  is_writable_watched_ = false;
  return true;
}

void Connection::Close() {
  if (socket_ >= 0) close(socket_);
  socket_ = -1;
  unsent_ = {};
  received_.clear();
}

void Connection::Watch(bool writable) {
  if (writable == is_writable_watched_) return;
  epoll_event event{};
  event.events = EPOLLIN;
  if (writable) event.events |= EPOLLOUT;
  event.data.u32 = number_;
  epoll_ctl(epoll_, EPOLL_CTL_MOD, socket_, &event);
  is_writable_watched_ = writable;
}

bool Connection::Send(std::string_view request) {
  unsent_ = request;
  return Write();
}

bool Connection::Write() {
  while (!unsent_.empty()) {
    const ssize_t n = send(socket_, unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    if (n < 0 && (errno == EAGAIN || errno == ENOTCONN || errno == EINPROGRESS)) {
      Watch(true);
      return true;
    }
    if (n < 0) {
      Close();
      return false;
    }
    unsent_.remove_prefix(static_cast<size_t>(n));
  }
  Watch(false);
  return true;
}

Connection::Event Connection::On(uint32_t events) {
  if ((events & EPOLLOUT) != 0 && !Write()) return Event::kLost;
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) return Event::kNothing;
  const size_t before = received_.size();
  received_.resize(before + kReadBytes);
  const ssize_t n = recv(socket_, received_.data() + before, kReadBytes, 0);
  received_.resize(before + static_cast<size_t>(n > 0 ? n : 0));
  if (n < 0 && errno == EAGAIN) return Event::kNothing;
  if (n <= 0) {
    Close();
    return Event::kLost;
  }
  const int64_t length = ParseAnswer(received_, &answer_);
  if (length == 0) return Event::kNothing;
  if (length < 0 || static_cast<size_t>(length) != received_.size()) {
    Close();  // more than was asked for, or nothing that can be understood
    return Event::kLost;
  }
  received_.clear();
  if (answer_.is_last) Close();
  return Event::kAnswer;
}

}  // namespace cloudpos::bench
