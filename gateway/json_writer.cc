#include "gateway/json_writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <memory>
#include <vector>

#include "gateway/json_index.h"
#include "gateway/json_wellknown.h"
#include "libs/base/status_macros.h"

namespace cloudpos::gateway {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MessageFactory;
using google::protobuf::Reflection;

absl::Status NoJsonForm(const std::string& what) {
  return absl::InternalError("no JSON form: " + what);
}

template <typename Number>
void AppendNumber(Number value, std::string* out) {
  std::array<char, 40> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value);
  out->append(text.data(), end.ptr);
}

template <typename Float>
void AppendFloat(Float value, std::string* out) {
  if (std::isnan(value)) {
    out->append("\"NaN\"");
  } else if (std::isinf(value)) {
    out->append(value > 0 ? "\"Infinity\"" : "\"-Infinity\"");
  } else if (value == 0 && std::signbit(value)) {
    out->append("-0.0");  // "-0" would be read as a whole number, which has no sign at zero
  } else {
    AppendNumber(value, out);
  }
}

class Writer {
 public:
  explicit Writer(std::string* out, const FieldDescriptor* omitted = nullptr)
      : out_(*out), omitted_(omitted) {}

  absl::Status WriteMessage(const Message& message, const MessageIndex& index) {
    if (index.well_known != WellKnown::kNone) return WriteWellKnown(message, index);
    out_.push_back('{');
    CLOUDPOS_RETURN_IF_ERROR(WriteFields(message, index));
    out_.push_back('}');
    return absl::OkStatus();
  }

 private:
  absl::Status WriteFields(const Message& message, const MessageIndex& index) {
    const Reflection& reflection = *message.GetReflection();
    for (const JsonField& field : index.fields) {
      if (field.has_presence && !reflection.HasField(message, field.descriptor)) continue;
      if (field.descriptor == omitted_) continue;
      if (out_.back() != '{') out_.push_back(',');
      out_.append(field.prefix);
      if (field.is_map) {
        CLOUDPOS_RETURN_IF_ERROR(WriteMap(message, reflection, field));
      } else if (field.descriptor->is_repeated()) {
        CLOUDPOS_RETURN_IF_ERROR(WriteRepeated(message, reflection, field));
      } else {
        CLOUDPOS_RETURN_IF_ERROR(WriteSingular(message, reflection, field));
      }
    }
    return absl::OkStatus();
  }

  absl::Status WriteSingular(const Message& message, const Reflection& r, const JsonField& field) {
    const FieldDescriptor* f = field.descriptor;
    switch (f->cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return WriteMessage(r.GetMessage(message, f), *field.message);
      case FieldDescriptor::CPPTYPE_STRING: {
        std::string scratch;
        return WriteText(f, r.GetStringReference(message, f, &scratch));
      }
      case FieldDescriptor::CPPTYPE_INT64:
        return WriteInt64(f, r.GetInt64(message, f));
      case FieldDescriptor::CPPTYPE_UINT64:
        return WriteUint64(f, r.GetUInt64(message, f));
      case FieldDescriptor::CPPTYPE_INT32:
        AppendNumber(r.GetInt32(message, f), &out_);
        break;
      case FieldDescriptor::CPPTYPE_UINT32:
        AppendNumber(r.GetUInt32(message, f), &out_);
        break;
      case FieldDescriptor::CPPTYPE_BOOL:
        out_.append(r.GetBool(message, f) ? "true" : "false");
        break;
      case FieldDescriptor::CPPTYPE_ENUM:
        WriteEnum(f, r.GetEnumValue(message, f));
        break;
      case FieldDescriptor::CPPTYPE_DOUBLE:
        AppendFloat(r.GetDouble(message, f), &out_);
        break;
      case FieldDescriptor::CPPTYPE_FLOAT:
        AppendFloat(r.GetFloat(message, f), &out_);
        break;
    }
    return absl::OkStatus();
  }

  absl::Status WriteRepeated(const Message& message, const Reflection& r, const JsonField& field) {
    const FieldDescriptor* f = field.descriptor;
    const int count = r.FieldSize(message, f);
    out_.push_back('[');
    for (int i = 0; i < count; ++i) {
      if (i > 0) out_.push_back(',');
      CLOUDPOS_RETURN_IF_ERROR(WriteElement(message, r, field, i));
    }
    out_.push_back(']');
    return absl::OkStatus();
  }

