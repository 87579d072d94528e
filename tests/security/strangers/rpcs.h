#pragma once

// Every RPC of the contracts, from the linked descriptors: there is no list to forget one in.

#include <string>
#include <vector>

#include "cloudpos/common/v1/policy.pb.h"
#include "google/protobuf/descriptor.h"

namespace cloudpos::strangers {

/// Who may call, by the policy alone. (Read here once more, apart from libs/rpc, which is on
/// trial.)
enum class Access {
  kPublic,    // no token
  kPeer,      // no user: peers only
  kSelf,      // any valid token
  kTenant,    // the permission for the whole tenant
  kStore,     // the permission for the store in the request
  kResource,  // the permission for the store that the handler finds
};

/// A way to call it over HTTP.
struct Binding {
  std::string verb;
  std::string path;  // template: "/v1/sales/{sale_id}"
  std::string body;  // "*", a field, or empty
};

struct Rpc {
  const google::protobuf::MethodDescriptor* method = nullptr;
  std::string process;  // the service that serves it: "auth"
  common::v1::Policy policy{};
  Access access = Access::kPeer;
  std::vector<Binding> bindings{};  // none: not reachable over HTTP

  /// "auth SignIn"
  std::string name() const { return process + " " + method->name(); }
  /// "/cloudpos.auth.v1.AuthService/SignIn"
  std::string path() const { return "/" + method->service()->full_name() + "/" + method->name(); }
  bool IsFor(const std::string& peer) const;
  bool needs_token() const { return access != Access::kPublic && access != Access::kPeer; }
  /// A GET: changes nothing.
  bool is_read() const { return !bindings.empty() && bindings[0].verb == "GET"; }
};

/// In the order of the files. What is defined for all services (the event feed) comes once for each
/// of `processes`. Throws when a method has no policy.
std::vector<Rpc> AllRpcs(const std::vector<std::string>& processes);

/// Names of certificates that some policy lists.
std::vector<std::string> AllCallers(const std::vector<Rpc>& rpcs);

}  // namespace cloudpos::strangers
