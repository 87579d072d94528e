#include "gateway/route_table.h"

#include <algorithm>
#include <set>

#include "gateway/http_target.h"
#include "google/api/annotations.pb.h"
#include "libs/base/status_macros.h"
#include "libs/rpc/metadata.h"

namespace cloudpos::gateway {
namespace {

using google::protobuf::FileDescriptor;
using google::protobuf::MethodDescriptor;
using Kind = PathTemplate::Segment::Kind;

bool IsOffered(const common::v1::Policy& policy) {
  return std::find(policy.callers().begin(), policy.callers().end(), rpc::kGatewayName) !=
         policy.callers().end();
}

std::vector<std::string> SplitPath(std::string_view path) {
  std::vector<std::string> segments;
  size_t begin = 1;
  while (begin <= path.size()) {
    const size_t end = std::min(path.find('/', begin), path.size());
    segments.push_back(PercentDecode(path.substr(begin, end - begin), false).value_or(""));
    begin = end + 1;
  }
  return segments;
}

std::string PermissionName(const common::v1::Policy& policy) {
  if (policy.public_()) return "public";
  if (policy.permission() == common::v1::PERMISSION_UNSPECIFIED) return "signed-in";
  const auto* value = common::v1::Permission_descriptor()->FindValueByNumber(policy.permission());
  return value->options().GetExtension(common::v1::permission_name);
}

}  // namespace

struct RouteTable::Search {
  std::string_view verb;
  std::string custom;
  std::vector<std::string> segments;
  const Route* found = nullptr;
  std::set<std::string> allowed;
};

absl::StatusOr<RouteTable> RouteTable::Build(const std::vector<const FileDescriptor*>& files) {
  RouteTable table;
  for (const FileDescriptor* file : files) {
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        CLOUDPOS_RETURN_IF_ERROR(table.AddMethod(file->service(s)->method(m)));
      }
    }
  }
  std::sort(table.routes_.begin(), table.routes_.end(), [](const auto& a, const auto& b) {
    return std::tie(a->pattern, a->verb) < std::tie(b->pattern, b->verb);
  });
  return table;
}

absl::Status RouteTable::AddMethod(const MethodDescriptor* method) {
  if (!method->options().HasExtension(google::api::http)) return absl::OkStatus();
  if (!method->options().HasExtension(common::v1::policy)) {
    return absl::InvalidArgumentError(method->full_name() + " has an HTTP rule and no policy");
  }
  if (!IsOffered(method->options().GetExtension(common::v1::policy))) return absl::OkStatus();
  const google::api::HttpRule& rule = method->options().GetExtension(google::api::http);
  CLOUDPOS_ASSIGN_OR_RETURN(Route route, MakeRoute(method, rule));
  CLOUDPOS_RETURN_IF_ERROR(Insert(std::make_unique<Route>(std::move(route))));
  for (const google::api::HttpRule& other : rule.additional_bindings()) {
    CLOUDPOS_ASSIGN_OR_RETURN(Route additional, MakeRoute(method, other));
    additional.is_additional = true;
    CLOUDPOS_RETURN_IF_ERROR(Insert(std::make_unique<Route>(std::move(additional))));
  }
  return absl::OkStatus();
}

absl::Status RouteTable::Insert(std::unique_ptr<Route> route) {
  Node* node = root_.get();
  for (const PathTemplate::Segment& segment : route->path.segments) {
    std::unique_ptr<Node>& next = segment.kind == Kind::kLiteral ? node->literals[segment.literal]
                                  : segment.kind == Kind::kOne   ? node->one
                                                                 : node->rest;
    if (next == nullptr) next = std::make_unique<Node>();
    node = next.get();
  }
  const Route*& slot = node->routes[route->path.verb][route->verb];
  if (slot != nullptr) {
    return absl::InvalidArgumentError(route->rpc + " and " + slot->rpc + " have the same binding " +
                                      route->verb + " " + route->pattern);
  }
  slot = route.get();
  routes_.push_back(std::move(route));
  return absl::OkStatus();
}

bool RouteTable::Accept(const Node& node, Search* search) {
  const auto verbs = node.routes.find(search->custom);
  if (verbs == node.routes.end()) return false;
  const auto found = verbs->second.find(search->verb);
  if (found != verbs->second.end()) {
    search->found = found->second;
    return true;
  }
  for (const auto& [verb, route] : verbs->second) search->allowed.insert(verb);
  return false;
}

bool RouteTable::Walk(const Node& node, size_t depth, Search* search) {
  if (depth == search->segments.size()) return Accept(node, search);
  const std::string& segment = search->segments[depth];
  const auto literal = node.literals.find(segment);
  if (literal != node.literals.end() && Walk(*literal->second, depth + 1, search)) return true;
  if (node.one != nullptr && !segment.empty() && Walk(*node.one, depth + 1, search)) return true;
  return node.rest != nullptr && Accept(*node.rest, search);
}

RouteMatch RouteTable::Find(std::string_view verb, std::string_view raw_path) const {
  if (raw_path.empty() || raw_path.front() != '/') return {};
  Search search;
  // HEAD is GET without the body (RFC 9110 section 9.3.2).
  search.verb = verb == "HEAD" ? "GET" : verb;
  const size_t colon = raw_path.rfind(':');
  bool is_found = false;
  if (colon != raw_path.npos && raw_path.find('/', colon) == raw_path.npos) {
    search.custom = raw_path.substr(colon + 1);
    search.segments = SplitPath(raw_path.substr(0, colon));
    is_found = Walk(*root_, 0, &search);
  }
  if (!is_found) {
    search.custom.clear();
    search.segments = SplitPath(raw_path);
    is_found = Walk(*root_, 0, &search);
  }
  RouteMatch match;
  match.route = search.found;
  if (!is_found) {
    match.allowed.assign(search.allowed.begin(), search.allowed.end());
    return match;
  }
  for (const PathTemplate::Variable& variable : match.route->path.variables) {
    const bool is_rest = match.route->path.segments[variable.end - 1].kind == Kind::kRest;
    const size_t end = is_rest ? search.segments.size() : variable.end;
    std::string value;
    for (size_t i = variable.begin; i < end; ++i) {
      if (i > variable.begin) value += '/';
      value += search.segments[i];
    }
    match.values.push_back(std::move(value));
  }
  return match;
}

bool RouteTable::OwnsPrefixOf(std::string_view raw_path) const {
  if (raw_path.empty()) return false;
  const std::string_view first = raw_path.substr(1, raw_path.find('/', 1) - 1);
  return root_->literals.find(first) != root_->literals.end();
}

std::vector<std::string> RouteTable::Services() const {
  std::set<std::string> names;
  for (const auto& route : routes_) names.insert(route->service);
  return {names.begin(), names.end()};
}

std::string RouteTable::Print() const {
  std::string text;
  for (const auto& route : routes_) {
    text += route->verb + " " + route->pattern + " " + route->rpc.substr(1) + " " +
            PermissionName(*route->policy) + " " +
            common::v1::RateClass_Name(route->policy->rate_class()) + "\n";
  }
  return text;
}

}  // namespace cloudpos::gateway
