#include "gateway/json_index.h"

namespace cloudpos::gateway {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

WellKnown Classify(const Descriptor& type) {
  static const std::unordered_map<std::string_view, WellKnown> kKnown = {
      {"google.protobuf.Any", WellKnown::kAny},
      {"google.protobuf.Timestamp", WellKnown::kTimestamp},
      {"google.protobuf.Duration", WellKnown::kDuration},
      {"google.protobuf.FieldMask", WellKnown::kFieldMask},
      {"google.protobuf.Struct", WellKnown::kStruct},
      {"google.protobuf.Value", WellKnown::kValue},
      {"google.protobuf.ListValue", WellKnown::kListValue},
      {"google.protobuf.DoubleValue", WellKnown::kWrapper},
      {"google.protobuf.FloatValue", WellKnown::kWrapper},
      {"google.protobuf.Int64Value", WellKnown::kWrapper},
      {"google.protobuf.UInt64Value", WellKnown::kWrapper},
      {"google.protobuf.Int32Value", WellKnown::kWrapper},
      {"google.protobuf.UInt32Value", WellKnown::kWrapper},
      {"google.protobuf.BoolValue", WellKnown::kWrapper},
      {"google.protobuf.StringValue", WellKnown::kWrapper},
      {"google.protobuf.BytesValue", WellKnown::kWrapper},
  };
  const auto found = kKnown.find(type.full_name());
  return found == kKnown.end() ? WellKnown::kNone : found->second;
}

using Table = std::unordered_map<const Descriptor*, std::unique_ptr<MessageIndex>>;

const MessageIndex& Build(const Descriptor* type, Table& table) {
  std::unique_ptr<MessageIndex>& slot = table[type];
  if (slot != nullptr) return *slot;
  slot = std::make_unique<MessageIndex>();
  MessageIndex& index = *slot;  // the table may rehash below; the object stays
  index.descriptor = type;
  index.well_known = Classify(*type);
  index.fields.reserve(static_cast<size_t>(type->field_count()));
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    const bool is_message = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    index.fields.push_back(
        {.descriptor = field,
         .name = field->json_name(),
         .prefix = "\"" + field->json_name() + "\":",
         .is_map = field->is_map(),
         .has_presence = field->has_presence(),
         .message = is_message ? &Build(field->message_type(), table) : nullptr});
  }
  for (size_t i = 0; i < index.fields.size(); ++i) index.by_name[index.fields[i].name] = i;
  return index;
}

}  // namespace

const JsonField* MessageIndex::Find(std::string_view name, size_t hint) const {
  if (hint < fields.size() && fields[hint].name == name) return &fields[hint];
  const auto found = by_name.find(name);
  return found == by_name.end() ? nullptr : &fields[found->second];
}

const JsonField* MessageIndex::FindByNumber(int number) const {
  for (const JsonField& field : fields) {
    if (field.descriptor->number() == number) return &field;
  }
  return nullptr;
}

const MessageIndex& IndexOf(const Descriptor* descriptor) {
  thread_local Table table;
  const auto found = table.find(descriptor);
  if (found != table.end()) return *found->second;
  return Build(descriptor, table);
}

}  // namespace cloudpos::gateway
