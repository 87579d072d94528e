#include "tests/security/strangers/rpcs.h"

#include <algorithm>
#include <set>
#include <stdexcept>

#include "google/api/annotations.pb.h"
#include "google/protobuf/descriptor_database.h"

namespace cloudpos::strangers {
namespace {

using google::api::HttpRule;
using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;
using google::protobuf::MethodDescriptor;

std::vector<const FileDescriptor*> Files() {
  std::vector<std::string> names;
  // The only way protobuf has to list the linked files; public, though named internal.
  DescriptorPool::internal_generated_database()->FindAllFileNames(&names);
  std::sort(names.begin(), names.end());
  std::vector<const FileDescriptor*> files;
  for (const std::string& name : names) {
    if (!name.starts_with("cloudpos/")) continue;
    files.push_back(DescriptorPool::generated_pool()->FindFileByName(name));
  }
  return files;
}

Binding BindingOf(const HttpRule& rule) {
  switch (rule.pattern_case()) {
    case HttpRule::kGet:
      return {"GET", rule.get(), rule.body()};
    case HttpRule::kPut:
      return {"PUT", rule.put(), rule.body()};
    case HttpRule::kPost:
      return {"POST", rule.post(), rule.body()};
    case HttpRule::kDelete:
      return {"DELETE", rule.delete_(), rule.body()};
    case HttpRule::kPatch:
      return {"PATCH", rule.patch(), rule.body()};
    default:
      return {rule.custom().kind(), rule.custom().path(), rule.body()};
  }
}

std::vector<Binding> BindingsOf(const MethodDescriptor& method) {
  if (!method.options().HasExtension(google::api::http)) return {};
  const HttpRule& rule = method.options().GetExtension(google::api::http);
  std::vector<Binding> bindings{BindingOf(rule)};
  for (const HttpRule& other : rule.additional_bindings()) bindings.push_back(BindingOf(other));
  return bindings;
}

Access AccessOf(const common::v1::Policy& policy) {
  if (policy.public_()) return Access::kPublic;
  switch (policy.scope()) {
    case common::v1::SELF:
      return Access::kSelf;
    case common::v1::TENANT:
      return Access::kTenant;
    case common::v1::STORE:
      return Access::kStore;
    case common::v1::RESOURCE:
      return Access::kResource;
    default:
      return Access::kPeer;
  }
}

Rpc RpcOf(const MethodDescriptor& method, const std::string& process) {
  if (!method.options().HasExtension(common::v1::policy)) {
    throw std::runtime_error(method.full_name() + " has no policy");
  }
  Rpc rpc{.method = &method, .process = process};
  rpc.policy = method.options().GetExtension(common::v1::policy);
  rpc.access = AccessOf(rpc.policy);
  rpc.bindings = BindingsOf(method);
  return rpc;
}

/// "cloudpos.auth.v1" -> "auth".
std::string PackageOwner(const FileDescriptor& file) {
  const std::string rest = file.package().substr(file.package().find('.') + 1);
  return rest.substr(0, rest.find('.'));
}

}  // namespace

bool Rpc::IsFor(const std::string& peer) const {
  const auto& callers = policy.callers();
  return std::find(callers.begin(), callers.end(), peer) != callers.end();
}

std::vector<Rpc> AllRpcs(const std::vector<std::string>& processes) {
  std::vector<Rpc> rpcs;
  for (const FileDescriptor* file : Files()) {
    const std::string owner = PackageOwner(*file);
    const bool is_shared = std::find(processes.begin(), processes.end(), owner) == processes.end();
    const auto served_by = is_shared ? processes : std::vector<std::string>{owner};
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        for (const std::string& process : served_by) {
          rpcs.push_back(RpcOf(*file->service(s)->method(m), process));
        }
      }
    }
  }
  return rpcs;
}

std::vector<std::string> AllCallers(const std::vector<Rpc>& rpcs) {
  std::set<std::string> names;
  for (const Rpc& rpc : rpcs)
    names.insert(rpc.policy.callers().begin(), rpc.policy.callers().end());
  return {names.begin(), names.end()};
}

}  // namespace cloudpos::strangers
