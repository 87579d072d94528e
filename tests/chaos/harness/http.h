#pragma once

// Keep-alive HTTP/1.1 connections that tell how a request was lost, and several at once from one
// thread.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/chaos/harness/moment.h"

namespace cloudpos::chaos {

struct Reply {
  int status = 0;
  bool replayed = false;
  std::string body;
};

/// Why there is no reply: the request may have been carried out all the same, unless refused.
enum class Loss { kTimeout, kReset, kRefused, kTruncated };
const char* LossName(Loss loss);

struct Request {
  std::string method = "GET";
  std::string path;
  std::string token{};
  std::string body{};  // JSON; empty: none
};

/// One connection, made when needed. Not thread-safe.
class Connection {
 public:
  explicit Connection(int port) : port_(port) {}
  ~Connection() { Close(); }
  Connection(const Connection&) = delete;

  /// Connects if need be; false when that was refused (`loss` is set then).
  bool Open();
  void Send(const Request& request);
  bool is_waiting() const { return is_waiting_; }
  /// Takes what has arrived.
  void Read();
  void GiveUp();  // the time is over
  void Close();

  int socket() const { return socket_; }
  /// Of the last request, once it no longer waits.
  std::optional<Reply> reply;
  std::optional<Loss> loss;

 private:
  void Lose(Loss loss);
  void Parse();

  const int port_;
  int socket_ = -1;
  bool is_waiting_ = false;
  std::string in_;
  size_t head_ = 0;  // bytes of the head, 0 until it is complete
  size_t size_ = 0;  // of the body
  bool closes_ = false;
  Reply parsed_;
};

/// Waits until all of `connections` have a reply or a loss; what has none at `deadline` timed out.
/// `on_done` is told of each, in the order they end.
template <typename F>
void AwaitAll(const std::vector<Connection*>& connections, Micros deadline, F&& on_done);
/// One step of it: blocks until something came or the deadline; true while any waits.
bool AwaitSome(const std::vector<Connection*>& connections, Micros deadline);

template <typename F>
void AwaitAll(const std::vector<Connection*>& connections, Micros deadline, F&& on_done) {
  std::vector<bool> told(connections.size(), false);
  bool more = true;
  while (more) {
    more = AwaitSome(connections, deadline);
    for (size_t i = 0; i < connections.size(); ++i) {
      if (told[i] || connections[i]->is_waiting()) continue;
      told[i] = true;
      on_done(i);
    }
  }
}

}  // namespace cloudpos::chaos
