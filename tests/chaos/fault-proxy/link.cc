#include "tests/chaos/fault-proxy/link.h"

#include <algorithm>
#include <boost/asio/socket_base.hpp>
#include <charconv>
#include <iterator>
#include <utility>

#include "tests/chaos/fault-proxy/connection.h"

namespace cloudpos::fault_proxy {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Kind = Fault::Kind;

struct KindName {
  Kind kind;
  const char* name;
  char argument;  // 'n' a number, 't' a text, 0 none
};

constexpr KindName kKinds[] = {
    {Kind::kNone, "heal", 0},
    {Kind::kRefuse, "refuse", 0},
    {Kind::kReset, "reset", 0},
    {Kind::kStall, "stall", 0},
    {Kind::kDelay, "delay", 'n'},
    {Kind::kTruncate, "truncate", 'n'},
    {Kind::kDropUp, "drop-up", 0},
    {Kind::kDropDown, "drop-down", 0},
    {Kind::kCutReply, "cut-reply", 't'},
};

template <typename Number>
bool ParseNumber(std::string_view text, Number* out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return error == std::errc() && end == text.data() + text.size();
}

bool IsName(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

}  // namespace

std::optional<Route> Route::Parse(std::string_view text) {
  const size_t equals = text.find('=');
  const size_t colon = text.find(':', equals == std::string_view::npos ? 0 : equals);
  if (equals == std::string_view::npos || colon == std::string_view::npos) return std::nullopt;
  Route route;
  route.name = text.substr(0, equals);
  route.target = text.substr(colon + 1);
  if (!IsName(route.name) ||
      !ParseNumber(text.substr(equals + 1, colon - equals - 1), &route.port)) {
    return std::nullopt;
  }
  const bool is_path = route.target.starts_with('/');
  if (!is_path && route.target.find(':') == std::string::npos) return std::nullopt;
  return route;
}

std::optional<Fault> Fault::Parse(std::string_view command) {
  const size_t blank = std::min(command.find(' '), command.size());
  const std::string_view argument = command.substr(std::min(blank + 1, command.size()));
  for (const KindName& known : kKinds) {
    if (command.substr(0, blank) != known.name) continue;
    Fault fault{.kind = known.kind};
    if (known.argument == 0) return argument.empty() ? std::optional(fault) : std::nullopt;
    if (known.argument == 'n') {
      const bool is_good = ParseNumber(argument, &fault.number) && fault.number >= 0;
      return is_good ? std::optional(fault) : std::nullopt;
    }
    fault.text = argument;
    return argument.empty() ? std::nullopt : std::optional(fault);
  }
  return std::nullopt;
}

const char* Fault::name() const {
  return std::find_if(std::begin(kKinds), std::end(kKinds),
                      [this](const KindName& known) { return known.kind == kind; })
      ->name;
}

Link::Link(asio::io_context& io, Route route)
    : io_(io),
      route_(std::move(route)),
      acceptor_(io, tcp::endpoint(asio::ip::address_v4::loopback(), route_.port)) {
  Accept();
}

Link::~Link() {
  acceptor_.close();
  ResetAll();
}

uint16_t Link::port() const { return acceptor_.local_endpoint().port(); }

void Link::Accept() {
  acceptor_.async_accept([this](const boost::system::error_code& error, tcp::socket client) {
    if (error == asio::error::operation_aborted) return;
    if (!error) {
      ++accepted_;
      const auto connection = std::make_shared<Connection>(*this, std::move(client));
      open_.insert(connection);
      connection->Start();
    }
    Accept();
  });
}

void Link::ResetAll() {
  for (const auto& connection : std::set(open_)) connection->Reset();
}

void Link::Set(const Fault& fault) {
  fault_ = fault;
  ++fault_no_;
  is_armed_ = fault.kind == Kind::kCutReply;
  hit_ = fault.kind == Kind::kReset ? static_cast<int64_t>(open_.size()) : 0;
  if (fault.kind == Kind::kReset) return ResetAll();
  for (const auto& connection : std::set(open_)) connection->OnFaultChanged();
}

std::string Link::Stats() const {
  return "{\"name\":\"" + route_.name + "\",\"fault\":\"" + fault_.name() +
         "\",\"open\":" + std::to_string(open_.size()) +
         ",\"accepted\":" + std::to_string(accepted_) + ",\"hit\":" + std::to_string(hit_) +
         ",\"bytes\":" + std::to_string(bytes_) + "}";
}

}  // namespace cloudpos::fault_proxy
