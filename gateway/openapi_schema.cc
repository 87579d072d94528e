#include "gateway/openapi_schema.h"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <optional>

#include "gateway/json_index.h"
#include "gateway/json_writer.h"

namespace cloudpos::gateway {
namespace {

namespace json = boost::json;
using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;

json::object OfScalar(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return {{"type", "integer"}, {"format", "int32"}};
    case FieldDescriptor::CPPTYPE_UINT32:
      return {{"type", "integer"}, {"minimum", 0}, {"maximum", 4294967295}};
    case FieldDescriptor::CPPTYPE_INT64:
      return {{"type", "integer"},
              {"format", "int64"},
              {"minimum", -kJsonIntegerMax},
              {"maximum", kJsonIntegerMax}};
    case FieldDescriptor::CPPTYPE_UINT64:
      return {
          {"type", "integer"}, {"format", "int64"}, {"minimum", 0}, {"maximum", kJsonIntegerMax}};
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return {{"type", "number"}, {"format", "double"}};
    case FieldDescriptor::CPPTYPE_FLOAT:
      return {{"type", "number"}, {"format", "float"}};
    case FieldDescriptor::CPPTYPE_BOOL:
      return {{"type", "boolean"}};
    default:
      break;
  }
  if (field.type() == FieldDescriptor::TYPE_BYTES) {
    return {{"type", "string"}, {"contentEncoding", "base64"}};
  }
  return {{"type", "string"}};
}

/// The forms that are not the type's own object.
std::optional<json::object> OfWellKnown(const MessageIndex& index) {
  switch (index.well_known) {
    case WellKnown::kTimestamp:
      return json::object{{"type", "string"}, {"format", "date-time"}};
    case WellKnown::kDuration:
      return json::object{{"type", "string"}, {"pattern", "^-?[0-9]+([.][0-9]{1,9})?s$"}};
    case WellKnown::kFieldMask:
      return json::object{{"type", "string"}};
    case WellKnown::kStruct:
    case WellKnown::kAny:
      return json::object{{"type", "object"}, {"additionalProperties", true}};
    case WellKnown::kListValue:
      return json::object{{"type", "array"}, {"items", true}};
    case WellKnown::kValue:
      return json::object{};
    case WellKnown::kWrapper:
      return OfScalar(*index.fields[0].descriptor);
    case WellKnown::kNone:
      break;
  }
  if (index.descriptor->full_name() == "google.protobuf.Empty")
    return json::object{{"type", "object"}};
  return std::nullopt;
}

/// What a comment gives as an example: the text between quotes after "e.g.".
std::string ExampleIn(const std::string& comment) {
  for (const char* lead : {"e.g. \"", "E.g. \""}) {
    const size_t at = comment.find(lead);
    if (at == comment.npos) continue;
    const size_t begin = at + 6;
    const size_t end = comment.find('"', begin);
    if (end != comment.npos) return comment.substr(begin, end - begin);
  }
  return "";
}

bool SaysRequired(const std::string& comment) { return comment.rfind("Required", 0) == 0; }

}  // namespace

void SchemaSet::MarkRequest(const Descriptor* type) {
  if (!in_requests_.insert(type).second) return;
  for (int i = 0; i < type->field_count(); ++i) {
    if (type->field(i)->message_type() != nullptr) MarkRequest(type->field(i)->message_type());
  }
}

std::string SchemaSet::NameOf(const std::string& full_name, const std::string& package) {
  std::string& name = names_[full_name];
  if (!name.empty()) return name;
  name = full_name.substr(package.empty() ? 0 : package.size() + 1);
  for (char& c : name) {
    if (c == '.') c = '_';
  }
  if (!taken_.insert(name).second) {
    name = ServiceOfPackage(package) + "_" + name;
    taken_.insert(name);
  }
  return name;
}

json::object SchemaSet::Element(const FieldDescriptor* field) {
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE)
    return OfMessage(field->message_type());
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_ENUM) return OfEnum(field->enum_type());
  return OfScalar(*field);
}

json::object SchemaSet::OfField(const FieldDescriptor* field) {
  if (field->is_map()) {
    const FieldDescriptor* value = field->message_type()->FindFieldByNumber(2);
    return {{"type", "object"}, {"additionalProperties", Element(value)}};
  }
  if (field->is_repeated()) return {{"type", "array"}, {"items", Element(field)}};
  return Element(field);
}

json::object SchemaSet::OfEnum(const EnumDescriptor* type) {
  if (type->full_name() == "google.protobuf.NullValue") return {{"type", "null"}};
  const std::string name = NameOf(type->full_name(), type->file()->package());
  if (schemas_.find(name) == schemas_.end()) {
    json::array values;
    for (int i = 0; i < type->value_count(); ++i) values.emplace_back(type->value(i)->name());
    json::object schema{{"type", "string"}, {"enum", std::move(values)}};
    const std::string comment = comments_.Of(*type);
    if (!comment.empty()) schema["description"] = comment;
    schemas_[name] = std::move(schema);
  }
  return {{"$ref", "#/components/schemas/" + name}};
}

json::object SchemaSet::OfMessage(const Descriptor* type) {
  if (auto known = OfWellKnown(IndexOf(type))) return *std::move(known);
  const std::string name = NameOf(type->full_name(), type->file()->package());
  if (schemas_.find(name) == schemas_.end()) BuildMessage(type, name);
  return {{"$ref", "#/components/schemas/" + name}};
}

void SchemaSet::BuildMessage(const Descriptor* type, const std::string& name) {
  schemas_[name] = {};  // a type may hold itself
  json::object schema = Properties(type, {});
  const std::string comment = comments_.Of(*type);
  if (!comment.empty()) schema["description"] = comment;
  schemas_[name] = std::move(schema);
}

json::object SchemaSet::BodyOf(const Descriptor* type,
                               const std::set<const FieldDescriptor*>& left_out) {
  return left_out.empty() ? OfMessage(type) : Properties(type, left_out);
}

json::object SchemaSet::Properties(const Descriptor* type,
                                   const std::set<const FieldDescriptor*>& left_out) {
  const bool is_request = in_requests_.count(type) > 0;
  json::object properties;
  json::array required;
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (omitted_.count(field) > 0 || left_out.count(field) > 0) continue;
    json::object schema = OfField(field);
    Describe(field, &schema);
    const bool is_required =
        is_request ? SaysRequired(comments_.Of(*field)) : !field->has_presence();
    if (is_required) required.emplace_back(field->json_name());
    properties[field->json_name()] = std::move(schema);
  }
  json::object schema{{"type", "object"}, {"properties", std::move(properties)}};
  if (!required.empty()) schema["required"] = std::move(required);
  return schema;
}

void SchemaSet::Describe(const FieldDescriptor* field, json::object* schema) const {
  std::string comment = comments_.Of(*field);
  const std::string example = ExampleIn(comment);
  const bool is_text =
      field->cpp_type() == FieldDescriptor::CPPTYPE_STRING && !field->is_repeated();
  if (is_text && !example.empty()) (*schema)["examples"] = json::array{example};
  if (const auto* oneof = field->real_containing_oneof(); oneof != nullptr) {
    comment += std::string(comment.empty() ? "" : " ") + "At most one of:";
    for (int i = 0; i < oneof->field_count(); ++i) {
      comment += (i > 0 ? ", " : " ") + oneof->field(i)->json_name();
    }
    comment += ".";
  }
  if (!comment.empty()) (*schema)["description"] = comment;
}

json::object SchemaSet::Take() {
  json::object all;
  for (auto& [name, schema] : schemas_) all[name] = std::move(schema);
  return all;
}

}  // namespace cloudpos::gateway
