#include "gateway/json_reader.h"

#include <algorithm>
#include <bitset>
#include <charconv>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "gateway/json_index.h"
#include "gateway/json_scalar.h"
#include "gateway/json_tree.h"
#include "gateway/json_wellknown.h"
#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"

namespace cloudpos::gateway {
namespace {

using common::v1::ErrorCode;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MessageFactory;
using google::protobuf::Reflection;
using Kind = JsonNode::Kind;

/// The only place of types that protobuf's own readers know.
constexpr std::string_view kTypePrefix = "type.googleapis.com/";

/// A key that the client gave twice; empty view with null data when there is none.
std::string_view FindDuplicate(std::span<const JsonNode> members) {
  std::vector<std::string_view> keys;
  keys.reserve(members.size());
  for (const JsonNode& member : members) keys.push_back(member.key);
  std::sort(keys.begin(), keys.end());
  const auto twice = std::adjacent_find(keys.begin(), keys.end());
  return twice == keys.end() ? std::string_view() : *twice;
}

/// Client text in a refusal: short, and whole code points only.
std::string Shorten(std::string_view text) {
  constexpr size_t kMax = 60;
  if (text.size() <= kMax) return std::string(text);
  size_t n = kMax;
  while (n > 0 && (static_cast<unsigned char>(text[n]) & 0xC0) == 0x80) --n;
  return std::string(text.substr(0, n)) + "...";
}

class Reader {
 public:
  absl::Status ReadMessage(const JsonNode& node, Message* message, const MessageIndex& index) {
    if (index.well_known != WellKnown::kNone) return ReadWellKnown(node, message, index);
    if (node.kind != Kind::kObject) return WrongType("an object");
    return ReadMembers(node.children, message, index, {});
  }

  absl::Status ReadScalarText(const JsonNode& node, Message* message, const JsonField& field) {
    return ReadValue(node, message, *message->GetReflection(), field);
  }

  /// Where the reader is, for refusals made before the first member.
  void Push(std::string_view name) { path_.push_back({.name = name}); }

 private:
  struct Step {
    std::string_view name = {};  // null: an array index
    size_t index = 0;
    bool is_map_key = false;
  };

  std::string Path() const {
    std::string path;
    for (const Step& step : path_) {
      if (step.is_map_key) {
        path += "[\"" + Shorten(step.name) + "\"]";
      } else if (step.name.data() == nullptr) {
        path += "[" + std::to_string(step.index) + "]";
      } else {
        if (!path.empty()) path += '.';
        path += Shorten(step.name);
      }
    }
    return path;
  }

  absl::Status Refuse(ErrorCode code, std::string_view detail, std::string_view hint = {}) {
    return base::Fail(code, Path(), detail, hint);
  }
  absl::Status WrongType(std::string_view wanted) {
    return Refuse(common::v1::WRONG_TYPE, "must be " + std::string(wanted));
  }
  absl::Status FromScalarError(const ScalarError& error) {
    return Refuse(error.code, error.detail, error.hint);
  }

  /// `skip` names a member that is not a field ("@type" of an Any).
  absl::Status ReadMembers(std::span<const JsonNode> members, Message* message,
                           const MessageIndex& index, std::string_view skip) {
    const Reflection& r = *message->GetReflection();
    std::bitset<128> seen;
    bool has_more_fields = false;
    size_t hint = 0;
    for (const JsonNode& member : members) {
      if (!skip.empty() && member.key == skip) continue;
      path_.push_back({.name = member.key});
      const JsonField* field = index.Find(member.key, hint);
      if (field == nullptr) return Refuse(common::v1::UNKNOWN_FIELD, "there is no such field");
      const auto position = static_cast<size_t>(field - index.fields.data());
      hint = position + 1;
      if (position >= seen.size()) {
        has_more_fields = true;
      } else if (seen.test(position)) {
        return Refuse(common::v1::MALFORMED_JSON, "is given twice");
      } else {
        seen.set(position);
      }
      CLOUDPOS_RETURN_IF_ERROR(ReadField(member, message, r, *field));
      path_.pop_back();
    }
    if (has_more_fields) return CheckDuplicates(members);
    return absl::OkStatus();
  }

  absl::Status CheckDuplicates(std::span<const JsonNode> members) {
    const std::string_view twice = FindDuplicate(members);
    if (twice.data() == nullptr) return absl::OkStatus();
    path_.push_back({.name = twice});
    return Refuse(common::v1::MALFORMED_JSON, "is given twice");
  }

  static bool TakesNull(const JsonField& field) {
    if (field.message != nullptr) return field.message->well_known == WellKnown::kValue;
    return IsNullEnum(field.descriptor);
  }

