#pragma once

// One keep-alive connection of a client: a request out, an answer in. Never blocks.

#include <cstdint>
#include <string>
#include <string_view>

namespace cloudpos::bench {

/// What of an answer counts here.
struct Answer {
  int status = 0;
  int retry_after = -1;  // seconds; -1: the answer does not say
  bool is_last = false;  // the server closes the connection after it
};

/// Finds the answer at the start of `bytes`. Answers its length; 0 while it is not all there; -1
/// when it is none that this client understands (a body without Content-Length).
int64_t ParseAnswer(std::string_view bytes, Answer* answer);

class Connection {
 public:
  enum class Event { kNothing, kAnswer, kLost };

  Connection(int epoll, uint32_t number) : epoll_(epoll), number_(number) {}
  ~Connection() { Close(); }
  Connection(const Connection&) = delete;

  /// Opens to 127.0.0.1:port; what is sent meanwhile goes out once it is open. False: no socket.
  bool Open(int port);
  void Close();
  bool is_open() const { return socket_ >= 0; }

  /// `request` must stay as it is until the answer is there. False: the connection is lost.
  bool Send(std::string_view request);
  /// To be called with what epoll says of the socket.
  Event On(uint32_t events);
  const Answer& answer() const { return answer_; }

 private:
  bool Write();
  void Watch(bool writable);

  const int epoll_;
  const uint32_t number_;
  int socket_ = -1;
  bool is_writable_watched_ = false;
  std::string_view unsent_;
  std::string received_;
  Answer answer_;
};

}  // namespace cloudpos::bench
