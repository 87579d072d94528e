#pragma once

// One connection to Redis over hiredis; used by Client and Subscriber, not by others.

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

struct redisContext;
struct redisReply;

namespace cloudpos::redis {

/// Where a URL points to.
struct Address {
  std::string host;  // empty: a unix socket
  int port = 6379;
  std::string path;
  std::string user;
  std::string password;
  int database = 0;
};

/// Reads redis://[user:password@]host[:port][/db] or unix://[user:password@]/path; user and
/// password may be percent-encoded. INVALID_ARGUMENT otherwise, without the URL: it may hold a
/// password.
absl::StatusOr<Address> ParseUrl(std::string_view url);

struct FreeReply {
  void operator()(redisReply* reply) const;
};
using Reply = std::unique_ptr<redisReply, FreeReply>;
using Arguments = std::vector<std::string_view>;

/// Not thread-safe. After an error the connection is of no more use: drop it.
class Connection {
 public:
  /// Connects, authenticates and selects the database. UNAVAILABLE with the reason.
  static absl::StatusOr<std::unique_ptr<Connection>> Open(const Address& address,
                                                          std::chrono::milliseconds timeout);
  ~Connection();

  /// Queues a command; Read sends what is queued.
  void Append(const Arguments& arguments);
  /// The next reply; nullptr when the connection failed.
  Reply Read();
  Reply Call(const Arguments& arguments);

  /// Sends what is queued without waiting for replies; false when the connection failed.
  bool Flush();
  /// Takes in what has arrived (blocks until something has); false when the connection failed.
  bool Receive();
  /// A reply that has arrived already; nullptr when there is none.
  Reply TakeReceived();

  int fd() const;
  /// Why the connection failed, else the last error that the server answered.
  std::string error() const;
  /// Read failed because time ran out (as opposed to a closed connection).
  bool is_timeout() const { return is_timeout_; }

 private:
  explicit Connection(redisContext* context) : context_(context) {}
  absl::Status Prepare(const Address& address);
  redisContext* context_;
  bool is_timeout_ = false;
  std::string server_error_;
};

bool IsError(const redisReply& reply);
std::string_view TextOf(const redisReply& reply);

}  // namespace cloudpos::redis
