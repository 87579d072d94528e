#pragma once

// One HTTP binding of one RPC, with everything the gateway needs to serve it worked out at start.

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cloudpos/common/v1/policy.pb.h"
#include "gateway/field_path.h"
#include "gateway/path_template.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace google::api {
class HttpRule;
}

namespace cloudpos::gateway {

struct Route {
  enum class Body { kNone, kWhole, kField };

  std::string verb;     // "POST"
  std::string pattern;  // "/v1/toys/{toy_id}:break"
  PathTemplate path;
  std::string service;  // "toy", from the package
  std::string rpc;      // "/cloudpos.toy.v1.ToyService/BreakToy"
  const google::protobuf::MethodDescriptor* method = nullptr;
  const common::v1::Policy* policy = nullptr;
  const google::protobuf::Message* request = nullptr;  // prototypes
  const google::protobuf::Message* response = nullptr;
  bool is_streaming = false;
  bool is_additional = false;  // of additional_bindings

  Body body = Body::kNone;
  FieldPath body_field;
  std::vector<FieldPath> variables;  // parallel to path.variables
  FieldPath raw_request;             // the RawBody field; empty when the request itself is one
  FieldPath etag;
  FieldPath account;
  FieldPath cookie_request;
  FieldPath cookie_response;
  FieldPath cookie_max_age;

  bool needs_token() const { return !policy->public_(); }
  bool uses_cookie() const { return policy->has_cookie(); }
};

/// Works one binding out; INVALID_ARGUMENT when option and messages do not fit together.
absl::StatusOr<Route> MakeRoute(const google::protobuf::MethodDescriptor* method,
                                const google::api::HttpRule& rule);

/// "auth" from "cloudpos.auth.v1"; empty for other packages.
std::string ServiceOfPackage(const std::string& package);

}  // namespace cloudpos::gateway