  absl::Status ReadField(const JsonNode& node, Message* message, const Reflection& r,
                         const JsonField& field) {
    const FieldDescriptor* f = field.descriptor;
    const bool is_one = !f->is_repeated();
    if (node.kind == Kind::kNull && !(is_one && TakesNull(field))) return absl::OkStatus();
    if (field.is_map) return ReadMap(node, message, r, field);
    if (!is_one) return ReadArray(node, message, r, field);
    const auto* oneof = f->real_containing_oneof();
    if (oneof != nullptr && r.HasOneof(*message, oneof)) {
      return Refuse(common::v1::INVALID_ARGUMENT, "only one of these fields may be given");
    }
    return ReadValue(node, message, r, field);
  }

  /// One value into a singular field, or added to a repeated one.
  absl::Status ReadValue(const JsonNode& node, Message* message, const Reflection& r,
                         const JsonField& field) {
    const FieldDescriptor* f = field.descriptor;
    if (field.message != nullptr) {
      Message* inner = f->is_repeated() ? r.AddMessage(message, f) : r.MutableMessage(message, f);
      return ReadMessage(node, inner, *field.message);
    }
    const std::optional<ScalarError> error = SetScalar(node, message, r, f);
    return error ? FromScalarError(*error) : absl::OkStatus();
  }

  absl::Status ReadArray(const JsonNode& node, Message* message, const Reflection& r,
                         const JsonField& field) {
    if (node.kind != Kind::kArray) return WrongType("an array");
    for (size_t i = 0; i < node.children.size(); ++i) {
      path_.push_back({.index = i});
      const JsonNode& element = node.children[i];
      if (element.kind == Kind::kNull && !TakesNull(field)) return WrongType("a value, not null");
      CLOUDPOS_RETURN_IF_ERROR(ReadValue(element, message, r, field));
      path_.pop_back();
    }
    return absl::OkStatus();
  }

  absl::Status ReadMap(const JsonNode& node, Message* message, const Reflection& r,
                       const JsonField& field) {
    if (node.kind != Kind::kObject) return WrongType("an object");
    CLOUDPOS_RETURN_IF_ERROR(CheckDuplicates(node.children));
    const FieldDescriptor* key_field = field.message->FindByNumber(1)->descriptor;
    const JsonField& value_field = *field.message->FindByNumber(2);
    for (const JsonNode& member : node.children) {
      path_.push_back({.name = member.key, .is_map_key = true});
      if (member.kind == Kind::kNull && !TakesNull(value_field)) {
        return WrongType("a value, not null");
      }
      Message* entry = r.AddMessage(message, field.descriptor);
      const Reflection& entry_r = *entry->GetReflection();
      const std::optional<ScalarError> error = SetMapKey(member.key, entry, entry_r, key_field);
      if (error) return FromScalarError(*error);
      CLOUDPOS_RETURN_IF_ERROR(ReadValue(member, entry, entry_r, value_field));
      path_.pop_back();
    }
    return absl::OkStatus();
  }

  absl::Status ReadWellKnown(const JsonNode& node, Message* message, const MessageIndex& index) {
    const Reflection& r = *message->GetReflection();
    switch (index.well_known) {
      case WellKnown::kTimestamp:
        return ReadTime(node, ParseTimestamp(node.text), message, index,
                        "an RFC 3339 time such as 2026-01-05T10:00:00Z");
      case WellKnown::kDuration:
        return ReadTime(node, ParseDuration(node.text), message, index, "a duration such as 1.5s");
      case WellKnown::kFieldMask:
        return ReadFieldMask(node, message, r, index.fields[0]);
      case WellKnown::kStruct:
        return ReadMap(node, message, r, index.fields[0]);
      case WellKnown::kListValue:
        return ReadArray(node, message, r, index.fields[0]);
      case WellKnown::kWrapper:
        return ReadValue(node, message, r, index.fields[0]);
      case WellKnown::kValue:
        return ReadAnyValue(node, message, r, index);
      case WellKnown::kAny:
        return ReadAny(node, message, r, index);
      case WellKnown::kNone:
        break;
    }
    return WrongType("something else");
  }

  absl::Status ReadTime(const JsonNode& node, const std::optional<TimeParts>& parts,
                        Message* message, const MessageIndex& index, std::string_view wanted) {
    if (node.kind != Kind::kString) return WrongType(wanted);
    if (!parts) return Refuse(common::v1::INVALID_ARGUMENT, "must be " + std::string(wanted));
    const Reflection& r = *message->GetReflection();
    r.SetInt64(message, index.fields[0].descriptor, parts->seconds);
    r.SetInt32(message, index.fields[1].descriptor, parts->nanos);
    return absl::OkStatus();
  }

