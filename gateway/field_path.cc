#include "gateway/field_path.h"

#include "gateway/json_index.h"

namespace cloudpos::gateway {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

template <typename Find>
absl::StatusOr<std::vector<const FieldDescriptor*>> Walk(const Descriptor* type,
                                                         std::string_view text, Find find) {
  std::vector<const FieldDescriptor*> fields;
  std::string_view rest = text;
  while (!rest.empty()) {
    const size_t dot = rest.find('.');
    const FieldDescriptor* field = type == nullptr ? nullptr : find(type, rest.substr(0, dot));
    if (field == nullptr) return absl::InvalidArgumentError("no field " + std::string(text));
    fields.push_back(field);
    const bool is_message = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    type = is_message && !field->is_repeated() ? field->message_type() : nullptr;
    rest = dot == rest.npos ? std::string_view() : rest.substr(dot + 1);
  }
  return fields;
}

}  // namespace

absl::StatusOr<FieldPath> FieldPath::Resolve(const Descriptor* type, std::string_view text) {
  auto fields = Walk(type, text, [](const Descriptor* t, std::string_view name) {
    return t->FindFieldByName(std::string(name));
  });
  if (!fields.ok()) {
    return absl::InvalidArgumentError(type->full_name() + " has " +
                                      std::string(fields.status().message()));
  }
  FieldPath path;
  path.fields_ = *std::move(fields);
  return path;
}

absl::StatusOr<FieldPath> FieldPath::ResolveJson(const Descriptor* type, std::string_view text) {
  auto fields = Walk(type, text, [](const Descriptor* t, std::string_view name) {
    const JsonField* field = IndexOf(t).Find(name, 0);
    return field == nullptr ? nullptr : field->descriptor;
  });
  if (!fields.ok()) return fields.status();
  FieldPath path;
  path.fields_ = *std::move(fields);
  return path;
}

std::string FieldPath::JsonName() const {
  std::string name;
  for (const FieldDescriptor* field : fields_) {
    if (!name.empty()) name += '.';
    name += field->json_name();
  }
  return name;
}

std::string FieldPath::ProtoName() const {
  std::string name;
  for (const FieldDescriptor* field : fields_) {
    if (!name.empty()) name += '.';
    name += field->name();
  }
  return name;
}

Message* FieldPath::MutableParent(Message* root) const {
  for (size_t i = 0; i + 1 < fields_.size(); ++i) {
    root = root->GetReflection()->MutableMessage(root, fields_[i]);
  }
  return root;
}

const Message& FieldPath::Parent(const Message& root) const {
  const Message* at = &root;
  for (size_t i = 0; i + 1 < fields_.size(); ++i) {
    at = &at->GetReflection()->GetMessage(*at, fields_[i]);
  }
  return *at;
}

std::string FieldPath::Text(const Message& root) const {
  const Message& parent = Parent(root);
  const auto* r = parent.GetReflection();
  const FieldDescriptor* f = last();
  switch (f->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return r->GetString(parent, f);
    case FieldDescriptor::CPPTYPE_INT64:
      return std::to_string(r->GetInt64(parent, f));
    case FieldDescriptor::CPPTYPE_INT32:
      return std::to_string(r->GetInt32(parent, f));
    case FieldDescriptor::CPPTYPE_UINT64:
      return std::to_string(r->GetUInt64(parent, f));
    case FieldDescriptor::CPPTYPE_UINT32:
      return std::to_string(r->GetUInt32(parent, f));
    default:
      return "";
  }
}

}  // namespace cloudpos::gateway