  absl::Status WriteElement(const Message& message, const Reflection& r, const JsonField& field,
                            int i) {
    const FieldDescriptor* f = field.descriptor;
    switch (f->cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return WriteMessage(r.GetRepeatedMessage(message, f, i), *field.message);
      case FieldDescriptor::CPPTYPE_STRING: {
        std::string scratch;
        return WriteText(f, r.GetRepeatedStringReference(message, f, i, &scratch));
      }
      case FieldDescriptor::CPPTYPE_INT64:
        return WriteInt64(f, r.GetRepeatedInt64(message, f, i));
      case FieldDescriptor::CPPTYPE_UINT64:
        return WriteUint64(f, r.GetRepeatedUInt64(message, f, i));
      case FieldDescriptor::CPPTYPE_INT32:
        AppendNumber(r.GetRepeatedInt32(message, f, i), &out_);
        break;
      case FieldDescriptor::CPPTYPE_UINT32:
        AppendNumber(r.GetRepeatedUInt32(message, f, i), &out_);
        break;
      case FieldDescriptor::CPPTYPE_BOOL:
        out_.append(r.GetRepeatedBool(message, f, i) ? "true" : "false");
        break;
      case FieldDescriptor::CPPTYPE_ENUM:
        WriteEnum(f, r.GetRepeatedEnumValue(message, f, i));
        break;
      case FieldDescriptor::CPPTYPE_DOUBLE:
        AppendFloat(r.GetRepeatedDouble(message, f, i), &out_);
        break;
      case FieldDescriptor::CPPTYPE_FLOAT:
        AppendFloat(r.GetRepeatedFloat(message, f, i), &out_);
        break;
    }
    return absl::OkStatus();
  }

