#include "libs/rpc/method.h"

#include <algorithm>

#include "google/protobuf/descriptor.h"
#include "libs/rpc/status.h"

namespace cloudpos::rpc {
namespace {

using common::v1::Policy;
using google::protobuf::DescriptorPool;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;

// Why the policy cannot be enforced, or empty. Sets method->access.
std::string BindAccess(const Policy& policy, BoundMethod* method) {
  const bool has_permission = policy.permission() != common::v1::PERMISSION_UNSPECIFIED;
  const bool is_self = policy.scope() == common::v1::SELF;
  if (has_permission + policy.public_() + is_self > 1) {
    return "permission, public and scope SELF exclude each other";
  }
  if (policy.callers().empty()) return "callers is empty: nobody could call it";
  if (policy.handler_checks() && policy.scope() != common::v1::RESOURCE) {
    return "handler_checks needs scope RESOURCE";
  }
  if (has_permission) {
    switch (policy.scope()) {
      case common::v1::TENANT:
        method->access = Access::kTenant;
        return {};
      case common::v1::STORE:
        method->access = Access::kStore;
        return {};
      case common::v1::RESOURCE:
        method->access = Access::kResource;
        return {};
      default:
        return "a permission needs a scope";
    }
  }
  if (!is_self && policy.scope() != common::v1::SCOPE_UNSPECIFIED)
    return "scope without permission";
  method->access = policy.public_() ? Access::kPublic : is_self ? Access::kSelf : Access::kPeer;
  return {};
}

std::string BindFields(const Policy& policy, const MethodDescriptor& descriptor,
                       BoundMethod* method) {
  if (method->access == Access::kStore) {
    if (policy.store_field().empty()) return "scope STORE without store_field";
    auto path = FieldPath::Resolve(descriptor.input_type(), policy.store_field());
    if (!path.ok()) return "store_field: " + CauseOf(path.status());
    method->store_field = *std::move(path);
  }
  if (!policy.id_field().empty()) {
    auto path = FieldPath::Resolve(descriptor.input_type(), policy.id_field());
    if (!path.ok()) return "id_field: " + CauseOf(path.status());
    method->id_field = *std::move(path);
  }
  return {};
}

std::string BindHandler(const MethodDescriptor& descriptor, const MethodTable& table,
                        BoundMethod* method) {
  const auto& all = table.methods();
  const auto is_it = [&](const MethodTable::Method& m) { return m.name == descriptor.name(); };
  const auto found = std::find_if(all.begin(), all.end(), is_it);
  if (found == all.end()) return "no handler";
  if (std::find_if(found + 1, all.end(), is_it) != all.end()) return "two handlers";
  if (descriptor.client_streaming()) return "client streaming is not served";
  if (descriptor.server_streaming() != (found->stream != nullptr)) {
    return descriptor.server_streaming() ? "needs a stream handler" : "needs a unary handler";
  }
  if (found->request->GetDescriptor() != descriptor.input_type()) {
    return "handler takes " + found->request->GetDescriptor()->full_name();
  }
  if (found->response != nullptr && found->response->GetDescriptor() != descriptor.output_type()) {
    return "handler answers " + found->response->GetDescriptor()->full_name();
  }
  method->handler = *found;
  return {};
}

std::string BindOne(const MethodDescriptor& descriptor, const MethodTable& table,
                    BoundMethod* method) {
  if (!descriptor.options().HasExtension(common::v1::policy)) return "no policy";
  method->policy = descriptor.options().GetExtension(common::v1::policy);
  std::string problem = BindHandler(descriptor, table, method);
  if (problem.empty()) problem = BindAccess(method->policy, method);
  if (problem.empty()) problem = BindFields(method->policy, descriptor, method);
  return problem;
}

void BindTable(const std::string& service_name, const MethodTable& table, BoundMethods* methods,
               std::string* problems) {
  const ServiceDescriptor* service =
      DescriptorPool::generated_pool()->FindServiceByName(table.service());
  if (service == nullptr) {
    *problems += "\n  " + table.service() + ": there is no such service";
    return;
  }
  for (int i = 0; i < service->method_count(); ++i) {
    const MethodDescriptor& descriptor = *service->method(i);
    auto method = std::make_unique<BoundMethod>();
    method->path = "/" + service->full_name() + "/" + descriptor.name();
    method->label = service->name() + "/" + descriptor.name();
    method->metrics = std::make_unique<MethodMetrics>(service_name, method->label);
    const std::string problem = BindOne(descriptor, table, method.get());
    if (!problem.empty()) *problems += "\n  " + method->label + ": " + problem;
    const std::string path = method->path;
    if (!methods->emplace(path, std::move(method)).second) {
      *problems += "\n  " + path + ": served twice";
    }
  }
  for (const MethodTable::Method& method : table.methods()) {
    if (service->FindMethodByName(method.name) == nullptr) {
      *problems += "\n  " + table.service() + ": there is no method " + method.name;
    }
  }
}

}  // namespace

MethodTable::MethodTable(std::string_view service) : service_(service) {}

MethodTable& MethodTable::Bind(std::string_view name, const google::protobuf::Message& request,
                               const google::protobuf::Message* response, UnaryFunction unary,
                               StreamFunction stream) {
  methods_.push_back({.name = std::string(name),
                      .request = &request,
                      .response = response,
                      .unary = std::move(unary),
                      .stream = std::move(stream),
                      .quick = nullptr});
  return *this;
}

MethodMetrics::MethodMetrics(std::string service, std::string method)
    : service_(std::move(service)), method_(std::move(method)) {
  std::replace(service_.begin(), service_.end(), '-', '_');
}

void MethodMetrics::Observe(absl::StatusCode code, double seconds) {
  auto& slot = by_code_[std::min(static_cast<size_t>(code), kCodes - 1)];
  prometheus::Histogram* histogram = slot.load(std::memory_order_acquire);
  if (histogram == nullptr) {
    // Two threads may both look it up; they find the same object.
    histogram = &metrics::Latency("cloudpos_" + service_ + "_rpc_seconds",
                                  "Time of a call from its first byte to its answer.",
                                  {{"method", method_}, {"code", CodeName(code)}});
    slot.store(histogram, std::memory_order_release);
  }
  histogram->Observe(seconds);
}

absl::StatusOr<BoundMethods> BindMethods(const std::string& service_name,
                                         const std::vector<MethodTable>& tables) {
  BoundMethods methods;
  std::string problems;
  for (const MethodTable& table : tables) BindTable(service_name, table, &methods, &problems);
  if (!problems.empty()) return absl::FailedPreconditionError("cannot serve:" + problems);
  return methods;
}

}  // namespace cloudpos::rpc