  absl::Status ReadFieldMask(const JsonNode& node, Message* message, const Reflection& r,
                             const JsonField& paths) {
    if (node.kind != Kind::kString) return WrongType("a string of field paths");
    std::string_view rest = node.text;
    while (!rest.empty()) {
      const size_t comma = rest.find(',');
      const auto path = PathToSnake(rest.substr(0, comma));
      if (!path || path->empty()) {
        return Refuse(common::v1::INVALID_ARGUMENT, "must be field paths with commas between");
      }
      r.AddString(message, paths.descriptor, *path);
      rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    }
    return absl::OkStatus();
  }

  absl::Status ReadAnyValue(const JsonNode& node, Message* message, const Reflection& r,
                            const MessageIndex& index) {
    switch (node.kind) {
      case Kind::kNull:
        r.SetEnumValue(message, index.FindByNumber(1)->descriptor, 0);
        return absl::OkStatus();
      case Kind::kNumber:
        return ReadValue(node, message, r, *index.FindByNumber(2));
      case Kind::kString:
        return ReadValue(node, message, r, *index.FindByNumber(3));
      case Kind::kBool:
        return ReadValue(node, message, r, *index.FindByNumber(4));
      case Kind::kObject:
        return ReadValue(node, message, r, *index.FindByNumber(5));
      case Kind::kArray:
        return ReadValue(node, message, r, *index.FindByNumber(6));
    }
    return absl::OkStatus();
  }

  absl::Status ReadAny(const JsonNode& node, Message* message, const Reflection& r,
                       const MessageIndex& index) {
    if (node.kind != Kind::kObject) return WrongType("an object");
    if (node.children.empty()) return absl::OkStatus();
    CLOUDPOS_RETURN_IF_ERROR(CheckDuplicates(node.children));
    const auto named = [&node](std::string_view name) {
      return std::find_if(node.children.begin(), node.children.end(),
                          [name](const JsonNode& member) { return member.key == name; });
    };
    const auto type_member = named("@type");
    if (type_member == node.children.end() || type_member->kind != Kind::kString) {
      return Refuse(common::v1::FIELD_REQUIRED, "needs a member \"@type\"");
    }
    const std::string url(type_member->text);
    const bool has_prefix = url.rfind(kTypePrefix, 0) == 0;
    const auto* type = !has_prefix ? nullptr
                                   : DescriptorPool::generated_pool()->FindMessageTypeByName(
                                         url.substr(kTypePrefix.size()));
    if (type == nullptr) {
      return Refuse(common::v1::INVALID_ARGUMENT, "has an unknown \"@type\"");
    }
    std::unique_ptr<Message> inner(MessageFactory::generated_factory()->GetPrototype(type)->New());
    const MessageIndex& inner_index = IndexOf(type);
    if (inner_index.well_known == WellKnown::kNone) {
      CLOUDPOS_RETURN_IF_ERROR(ReadMembers(node.children, inner.get(), inner_index, "@type"));
    } else {
      const auto value = named("value");
      const bool has_value = value != node.children.end();
      if (node.children.size() != (has_value ? 2U : 1U)) {
        return Refuse(common::v1::UNKNOWN_FIELD, "takes the members \"@type\" and \"value\" only");
      }
      // A Value is never nothing: left out it is null.
      const JsonNode absent;
      const bool is_needed = inner_index.well_known == WellKnown::kValue;
      if (has_value || is_needed) {
        CLOUDPOS_RETURN_IF_ERROR(
            ReadWellKnown(has_value ? *value : absent, inner.get(), inner_index));
      }
    }
    r.SetString(message, index.fields[0].descriptor, url);
    r.SetString(message, index.fields[1].descriptor, inner->SerializePartialAsString());
    return absl::OkStatus();
  }

  std::vector<Step> path_;
};

}  // namespace

absl::Status ReadJson(std::string_view text, Message* message) {
  JsonTree tree;
  CLOUDPOS_RETURN_IF_ERROR(tree.Parse(text));
  return Reader().ReadMessage(tree.root(), message, IndexOf(message->GetDescriptor()));
}

absl::Status SetFieldFromText(Message* message, const FieldDescriptor* field, std::string_view text,
                              std::string_view name) {
  if (!base::IsValidUtf8(text)) {
    return base::Fail(common::v1::INVALID_ARGUMENT, name, "is not valid UTF-8");
  }
  const MessageIndex& index = IndexOf(message->GetDescriptor());
  const JsonField* json_field = index.FindByNumber(field->number());
  JsonNode node{.kind = Kind::kString, .text = text};
  const bool is_bool =
      field->cpp_type() == FieldDescriptor::CPPTYPE_BOOL ||
      (json_field->message != nullptr &&
       json_field->message->descriptor->full_name() == "google.protobuf.BoolValue");
  if (is_bool && (text == "true" || text == "false")) {
    node = {.kind = Kind::kBool, .boolean = text == "true"};
  }
  Reader reader;
  reader.Push(name);
  return reader.ReadScalarText(node, message, *json_field);
}

}  // namespace cloudpos::gateway