  /// Keys in byte order, so that equal messages give equal text.
  absl::Status WriteMap(const Message& message, const Reflection& r, const JsonField& field) {
    const JsonField& key = *field.message->FindByNumber(1);
    const JsonField& value = *field.message->FindByNumber(2);
    std::vector<std::pair<std::string, const Message*>> entries;
    const int count = r.FieldSize(message, field.descriptor);
    for (int i = 0; i < count; ++i) {
      const Message& entry = r.GetRepeatedMessage(message, field.descriptor, i);
      std::string text;
      Writer keys(&text);
      CLOUDPOS_RETURN_IF_ERROR(keys.WriteSingular(entry, *entry.GetReflection(), key));
      if (text.front() != '"') text = "\"" + text + "\"";
      entries.emplace_back(std::move(text), &entry);
    }
    std::sort(entries.begin(), entries.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    out_.push_back('{');
    for (const auto& [text, entry] : entries) {
      if (out_.back() != '{') out_.push_back(',');
      out_.append(text).push_back(':');
      CLOUDPOS_RETURN_IF_ERROR(WriteSingular(*entry, *entry->GetReflection(), value));
    }
    out_.push_back('}');
    return absl::OkStatus();
  }

  absl::Status WriteText(const FieldDescriptor* f, const std::string& value) {
    if (f->type() == FieldDescriptor::TYPE_BYTES) {
      out_.push_back('"');
      AppendBase64(value, &out_);
      out_.push_back('"');
    } else {
      AppendJsonString(value, &out_);
    }
    return absl::OkStatus();
  }

  absl::Status WriteInt64(const FieldDescriptor* f, int64_t value) {
    if (value > kJsonIntegerMax || value < -kJsonIntegerMax) {
      return NoJsonForm(f->full_name() + " is beyond 2^53-1");
    }
    AppendNumber(value, &out_);
    return absl::OkStatus();
  }

  absl::Status WriteUint64(const FieldDescriptor* f, uint64_t value) {
    if (value > static_cast<uint64_t>(kJsonIntegerMax)) {
      return NoJsonForm(f->full_name() + " is beyond 2^53-1");
    }
    AppendNumber(value, &out_);
    return absl::OkStatus();
  }

  void WriteEnum(const FieldDescriptor* f, int number) {
    if (f->enum_type()->full_name() == "google.protobuf.NullValue") {
      out_.append("null");
      return;
    }
    const EnumValueDescriptor* value = f->enum_type()->FindValueByNumber(number);
    if (value == nullptr) {  // of a newer peer
      AppendNumber(number, &out_);
      return;
    }
    out_.push_back('"');
    out_.append(value->name()).push_back('"');
  }

  absl::Status WriteWellKnown(const Message& message, const MessageIndex& index) {
    const Reflection& r = *message.GetReflection();
    switch (index.well_known) {
      case WellKnown::kTimestamp:
        return WriteTime(FormatTimestamp(Parts(message, r, index)), index);
      case WellKnown::kDuration:
        return WriteTime(FormatDuration(Parts(message, r, index)), index);
      case WellKnown::kFieldMask:
        return WriteFieldMask(message, r, index.fields[0]);
      case WellKnown::kStruct:
        return WriteMap(message, r, index.fields[0]);
      case WellKnown::kListValue:
        return WriteRepeated(message, r, index.fields[0]);
      case WellKnown::kWrapper:
        return WriteSingular(message, r, index.fields[0]);
      case WellKnown::kValue:
        return WriteValue(message, r, index);
      case WellKnown::kAny:
        return WriteAny(message, r, index);
      case WellKnown::kNone:
        break;
    }
    return NoJsonForm(index.descriptor->full_name());
  }

  static TimeParts Parts(const Message& message, const Reflection& r, const MessageIndex& index) {
    return {r.GetInt64(message, index.fields[0].descriptor),
            r.GetInt32(message, index.fields[1].descriptor)};
  }

  absl::Status WriteTime(const std::optional<std::string>& text, const MessageIndex& index) {
    if (!text) return NoJsonForm(index.descriptor->full_name() + " out of range");
    out_.push_back('"');
    out_.append(*text).push_back('"');
    return absl::OkStatus();
  }

  absl::Status WriteFieldMask(const Message& message, const Reflection& r, const JsonField& paths) {
    std::string text;
    for (int i = 0; i < r.FieldSize(message, paths.descriptor); ++i) {
      const auto camel = PathToCamel(r.GetRepeatedString(message, paths.descriptor, i));
      if (!camel) return NoJsonForm("a field mask path that is not snake_case");
      if (i > 0) text.push_back(',');
      text.append(*camel);
    }
    AppendJsonString(text, &out_);
    return absl::OkStatus();
  }

  absl::Status WriteValue(const Message& message, const Reflection& r, const MessageIndex& index) {
    for (const JsonField& kind : index.fields) {
      if (!r.HasField(message, kind.descriptor)) continue;
      if (kind.descriptor->cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE &&
          !std::isfinite(r.GetDouble(message, kind.descriptor))) {
        return NoJsonForm("a Value that is not a finite number");
      }
      return WriteSingular(message, r, kind);
    }
    out_.append("null");
    return absl::OkStatus();
  }

  absl::Status WriteAny(const Message& message, const Reflection& r, const MessageIndex& index) {
    const std::string url = r.GetString(message, index.fields[0].descriptor);
    const std::string bytes = r.GetString(message, index.fields[1].descriptor);
    if (url.empty() && bytes.empty()) {
      out_.append("{}");
      return absl::OkStatus();
    }
    const auto* type = DescriptorPool::generated_pool()->FindMessageTypeByName(
        url.substr(url.find_last_of('/') + 1));
    if (type == nullptr) return NoJsonForm("an Any of unknown type");
    std::unique_ptr<Message> inner(MessageFactory::generated_factory()->GetPrototype(type)->New());
    if (!inner->ParseFromString(bytes)) return NoJsonForm("an Any that does not parse");
    const MessageIndex& inner_index = IndexOf(type);
    out_.append("{\"@type\":");
    AppendJsonString(url, &out_);
    if (inner_index.well_known != WellKnown::kNone) {
      out_.append(",\"value\":");
      CLOUDPOS_RETURN_IF_ERROR(WriteWellKnown(*inner, inner_index));
    } else {
      CLOUDPOS_RETURN_IF_ERROR(WriteFields(*inner, inner_index));
    }
    out_.push_back('}');
    return absl::OkStatus();
  }

  std::string& out_;
  const FieldDescriptor* omitted_;
};

/// 0: as it is; 'u': \u00XX; else the letter after the backslash.
constexpr std::array<char, 256> MakeEscapes() {
  std::array<char, 256> table{};
  for (size_t i = 0; i < 0x20; ++i) table[i] = 'u';
  table[0x7F] = 'u';
  table['\b'] = 'b';
  table['\f'] = 'f';
  table['\n'] = 'n';
  table['\r'] = 'r';
  table['\t'] = 't';
  table['"'] = '"';
  table['\\'] = '\\';
  return table;
}
constexpr std::array<char, 256> kEscapes = MakeEscapes();

}  // namespace

void AppendJsonString(std::string_view text, std::string* out) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  out->push_back('"');
  size_t plain = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const char escape = kEscapes[byte];
    if (escape == 0) continue;
    out->append(text.substr(plain, i - plain)).push_back('\\');
    out->push_back(escape);
    if (escape == 'u') {
      out->append("00");
      out->push_back(kHex[byte >> 4]);
      out->push_back(kHex[byte & 15]);
    }
    plain = i + 1;
  }
  out->append(text.substr(plain)).push_back('"');
}

absl::Status WriteJson(const Message& message, std::string* out, const FieldDescriptor* omitted) {
  return Writer(out, omitted).WriteMessage(message, IndexOf(message.GetDescriptor()));
}

}  // namespace cloudpos::gateway
