// What follows from the protos: routes, permissions, error codes, event types.

#include <google/protobuf/descriptor.h>

#include <catch2/catch.hpp>
#include <sstream>

#include "cloudpos/common/v1/error.pb.h"
#include "cloudpos/common/v1/permission.pb.h"
#include "cloudpos/common/v1/policy.pb.h"
#include "gateway/linked_protos.h"
#include "gateway/problem.h"
#include "gateway/route_table.h"
#include "libs/base/error.h"
#include "tests/golden/golden_file.h"

namespace cloudpos::golden {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;

std::vector<std::string> Split(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::string TypeOf(const FieldDescriptor& field) {
  std::string type = field.is_repeated() ? "repeated " : field.has_presence() ? "optional " : "";
  if (field.message_type() != nullptr) return type + field.message_type()->full_name();
  if (field.enum_type() != nullptr) return type + field.enum_type()->full_name();
  return type + field.type_name();
}

void AddMessage(const Descriptor& message, std::vector<std::string>* lines) {
  lines->push_back(message.full_name());
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor& field = *message.field(i);
    lines->push_back("  " + std::to_string(field.number()) + " " + field.name() + " " +
                     TypeOf(field));
  }
  for (int i = 0; i < message.nested_type_count(); ++i) AddMessage(*message.nested_type(i), lines);
}

TEST_CASE("golden: routes", "[golden]") {
  const auto routes = gateway::RouteTable::Build(gateway::LinkedProtoFiles());
  REQUIRE(routes.ok());
  CheckLines("routes.txt", Split(routes->Print()));
}

/// "auth.v1.StaffService/GetStaff tenant staff.read REQUIRED audit from gateway".
std::string PolicyLine(const google::protobuf::MethodDescriptor& method) {
  const common::v1::Policy& policy = method.options().GetExtension(common::v1::policy);
  const auto* permission =
      common::v1::Permission_descriptor()->FindValueByNumber(policy.permission());
  std::string line = method.service()->full_name() + "/" + method.name();
  if (policy.public_()) line += " public";
  if (policy.scope() != common::v1::SCOPE_UNSPECIFIED) {
    line += " " + common::v1::Scope_Name(policy.scope());
  }
  if (permission->number() != 0) {
    line += " " + permission->options().GetExtension(common::v1::permission_name);
  }
  if (!policy.store_field().empty()) line += " of " + policy.store_field();
  if (policy.handler_checks()) line += " checked by the handler";
  if (policy.idempotency() == common::v1::REQUIRED)
    line += " once per " + (policy.id_field().empty() ? "key" : policy.id_field());
  if (policy.audit()) line += " audited";
  line += " from";
  for (const std::string& caller : policy.callers()) line += " " + caller;
  return line;
}

TEST_CASE("golden: policies", "[golden]") {
  std::vector<std::string> lines;
  for (const auto* file : gateway::LinkedProtoFiles()) {
    if (file->name().rfind("cloudpos/", 0) != 0) continue;
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        lines.push_back(PolicyLine(*file->service(s)->method(m)));
      }
    }
  }
  CheckLines("policies.txt", lines);
}

TEST_CASE("golden: permissions and their numbers", "[golden]") {
  const auto* all = common::v1::Permission_descriptor();
  std::vector<std::string> lines;
  for (int i = 1; i < all->value_count(); ++i) {
    const EnumValueDescriptor& value = *all->value(i);
    lines.push_back(std::to_string(value.number()) + " " + value.name() + " " +
                    value.options().GetExtension(common::v1::permission_name));
  }
  CheckLines("permissions.txt", lines);
}

TEST_CASE("golden: error codes and their status", "[golden]") {
  const auto* all = common::v1::ErrorCode_descriptor();
  std::vector<std::string> lines;
  for (int i = 1; i < all->value_count(); ++i) {
    const EnumValueDescriptor& value = *all->value(i);
    const auto status = base::Fail(static_cast<base::ErrorCode>(value.number()), "as asked");
    lines.push_back(std::to_string(value.number()) + " " + value.name() + " " +
                    std::to_string(gateway::HttpStatusOf(status)));
  }
  CheckLines("error_codes.txt", lines);
}

TEST_CASE("golden: event types and their fields", "[golden]") {
  std::vector<std::string> lines;
  for (const auto* file : gateway::LinkedProtoFiles()) {
    if (file->name().rfind("/events.proto") == std::string::npos) continue;
    for (int i = 0; i < file->message_type_count(); ++i) AddMessage(*file->message_type(i), &lines);
  }
  REQUIRE_FALSE(lines.empty());
  CheckLines("event_types.txt", lines);
}

}  // namespace
}  // namespace cloudpos::golden
