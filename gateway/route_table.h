#pragma once

// All HTTP bindings of all linked services, found by path and verb. Built once; read by all
// threads.
//
// Precedence is the same whatever the order of declaration: at each segment a literal wins over
// {one} over {rest=**}, and a path that ends in a custom verb (":void") is first sought with it.

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/route.h"

namespace cloudpos::gateway {

struct RouteMatch {
  const Route* route = nullptr;
  std::vector<std::string> values;   // of the variables, decoded
  std::vector<std::string> allowed;  // verbs offered by the path when none fits; sorted
};

class RouteTable {
 public:
  /// Every method of `files` that the gateway may call and that has an HTTP rule. INVALID_ARGUMENT
  /// when one has no policy, or two bindings are the same.
  static absl::StatusOr<RouteTable> Build(
      const std::vector<const google::protobuf::FileDescriptor*>& files);

  RouteMatch Find(std::string_view verb, std::string_view raw_path) const;

  /// Whether routes begin with the path's first segment: such a path is never a page.
  bool OwnsPrefixOf(std::string_view raw_path) const;

  /// By pattern, then verb.
  const std::vector<std::unique_ptr<Route>>& routes() const { return routes_; }
  /// Names of the services that the routes lead to, sorted.
  std::vector<std::string> Services() const;
  /// One line per route: verb, path, rpc, permission, rate class.
  std::string Print() const;

 private:
  struct Node {
    std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
    std::unique_ptr<Node> one;
    std::unique_ptr<Node> rest;
    // By custom verb, then HTTP verb.
    std::map<std::string, std::map<std::string, const Route*, std::less<>>, std::less<>> routes;
  };
  struct Search;

  absl::Status AddMethod(const google::protobuf::MethodDescriptor* method);
  absl::Status Insert(std::unique_ptr<Route> route);
  static bool Walk(const Node& node, size_t depth, Search* search);
  static bool Accept(const Node& node, Search* search);

  std::vector<std::unique_ptr<Route>> routes_;
  std::unique_ptr<Node> root_ = std::make_unique<Node>();
};

}  // namespace cloudpos::gateway
