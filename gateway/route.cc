#include "gateway/route.h"

#include "google/api/annotations.pb.h"
#include "libs/base/status_macros.h"

namespace cloudpos::gateway {
namespace {

using google::api::HttpRule;
using google::protobuf::FieldDescriptor;
using google::protobuf::MessageFactory;
using google::protobuf::MethodDescriptor;

constexpr char kRawBody[] = "cloudpos.common.v1.RawBody";

absl::Status Wrong(const Route& route, const std::string& why) {
  return absl::InvalidArgumentError(route.method->full_name() + " (" + route.verb + " " +
                                    route.pattern + "): " + why);
}

absl::Status SetPattern(const HttpRule& rule, Route* route) {
  switch (rule.pattern_case()) {
    case HttpRule::kGet:
      route->verb = "GET";
      route->pattern = rule.get();
      return absl::OkStatus();
    case HttpRule::kPut:
      route->verb = "PUT";
      route->pattern = rule.put();
      return absl::OkStatus();
    case HttpRule::kPost:
      route->verb = "POST";
      route->pattern = rule.post();
      return absl::OkStatus();
    case HttpRule::kDelete:
      route->verb = "DELETE";
      route->pattern = rule.delete_();
      return absl::OkStatus();
    case HttpRule::kPatch:
      route->verb = "PATCH";
      route->pattern = rule.patch();
      return absl::OkStatus();
    default:
      return Wrong(*route, "a rule needs get, put, post, delete or patch");
  }
}

absl::Status SetBody(const HttpRule& rule, Route* route) {
  if (rule.body().empty()) return absl::OkStatus();
  if (route->verb == "GET") return Wrong(*route, "GET has no body");
  if (rule.body() == "*") {
    route->body = Route::Body::kWhole;
    return absl::OkStatus();
  }
  route->body = Route::Body::kField;
  CLOUDPOS_ASSIGN_OR_RETURN(route->body_field,
                            FieldPath::Resolve(route->request->GetDescriptor(), rule.body()));
  const FieldDescriptor* field = route->body_field.last();
  if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || field->is_repeated()) {
    return Wrong(*route, "the body must be a message field");
  }
  return absl::OkStatus();
}

absl::Status SetRaw(Route* route) {
  if (route->policy->raw_request()) {
    if (route->body == Route::Body::kField) route->raw_request = route->body_field;
    const auto* type = route->raw_request.empty() ? route->request->GetDescriptor()
                                                  : route->raw_request.last()->message_type();
    if (type->full_name() != kRawBody) return Wrong(*route, "raw_request needs a RawBody");
  }
  if (route->policy->raw_response() && !route->is_streaming &&
      route->response->GetDescriptor()->full_name() != kRawBody) {
    return Wrong(*route, "raw_response needs a RawBody");
  }
  return absl::OkStatus();
}

absl::Status SetPolicyFields(Route* route) {
  const auto* request = route->request->GetDescriptor();
  const auto* response = route->response->GetDescriptor();
  const common::v1::Policy& policy = *route->policy;
  CLOUDPOS_ASSIGN_OR_RETURN(route->etag, FieldPath::Resolve(response, policy.etag_field()));
  CLOUDPOS_ASSIGN_OR_RETURN(route->account, FieldPath::Resolve(request, policy.account_field()));
  const common::v1::CookiePolicy& cookie = policy.cookie();
  CLOUDPOS_ASSIGN_OR_RETURN(route->cookie_request,
                            FieldPath::Resolve(request, cookie.request_field()));
  CLOUDPOS_ASSIGN_OR_RETURN(route->cookie_response,
                            FieldPath::Resolve(response, cookie.response_field()));
  CLOUDPOS_ASSIGN_OR_RETURN(route->cookie_max_age,
                            FieldPath::Resolve(response, cookie.max_age_field()));
  for (const FieldPath* path : {&route->account, &route->cookie_request, &route->cookie_response}) {
    if (!path->empty() && path->last()->type() != FieldDescriptor::TYPE_STRING) {
      return Wrong(*route, path->ProtoName() + " must be a string");
    }
  }
  if (policy.rate_class() == common::v1::RATE_CLASS_UNSPECIFIED) {
    return Wrong(*route, "the policy names no rate_class");
  }
  return absl::OkStatus();
}

}  // namespace

std::string ServiceOfPackage(const std::string& package) {
  const std::string prefix = "cloudpos.";
  if (package.rfind(prefix, 0) != 0) return "";
  const size_t end = package.find('.', prefix.size());
  if (end == package.npos) return "";
  return package.substr(prefix.size(), end - prefix.size());
}

absl::StatusOr<Route> MakeRoute(const MethodDescriptor* method, const HttpRule& rule) {
  Route route;
  route.method = method;
  route.policy = &method->options().GetExtension(common::v1::policy);
  CLOUDPOS_RETURN_IF_ERROR(SetPattern(rule, &route));
  CLOUDPOS_ASSIGN_OR_RETURN(route.path, PathTemplate::Parse(route.pattern));
  if (method->client_streaming()) return Wrong(route, "a client stream cannot come over HTTP");
  route.is_streaming = method->server_streaming();
  route.service = ServiceOfPackage(method->file()->package());
  if (route.service.empty()) return Wrong(route, "the package must be cloudpos.<service>.v1");
  route.rpc = "/" + method->service()->full_name() + "/" + method->name();
  MessageFactory* factory = MessageFactory::generated_factory();
  route.request = factory->GetPrototype(method->input_type());
  route.response = factory->GetPrototype(method->output_type());
  CLOUDPOS_RETURN_IF_ERROR(SetBody(rule, &route));
  CLOUDPOS_RETURN_IF_ERROR(SetRaw(&route));
  CLOUDPOS_RETURN_IF_ERROR(SetPolicyFields(&route));
  for (const PathTemplate::Variable& variable : route.path.variables) {
    CLOUDPOS_ASSIGN_OR_RETURN(FieldPath path,
                              FieldPath::Resolve(method->input_type(), variable.field));
    if (path.last()->is_repeated()) return Wrong(route, variable.field + " is repeated");
    route.variables.push_back(std::move(path));
  }
  return route;
}

}  // namespace cloudpos::gateway
