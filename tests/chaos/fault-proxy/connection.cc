#include "tests/chaos/fault-proxy/connection.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <string_view>
#include <utility>

namespace cloudpos::fault_proxy {
namespace {

namespace asio = boost::asio;
using asio::generic::stream_protocol;
using boost::system::error_code;
using Kind = Fault::Kind;

/// How long an ending connection may go on sending before it is closed.
constexpr std::chrono::seconds kEndingMax{1};

stream_protocol::endpoint EndpointOf(asio::io_context& io, const std::string& target) {
  if (target.starts_with('/')) return asio::local::stream_protocol::endpoint(target);
  const size_t colon = target.rfind(':');
  asio::ip::tcp::resolver resolver(io);
  return resolver.resolve(target.substr(0, colon), target.substr(colon + 1)).begin()->endpoint();
}

void CloseSocket(Connection::Socket* socket, bool with_reset) {
  error_code ignored;
  if (with_reset) socket->set_option(asio::socket_base::linger(true, 0), ignored);
  socket->close(ignored);
}

}  // namespace

Connection::Pipe::Pipe(Connection& c, Socket& f, Socket& t, bool up)
    : connection(c), from(f), to(t), is_up(up), timer(c.link_.io_) {}

Connection::Connection(Link& link, asio::ip::tcp::socket client)
    : link_(link),
      client_(std::move(client)),
      target_(link.io_),
      up_(*this, client_, target_, true),
      down_(*this, target_, client_, false),
      ending_(link.io_),
      bytes_left_(link.fault_.number) {}

void Connection::Start() {
  if (link_.fault_.kind == Kind::kRefuse) {
    NoteHit();
    return Reset();
  }
  try {
    const stream_protocol::endpoint endpoint = EndpointOf(link_.io_, link_.route_.target);
    target_.async_connect(endpoint, [self = shared_from_this()](const error_code& error) {
      if (self->is_closed_) return;
      if (error) return self->Reset();
      self->OnConnected();
    });
  } catch (const boost::system::system_error&) {
    Reset();  // the name does not resolve
  }
}

void Connection::OnConnected() {
  for (Socket* socket : {&client_, &target_}) {
    error_code ignored;  // a unix socket has no such option
    socket->set_option(asio::ip::tcp::no_delay(true), ignored);
  }
  up_.Read();
  down_.Read();
}

void Connection::NoteHit() {
  if (hit_no_ == link_.fault_no_) return;
  hit_no_ = link_.fault_no_;
  ++link_.hit_;
}

void Connection::OnFaultChanged() {
  bytes_left_ = link_.fault_.number;
  is_chosen_ = false;
  up_.tail.clear();
  if (has_gap_ && !up_.IsDropping() && !down_.IsDropping()) return Reset();
  for (Pipe* pipe : {&up_, &down_}) {
    pipe->timer.cancel();
    if (std::exchange(pipe->is_held, false)) pipe->Deliver();
  }
}

void Connection::Reset() {
  if (is_closed_) return;
  CloseSocket(&client_, true);
  CloseSocket(&target_, true);
  Close();
}

void Connection::End() {
  if (std::exchange(is_ending_, true)) return;
  // Not closed at once: what is still unread here would make a reset of the end.
  for (Socket* socket : {&client_, &target_}) {
    error_code ignored;
    socket->shutdown(asio::socket_base::shutdown_send, ignored);
  }
  ending_.expires_after(kEndingMax);
  ending_.async_wait([self = shared_from_this()](const error_code&) { self->Close(); });
  for (Pipe* pipe : {&up_, &down_}) {
    pipe->timer.cancel();
    if (std::exchange(pipe->is_held, false)) pipe->Read();
  }
}

void Connection::Close() {
  if (std::exchange(is_closed_, true)) return;
  CloseSocket(&client_, false);
  CloseSocket(&target_, false);
  up_.timer.cancel();
  down_.timer.cancel();
  ending_.cancel();
  link_.open_.erase(shared_from_this());
}

bool Connection::Pipe::IsDropping() const {
  return connection.link_.fault_.kind == (is_up ? Kind::kDropUp : Kind::kDropDown);
}

void Connection::Pipe::Read() {
  from.async_read_some(asio::buffer(buffer),
                       [this, self = connection.shared_from_this()](
                           const error_code& error, size_t count) { OnRead(error, count); });
}

void Connection::Pipe::OnRead(const error_code& error, size_t count) {
  if (connection.is_closed_) return;
  if (error && error != asio::error::eof && connection.link_.fault_.kind != Kind::kStall) {
    return connection.Reset();
  }
  size = error ? 0 : count;
  is_done = static_cast<bool>(error);
  if (connection.is_ending_) {
    if (!is_done) return Read();
    if (connection.up_.is_done && connection.down_.is_done) connection.Close();
    return;
  }
  Deliver();
}

void Connection::Pipe::Deliver() {
  const Fault& fault = connection.link_.fault_;
  if (fault.kind == Kind::kStall) {
    connection.NoteHit();
    is_held = true;
    return;
  }
  if (IsDropping()) {
    connection.NoteHit();
    connection.has_gap_ = true;
    if (!is_done) Read();
    return;
  }
  if (!is_up && connection.is_chosen_) return connection.Reset();
  if (is_up && connection.link_.is_armed_ && HasMarker()) {
    connection.link_.is_armed_ = false;
    connection.is_chosen_ = true;
    connection.NoteHit();
  }
  if (fault.kind == Kind::kDelay && fault.number > 0) {
    connection.NoteHit();
    return DeliverAfter(fault.number);
  }
  if (fault.kind == Kind::kTruncate) {
    if (static_cast<int64_t>(size) >= connection.bytes_left_ && !is_done) {
      return DeliverAndEnd(static_cast<size_t>(connection.bytes_left_));
    }
    connection.bytes_left_ -= static_cast<int64_t>(size);
  }
  Write();
}

/// Whether this piece, or it and the end of the one before, contains the text.
bool Connection::Pipe::HasMarker() {
  const std::string& text = connection.link_.fault_.text;
  tail.append(buffer.data(), size);
  if (tail.find(text) != std::string::npos) return true;
  tail.erase(0, tail.size() - std::min(tail.size(), text.size() - 1));
  return false;
}

void Connection::Pipe::DeliverAfter(int64_t ms) {
  timer.expires_after(std::chrono::milliseconds(ms));
  timer.async_wait([this, self = connection.shared_from_this()](const error_code& error) {
    if (connection.is_closed_ || connection.is_ending_) return;
    // Cancelled: there is another fault now, and what it means to this piece.
    if (error) return Deliver();
    Write();
  });
}

void Connection::Pipe::DeliverAndEnd(size_t count) {
  connection.NoteHit();
  connection.bytes_left_ = 0;
  connection.link_.bytes_ += static_cast<int64_t>(count);
  asio::async_write(to, asio::buffer(buffer.data(), count),
                    [this, self = connection.shared_from_this()](const error_code&, size_t) {
                      if (connection.is_closed_) return;
                      connection.End();
                      Read();
                    });
}

void Connection::Pipe::Write() {
  if (is_done) {
    error_code ignored;
    to.shutdown(asio::socket_base::shutdown_send, ignored);
    if (connection.up_.is_done && connection.down_.is_done) connection.Close();
    return;
  }
  connection.link_.bytes_ += static_cast<int64_t>(size);
  asio::async_write(to, asio::buffer(buffer.data(), size),
                    [this, self = connection.shared_from_this()](const error_code& error, size_t) {
                      if (connection.is_closed_) return;
                      if (error && !connection.is_ending_) return connection.Reset();
                      Read();
                    });
}

}  // namespace cloudpos::fault_proxy
