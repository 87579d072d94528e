#include "libs/redis/connection.h"

#include <hiredis/hiredis.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <mutex>
#include <optional>

#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"

namespace cloudpos::redis {
namespace {

absl::Status Malformed(std::string_view what) {
  return base::Fail(common::v1::INVALID_ARGUMENT,
                    "the Redis URL is not valid: " + std::string(what));
}

std::optional<int> ParseNumber(std::string_view text, int max) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (value < 0 || value > max) return std::nullopt;
  return value;
}

std::optional<std::string> PercentDecode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    const auto byte = base::HexDecode(text.substr(i + 1, 2));
    if (!byte || byte->size() != 1) return std::nullopt;
    out.append(*byte);
    i += 2;
  }
  return out;
}

// "user:password" or ":password".
absl::Status ReadCredentials(std::string_view text, Address* address) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return Malformed("user without password");
  const auto user = PercentDecode(text.substr(0, colon));
  const auto password = PercentDecode(text.substr(colon + 1));
  if (!user || !password) return Malformed("bad percent-encoding");
  address->user = *user;
  address->password = *password;
  return absl::OkStatus();
}

// "host", "host:port", "[v6]:port".
absl::Status ReadHost(std::string_view text, Address* address) {
  const size_t bracket = text.starts_with('[') ? text.find(']') : std::string_view::npos;
  const bool is_v6 = bracket != std::string_view::npos;
  const size_t colon = is_v6 ? text.find(':', bracket) : text.find(':');
  const std::string_view host = text.substr(0, colon);
  address->host = is_v6 ? host.substr(1, bracket - 1) : host;
  if (address->host.empty()) return Malformed("no host");
  if (colon == std::string_view::npos) return absl::OkStatus();
  const auto port = ParseNumber(text.substr(colon + 1), 65535);
  if (!port) return Malformed("bad port");
  address->port = *port;
  return absl::OkStatus();
}

// hiredis writes to sockets that the peer may have closed; without this the signal would end the
// process. A handler that somebody else has set stays.
void IgnoreBrokenPipes() {
  static std::once_flag once;
  std::call_once(once, [] {
    struct sigaction current {};
    sigaction(SIGPIPE, nullptr, &current);
    if (current.sa_handler == SIG_DFL) std::signal(SIGPIPE, SIG_IGN);
  });
}

timeval ToTimeval(std::chrono::milliseconds time) {
  timeval value{};
  value.tv_sec = time.count() / 1000;
  value.tv_usec = time.count() % 1000 * 1000;
  return value;
}

}  // namespace

absl::StatusOr<Address> ParseUrl(std::string_view url) {
  constexpr std::string_view kTcp = "redis://";
  constexpr std::string_view kUnix = "unix://";
  const bool is_unix = url.starts_with(kUnix);
  if (!is_unix && !url.starts_with(kTcp)) return Malformed("it begins with redis:// or unix://");
  url.remove_prefix(is_unix ? kUnix.size() : kTcp.size());
  Address address;
  const size_t slash = std::min(url.find('/'), url.size());
  std::string_view authority = url.substr(0, slash);
  const std::string_view path = url.substr(slash);
  if (const size_t at = authority.rfind('@'); at != std::string_view::npos) {
    CLOUDPOS_RETURN_IF_ERROR(ReadCredentials(authority.substr(0, at), &address));
    authority.remove_prefix(at + 1);
  }
  if (is_unix) {
    if (!authority.empty() || path.size() < 2) return Malformed("no absolute socket path");
    address.path = path;
    return address;
  }
  CLOUDPOS_RETURN_IF_ERROR(ReadHost(authority, &address));
  if (path.size() > 1) {
    const auto database = ParseNumber(path.substr(1), 1'000'000);
    if (!database) return Malformed("bad database number");
    address.database = *database;
  }
  return address;
}

void FreeReply::operator()(redisReply* reply) const { freeReplyObject(reply); }

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(const Address& address,
                                                             std::chrono::milliseconds timeout) {
  IgnoreBrokenPipes();
  const timeval limit = ToTimeval(timeout);
  redisContext* context = address.host.empty()
                              ? redisConnectUnixWithTimeout(address.path.c_str(), limit)
                              : redisConnectWithTimeout(address.host.c_str(), address.port, limit);
  if (context == nullptr) return absl::UnavailableError("out of memory");
  std::unique_ptr<Connection> connection(new Connection(context));
  if (context->err != 0) return absl::UnavailableError(connection->error());
  redisSetTimeout(context, limit);
  if (!address.host.empty()) redisEnableKeepAlive(context);
  CLOUDPOS_RETURN_IF_ERROR(connection->Prepare(address));
  return connection;
}

absl::Status Connection::Prepare(const Address& address) {
  Reply reply;
  if (!address.password.empty()) {
    reply = address.user.empty() ? Call({"AUTH", address.password})
                                 : Call({"AUTH", address.user, address.password});
    if (reply == nullptr) return absl::UnavailableError(error());
    if (IsError(*reply)) return absl::UnavailableError("Redis refused the credentials");
  }
  if (address.database != 0) {
    const std::string number = std::to_string(address.database);
    reply = Call({"SELECT", number});
    if (reply == nullptr) return absl::UnavailableError(error());
    if (IsError(*reply)) return absl::UnavailableError("Redis refused the database number");
  }
  return absl::OkStatus();
}

Connection::~Connection() { redisFree(context_); }

void Connection::Append(const Arguments& arguments) {
  std::vector<const char*> texts;
  std::vector<size_t> sizes;
  for (const std::string_view argument : arguments) {
    texts.push_back(argument.empty() ? "" : argument.data());
    sizes.push_back(argument.size());
  }
  redisAppendCommandArgv(context_, static_cast<int>(texts.size()), texts.data(), sizes.data());
}

Reply Connection::Read() {
  void* reply = nullptr;
  if (redisGetReply(context_, &reply) != REDIS_OK) {
    is_timeout_ = context_->err == REDIS_ERR_IO && errno == EAGAIN;
    return nullptr;
  }
  Reply owned(static_cast<redisReply*>(reply));
  if (IsError(*owned)) server_error_ = TextOf(*owned);
  return owned;
}

Reply Connection::Call(const Arguments& arguments) {
  Append(arguments);
  return Read();
}

bool Connection::Flush() {
  int is_done = 0;
  while (is_done == 0) {
    if (redisBufferWrite(context_, &is_done) != REDIS_OK) return false;
  }
  return true;
}

bool Connection::Receive() { return redisBufferRead(context_) == REDIS_OK; }

Reply Connection::TakeReceived() {
  void* reply = nullptr;
  if (redisGetReplyFromReader(context_, &reply) != REDIS_OK) return nullptr;
  return Reply(static_cast<redisReply*>(reply));
}

int Connection::fd() const { return context_->fd; }

std::string Connection::error() const {
  return context_->errstr[0] != '\0' ? context_->errstr : server_error_;
}

bool IsError(const redisReply& reply) { return reply.type == REDIS_REPLY_ERROR; }

std::string_view TextOf(const redisReply& reply) {
  return reply.str != nullptr ? std::string_view(reply.str, reply.len) : std::string_view();
}

}  // namespace cloudpos::redis
