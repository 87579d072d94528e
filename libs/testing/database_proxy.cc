#include "libs/testing/database_proxy.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "libs/pg/conninfo.h"

namespace cloudpos::testing {
namespace {

constexpr int kPollMs = 5;

std::string Parameter(const std::string& dsn, const char* key, const char* fallback) {
  const auto value = pg::ParameterOf(dsn, key);
  if (!value.ok()) throw std::runtime_error(value.status().ToString());
  return value->empty() ? fallback : *value;
}

int ListenOnLoopback() {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(listener, 64) != 0) {
    throw std::runtime_error("the proxy cannot listen");
  }
  return listener;
}

int PortOf(int listener) {
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

int ConnectUnix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  const int made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(made, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) return made;
  close(made);
  return -1;
}

int ConnectTcp(const std::string& host, const std::string& port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0) return -1;
  const int made = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool connected = connect(made, found->ai_addr, found->ai_addrlen) == 0;
  freeaddrinfo(found);
  if (connected) return made;
  close(made);
  return -1;
}

int ConnectTo(const std::string& dsn) {
  const std::string host = Parameter(dsn, "host", "/var/run/postgresql");
  const std::string port = Parameter(dsn, "port", "5432");
  return host[0] == '/' ? ConnectUnix(host + "/.s.PGSQL." + port) : ConnectTcp(host, port);
}

}  // namespace

DatabaseProxy::DatabaseProxy(const std::string& dsn)
    : dsn_(dsn), listener_(ListenOnLoopback()), thread_([this] { Run(); }) {}

DatabaseProxy::~DatabaseProxy() {
  stopping_ = true;
  thread_.join();
  Cut(true);
  close(listener_);
}

std::string DatabaseProxy::Dsn() const {
  std::string dsn = dsn_;
  const std::pair<const char*, std::string> changes[] = {
      {"host", "127.0.0.1"}, {"port", std::to_string(PortOf(listener_))}, {"sslmode", "disable"}};
  for (const auto& [key, value] : changes) dsn = *pg::WithParameter(dsn, key, value);
  return dsn;
}

void DatabaseProxy::Cut(bool refuse) {
  refuse_ = refuse;
  const std::lock_guard lock(mutex_);
  while (!peer_.empty()) Close(peer_.begin()->first);
}

void DatabaseProxy::CutOnReply(const std::string& text) {
  const std::lock_guard lock(mutex_);
  fatal_reply_ = text;
}

void DatabaseProxy::Close(int socket) {
  const int other = peer_[socket];
  for (const int end : {socket, other}) {
    peer_.erase(end);
    upstream_.erase(end);
    close(end);
  }
}

void DatabaseProxy::Accept() {
  const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (client < 0) return;
  ++accepted_;
  const int server = refuse_ ? -1 : ConnectTo(dsn_);
  if (server < 0) {
    close(client);
    return;
  }
  const std::lock_guard lock(mutex_);
  peer_[client] = server;
  peer_[server] = client;
  upstream_[client] = false;
  upstream_[server] = true;
}

bool DatabaseProxy::IsFatalReply(int from, const char* data, size_t size) {
  if (fatal_reply_.empty() || !upstream_[from]) return false;
  if (std::string_view(data, size).find(fatal_reply_) == std::string_view::npos) return false;
  fatal_reply_.clear();
  return true;
}

void DatabaseProxy::Forward(int from) {
  const std::lock_guard lock(mutex_);
  if (!peer_.contains(from)) return;  // closed meanwhile
  char buffer[16'384];
  const ssize_t got = recv(from, buffer, sizeof(buffer), MSG_DONTWAIT);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0 || IsFatalReply(from, buffer, static_cast<size_t>(got))) return Close(from);
  for (ssize_t sent = 0; sent < got;) {
    const ssize_t done =
        send(peer_[from], buffer + sent, static_cast<size_t>(got - sent), MSG_NOSIGNAL);
    if (done <= 0) return Close(from);
    sent += done;
  }
}

void DatabaseProxy::Run() {
  while (!stopping_) {
    std::vector<pollfd> watched = {{listener_, POLLIN, 0}};
    if (!stalled_) {
      const std::lock_guard lock(mutex_);
      for (const auto& [socket, other] : peer_) watched.push_back({socket, POLLIN, 0});
    }
    if (poll(watched.data(), watched.size(), kPollMs) <= 0) continue;
    if (watched[0].revents != 0) Accept();
    for (size_t i = 1; i < watched.size(); ++i) {
      if (watched[i].revents != 0) Forward(watched[i].fd);
    }
  }
}

}  // namespace cloudpos::testing
