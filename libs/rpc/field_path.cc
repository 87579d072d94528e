#include "libs/rpc/field_path.h"

#include "google/protobuf/descriptor.h"

namespace cloudpos::rpc {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

absl::StatusOr<FieldPath> FieldPath::Resolve(const google::protobuf::Descriptor* type,
                                             std::string_view dotted) {
  FieldPath path;
  const auto wrong = [&](const std::string& what) {
    return absl::InvalidArgumentError("field \"" + std::string(dotted) + "\": " + what);
  };
  while (true) {
    const size_t dot = dotted.find('.');
    const std::string name(dotted.substr(0, dot));
    const FieldDescriptor* field = type->FindFieldByName(name);
    if (field == nullptr) return wrong(type->full_name() + " has no field " + name);
    if (field->is_repeated()) return wrong(name + " is repeated");
    path.fields_.push_back(field);
    path.json_ += (path.json_.empty() ? "" : ".") + field->json_name();
    if (dot == std::string_view::npos) {
      if (field->type() != FieldDescriptor::TYPE_STRING) return wrong(name + " is not a string");
      return path;
    }
    if (field->type() != FieldDescriptor::TYPE_MESSAGE) return wrong(name + " is not a message");
    type = field->message_type();
    dotted.remove_prefix(dot + 1);
  }
}

std::string FieldPath::Get(const Message& message) const {
  const Message* at = &message;
  for (size_t i = 0; i + 1 < fields_.size(); ++i) {
    at = &at->GetReflection()->GetMessage(*at, fields_[i]);
  }
  return at->GetReflection()->GetString(*at, fields_.back());
}

void FieldPath::Set(Message* message, const std::string& value) const {
  for (size_t i = 0; i + 1 < fields_.size(); ++i) {
    message = message->GetReflection()->MutableMessage(message, fields_[i]);
  }
  message->GetReflection()->SetString(message, fields_.back(), value);
}

}  // namespace cloudpos::rpc
