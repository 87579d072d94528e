// Path routing and binding: the first line is verb and request target, what follows the first line
// end is the body. Routing must agree with a model that tries each route in turn, and binding must
// put into the message what the path says.

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "gateway/exchange.h"
#include "gateway/http_target.h"
#include "gateway/linked_protos.h"
#include "gateway/problem.h"
#include "gateway/request_binding.h"
#include "gateway/route_table.h"
#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "tests/fuzz/target.h"

namespace cloudpos::fuzz {
namespace {

using gateway::Exchange;
using gateway::PathTemplate;
using gateway::RequestHead;
using gateway::Route;
using gateway::RouteMatch;
using gateway::RouteTable;
using Kind = PathTemplate::Segment::Kind;

const RouteTable& Table() {
  static const RouteTable table = *RouteTable::Build(gateway::LinkedProtoFiles());
  return table;
}

std::vector<std::string> Segments(std::string_view path) {
  std::vector<std::string> segments;
  size_t begin = 1;
  while (begin <= path.size()) {
    const size_t end = std::min(path.find('/', begin), path.size());
    segments.push_back(gateway::PercentDecode(path.substr(begin, end - begin), false).value_or(""));
    begin = end + 1;
  }
  return segments;
}

bool Fits(const PathTemplate& pattern, const std::vector<std::string>& segments) {
  for (size_t i = 0; i < pattern.segments.size(); ++i) {
    const PathTemplate::Segment& wanted = pattern.segments[i];
    if (wanted.kind == Kind::kRest) return true;
    if (i >= segments.size()) return false;
    if (wanted.kind == Kind::kOne ? segments[i].empty() : segments[i] != wanted.literal) {
      return false;
    }
  }
  return segments.size() == pattern.segments.size();
}

/// Whether pattern `a` wins over `b` where both fit: the first difference decides.
bool Wins(const PathTemplate& a, const PathTemplate& b) {
  for (size_t i = 0; i < std::min(a.segments.size(), b.segments.size()); ++i) {
    if (a.segments[i].kind != b.segments[i].kind) return a.segments[i].kind < b.segments[i].kind;
  }
  return a.segments.size() > b.segments.size();
}

const Route* Model(const std::string& verb, const std::string& custom, std::string_view path) {
  const Route* best = nullptr;
  for (const auto& route : Table().routes()) {
    const bool fits =
        route->verb == verb && route->path.verb == custom && Fits(route->path, Segments(path));
    if (fits && (best == nullptr || Wins(route->path, best->path))) best = route.get();
  }
  return best;
}

const Route* Model(std::string verb, std::string_view path) {
  if (verb == "HEAD") verb = "GET";
  const size_t colon = path.rfind(':');
  if (colon != path.npos && path.find('/', colon) == path.npos) {
    const Route* route = Model(verb, std::string(path.substr(colon + 1)), path.substr(0, colon));
    if (route != nullptr) return route;
  }
  return Model(verb, "", path);
}

void CheckMatch(const RequestHead& head, const RouteMatch& match) {
  const std::string what = std::string(head.method) + " " + std::string(head.path);
  const Route* expected = head.path == "*" ? nullptr : Model(std::string(head.method), head.path);
  Check(match.route == expected, "routing: as the model says", what);
  if (match.route == nullptr) return;
  Check(match.allowed.empty(), "routing: found, so no other verbs are offered", what);
  Check(match.values.size() == match.route->variables.size(), "routing: a value each", what);
  for (const std::string& value : match.values) {
    Check(value.find('\0') == value.npos, "routing: no NUL in a variable", what);
  }
}

void CheckRefusal(const absl::Status& status, const std::string& what) {
  const base::ErrorInfo info = base::InfoOf(status);
  Check(base::IsValidUtf8(info.detail) && base::IsValidUtf8(info.hint), "refusal: UTF-8", what);
  for (const auto& violation : info.fields) {
    Check(base::IsValidUtf8(violation.field), "refusal: a path in valid UTF-8", what);
  }
  const int http = gateway::HttpStatusOf(status);
  Check(http >= 400 && http < 500, "refusal: the client's fault", what);
}

void CheckBinding(Exchange* exchange) {
  const Route& route = exchange->route();
  const std::string what = std::string(exchange->head().method) + " " +
                           std::string(exchange->head().target) + "\n" + exchange->request.body;
  const std::unique_ptr<google::protobuf::Message> message(route.request->New());
  const absl::Status status = gateway::BindRequest(exchange, message.get());
  if (!status.ok()) return CheckRefusal(status, what);
  const std::unique_ptr<google::protobuf::Message> back(message->New());
  Check(back->ParsePartialFromString(message->SerializePartialAsString()),
        "binding: a valid message", what);
  for (size_t i = 0; i < route.variables.size(); ++i) {
    if (route.variables[i].last()->cpp_type() !=
        google::protobuf::FieldDescriptor::CPPTYPE_STRING) {
      continue;
    }
    Check(route.variables[i].Text(*message) == exchange->match.values[i],
          "binding: the path has the last word", what);
  }
}

void Run(std::string_view input) {
  const size_t end = std::min(input.find('\n'), input.size());
  const std::string_view line = input.substr(0, end);
  const size_t blank = std::min(line.find(' '), line.size());
  Exchange exchange;
  auto head = std::make_shared<RequestHead>();
  head->block = std::string(line);
  const std::string_view block = head->block;
  head->method = block.substr(0, blank);
  const absl::Status status =
      gateway::SplitTarget(block.substr(std::min(blank + 1, block.size())), head.get());
  if (!status.ok()) return CheckRefusal(status, std::string(line));
  head->headers.push_back({"content-type", "application/json"});
  exchange.match = Table().Find(head->method, head->path);
  CheckMatch(*head, exchange.match);
  if (exchange.match.route == nullptr) return;
  exchange.request.head = head;
  exchange.request.body = std::string(input.substr(std::min(end + 1, input.size())));
  CheckBinding(&exchange);
}

/// A request for some route, with plausible variables.
std::string Invent(std::string_view, unsigned seed) {
  const auto& routes = Table().routes();
  const Route& route = *routes[seed % routes.size()];
  std::string path;
  for (const PathTemplate::Segment& segment : route.path.segments) {
    path += "/";
    path +=
        segment.kind == Kind::kLiteral ? segment.literal : "0190a6c0-0000-7000-8000-000000000001";
  }
  if (!route.path.verb.empty()) path += ":" + route.path.verb;
  if (route.body == Route::Body::kNone) return route.verb + " " + path + "?pageSize=2&pageToken=a";
  return route.verb + " " + path + "\n{}";
}

}  // namespace

const Target kRoute{.run = Run, .invent = Invent};

}  // namespace cloudpos::fuzz
