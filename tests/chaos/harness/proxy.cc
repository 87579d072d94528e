#include "tests/chaos/harness/proxy.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "tests/chaos/harness/api.h"

namespace cloudpos::chaos {

const std::vector<std::string> kEdges = {
    "gateway", "auth",         "inventory",      "transaction",  "reporting",
    "pg-auth", "pg-inventory", "pg-transaction", "pg-reporting", "redis"};

absl::StatusOr<boost::json::object> ProxyControl::Send(const std::string& line) const {
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path_.copy(address.sun_path, sizeof(address.sun_path) - 1);
  timeval limit{.tv_sec = 5, .tv_usec = 0};
  setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  const std::string out = line + "\n";
  std::string in;
  if (connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 &&
      ::send(socket, out.data(), out.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(out.size())) {
    char buffer[1024];
    while (in.find('\n') == std::string::npos) {
      const ssize_t n = recv(socket, buffer, sizeof(buffer), 0);
      if (n <= 0) break;
      in.append(buffer, static_cast<size_t>(n));
    }
  }
  close(socket);
  boost::json::object answer = ParseObject(in.substr(0, in.find('\n')));
  if (answer.empty()) return absl::UnavailableError("the fault proxy does not answer: " + line);
  if (answer.contains("error")) {
    return absl::InvalidArgumentError("the fault proxy: " + TextOf(answer, "error"));
  }
  return answer;
}

int64_t ProxyControl::Hit(const std::string& edge) const {
  const auto answer = Send(edge + " stats");
  return answer.ok() ? NumberOf(*answer, "hit") : -1;
}

}  // namespace cloudpos::chaos
