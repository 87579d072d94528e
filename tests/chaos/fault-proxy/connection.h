#pragma once

// A client's connection and the one made for it to the target.

#include <array>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>

#include "tests/chaos/fault-proxy/link.h"

namespace cloudpos::fault_proxy {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;

  Connection(Link& link, boost::asio::ip::tcp::socket client);

  void Start();
  /// Both sides see a reset.
  void Reset();
  /// The link's fault is another one now.
  void OnFaultChanged();

 private:
  /// One direction. It reads, decides, writes and reads again: there is never more than one piece
  /// under way.
  struct Pipe {
    Pipe(Connection& c, Socket& f, Socket& t, bool up);

    void Read();
    void OnRead(const boost::system::error_code& error, size_t count);
    /// Does with the piece in the buffer what the fault says.
    void Deliver();
    void DeliverAfter(int64_t ms);
    void DeliverAndEnd(size_t count);
    void Write();
    bool IsDropping() const;
    bool HasMarker();

    Connection& connection;
    Socket& from;
    Socket& to;
    const bool is_up;
    std::array<char, 65536> buffer;
    size_t size = 0;  // 0 with is_held or is_done: the end of the stream
    bool is_held = false;
    bool is_done = false;
    std::string tail;  // of the piece before, where a marker may begin
    boost::asio::steady_timer timer;
  };

  void OnConnected();
  void NoteHit();
  /// Both sides see an end, whatever is under way.
  void End();
  void Close();

  Link& link_;
  Socket client_;
  Socket target_;
  Pipe up_;
  Pipe down_;
  boost::asio::steady_timer ending_;
  uint64_t hit_no_ = 0;     // the fault it was counted for
  int64_t bytes_left_;      // kTruncate
  bool is_chosen_ = false;  // kCutReply: the next reply is cut
  bool has_gap_ = false;    // bytes were swallowed: it cannot go on
  bool is_ending_ = false;
  bool is_closed_ = false;
};

}  // namespace cloudpos::fault_proxy
