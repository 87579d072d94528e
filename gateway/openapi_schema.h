#pragma once

// JSON Schema (2020-12, as OpenAPI 3.1 uses it) of message types, as the transcoder reads and
// writes them.

#include <boost/json/object.hpp>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "gateway/proto_comments.h"
#include "gateway/route.h"
#include "google/protobuf/descriptor.h"

namespace cloudpos::gateway {

class SchemaSet {
 public:
  explicit SchemaSet(const ProtoComments& comments) : comments_(comments) {}

  /// Fields that never appear in JSON (they become cookies).
  void Omit(const google::protobuf::FieldDescriptor* field) { omitted_.insert(field); }
  /// Types that requests use: their fields are required only where their comment says so. Those of
  /// other types are always printed.
  void MarkRequest(const google::protobuf::Descriptor* type);

  /// A schema for values of the field, without description.
  boost::json::object OfField(const google::protobuf::FieldDescriptor* field);
  /// {"$ref": ...} to the type's own schema, or the schema itself for well-known types.
  boost::json::object OfMessage(const google::protobuf::Descriptor* type);
  /// The schema of `type` without the top-level fields `left_out` (they come by path).
  boost::json::object BodyOf(const google::protobuf::Descriptor* type,
                             const std::set<const google::protobuf::FieldDescriptor*>& left_out);

  /// Adds "description" and "examples" from the field's comment.
  void Describe(const google::protobuf::FieldDescriptor* field, boost::json::object* schema) const;

  /// All schemas referred to so far, by name.
  boost::json::object Take();

 private:
  std::string NameOf(const std::string& full_name, const std::string& package);
  boost::json::object Element(const google::protobuf::FieldDescriptor* field);
  boost::json::object Properties(
      const google::protobuf::Descriptor* type,
      const std::set<const google::protobuf::FieldDescriptor*>& left_out);
  void BuildMessage(const google::protobuf::Descriptor* type, const std::string& name);
  boost::json::object OfEnum(const google::protobuf::EnumDescriptor* type);

  const ProtoComments& comments_;
  std::set<const google::protobuf::FieldDescriptor*> omitted_;
  std::set<const google::protobuf::Descriptor*> in_requests_;
  std::map<std::string, std::string> names_;  // by full name
  std::set<std::string> taken_;
  std::map<std::string, boost::json::object> schemas_;
};

}  // namespace cloudpos::gateway
