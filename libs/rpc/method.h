#pragma once

// A method as the server runs it: handler, policy and field paths, checked once at start.

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cloudpos/common/v1/policy.pb.h"
#include "libs/metrics/metrics.h"
#include "libs/rpc/field_path.h"
#include "libs/rpc/server.h"

namespace cloudpos::rpc {

/// Who may call, as one word instead of the policy's three fields.
enum class Access {
  kPublic,    // no token
  kPeer,      // no user: peers only
  kSelf,      // any valid token
  kTenant,    // the permission for the whole tenant
  kStore,     // the permission for the store in the request
  kResource,  // the permission for the store that the handler finds
};

/// Latency by code of one method; the histograms are looked up once each.
class MethodMetrics {
 public:
  MethodMetrics(std::string service, std::string method);
  void Observe(absl::StatusCode code, double seconds);

 private:
  static constexpr size_t kCodes = 17;
  std::string service_;
  std::string method_;
  std::array<std::atomic<prometheus::Histogram*>, kCodes> by_code_{};
};

struct BoundMethod {
  std::string path;   // "/cloudpos.auth.v1.AuthService/SignIn"
  std::string label;  // "AuthService/SignIn"
  MethodTable::Method handler;
  common::v1::Policy policy;
  Access access = Access::kPeer;
  FieldPath store_field;
  FieldPath id_field;
  std::unique_ptr<MethodMetrics> metrics;

  bool is_stream() const { return handler.stream != nullptr; }
  bool needs_token() const { return access != Access::kPublic && access != Access::kPeer; }
};

using BoundMethods = std::map<std::string, std::unique_ptr<BoundMethod>, std::less<>>;  // by path

/// FAILED_PRECONDITION naming every method that lacks a policy or a handler, or whose policy does
/// not fit its messages.
absl::StatusOr<BoundMethods> BindMethods(const std::string& service_name,
                                         const std::vector<MethodTable>& tables);

}  // namespace cloudpos::rpc
