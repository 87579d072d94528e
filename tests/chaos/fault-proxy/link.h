#pragma once

// One edge between two processes: a listening port, and where its connections go. It forwards
// bytes, or does what its current fault says.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace cloudpos::fault_proxy {

/// NAME=LISTENPORT:TARGET, TARGET is host:port or the path of a unix socket. Port 0: any.
struct Route {
  std::string name;
  uint16_t port = 0;
  std::string target;

  static std::optional<Route> Parse(std::string_view text);
};

struct Fault {
  enum class Kind {
    kNone,
    kRefuse,    // new connections are reset at once, the others go on
    kReset,     // those open at the time were reset
    kStall,     // nothing goes either way, no end of a connection either
    kDelay,     // every piece waits `number` ms
    kTruncate,  // a connection ends after `number` more bytes
    kDropUp,    // what clients send is swallowed
    kDropDown,  // what they would get is
    kCutReply,  // the client whose message contains `text` gets no reply but a reset; once
  };
  Kind kind = Kind::kNone;
  int64_t number = 0;
  std::string text;

  /// "stall", "delay 50", "cut-reply COMMIT" ...; nullopt for anything else.
  static std::optional<Fault> Parse(std::string_view command);
  const char* name() const;
};

class Connection;

class Link {
 public:
  /// Throws when the port cannot be had or the target does not resolve.
  Link(boost::asio::io_context& io, Route route);
  ~Link();
  Link(const Link&) = delete;

  const std::string& name() const { return route_.name; }
  uint16_t port() const;

  /// What was held back goes on, connections that have lost bytes are reset; then `fault` holds.
  void Set(const Fault& fault);
  /// {"name":"pg","fault":"stall","open":3,"accepted":9,"hit":2,"bytes":512}: `hit` is the number
  /// of connections that have felt the current fault.
  std::string Stats() const;

 private:
  friend class Connection;

  void Accept();
  void ResetAll();

  boost::asio::io_context& io_;
  const Route route_;
  boost::asio::ip::tcp::acceptor acceptor_;
  Fault fault_;
  uint64_t fault_no_ = 0;  // tells the connections' hits of one fault from those of the one before
  bool is_armed_ = false;  // kCutReply: nobody was chosen yet
  int64_t accepted_ = 0;
  int64_t hit_ = 0;
  int64_t bytes_ = 0;
  std::set<std::shared_ptr<Connection>> open_;
};

}  // namespace cloudpos::fault_proxy
