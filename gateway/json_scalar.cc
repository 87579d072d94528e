#include "gateway/json_scalar.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "gateway/json_wellknown.h"
#include "gateway/json_writer.h"

namespace cloudpos::gateway {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using Kind = JsonNode::Kind;

ScalarError WrongType(std::string_view wanted) {
  return {common::v1::WRONG_TYPE, "must be " + std::string(wanted), ""};
}

ScalarError OutOfRange(int64_t min, uint64_t max) {
  return {common::v1::OUT_OF_RANGE,
          "must be between " + std::to_string(min) + " and " + std::to_string(max), ""};
}

template <typename Number>
bool ParseWhole(std::string_view text, Number* out) {
  const auto end = std::from_chars(text.data(), text.data() + text.size(), *out);
  return end.ec == std::errc() && end.ptr == text.data() + text.size() && !text.empty();
}

struct Integer {
  bool is_negative = false;
  uint64_t magnitude = 0;
};

/// A whole number as number or decimal string; 1e3 and 2.0 count as whole.
std::optional<ScalarError> ReadInteger(const JsonNode& node, Integer* out) {
  if (node.kind != Kind::kNumber && node.kind != Kind::kString) return WrongType("a whole number");
  std::string_view text = node.text;
  if (node.kind == Kind::kNumber && node.is_int64 && node.AsInt64() < 0) {
    *out = {true, uint64_t{0} - node.integer};
    return std::nullopt;
  }
  if (node.kind == Kind::kNumber && node.is_uint64) {
    *out = {false, node.integer};
    return std::nullopt;
  }
  out->is_negative = !text.empty() && text.front() == '-';
  if (out->is_negative) text.remove_prefix(1);
  if (node.kind == Kind::kString) {
    if (!text.empty() && ParseWhole(text, &out->magnitude)) return std::nullopt;
    const bool is_digits = !text.empty() && text.find_first_not_of("0123456789") == text.npos;
    if (!is_digits) return WrongType("a whole number");
    return ScalarError{common::v1::OUT_OF_RANGE, "is too large", ""};
  }
  double value = 0;
  if (!ParseWhole(text, &value) || value > 18e18) {
    return ScalarError{common::v1::OUT_OF_RANGE, "is too large", ""};
  }
  if (value != std::floor(value)) return WrongType("a whole number");
  out->magnitude = static_cast<uint64_t>(value);
  return std::nullopt;
}

/// Bounds of the JSON form: 64-bit fields stop at 2^53-1.
std::optional<ScalarError> ReadSigned(const JsonNode& node, int64_t min, int64_t max,
                                      int64_t* out) {
  Integer value;
  if (auto error = ReadInteger(node, &value)) return error;
  const uint64_t limit =
      value.is_negative ? uint64_t{0} - static_cast<uint64_t>(min) : static_cast<uint64_t>(max);
  if (value.magnitude > limit) return OutOfRange(min, static_cast<uint64_t>(max));
  *out = static_cast<int64_t>(value.is_negative ? uint64_t{0} - value.magnitude : value.magnitude);
  return std::nullopt;
}

std::optional<ScalarError> ReadUnsigned(const JsonNode& node, uint64_t max, uint64_t* out) {
  Integer value;
  if (auto error = ReadInteger(node, &value)) return error;
  if (value.magnitude > max || (value.is_negative && value.magnitude > 0))
    return OutOfRange(0, max);
  *out = value.magnitude;
  return std::nullopt;
}

std::optional<ScalarError> ReadDouble(const JsonNode& node, double max, double* out) {
  if (node.kind == Kind::kString) {
    if (node.text == "NaN") {
      *out = std::numeric_limits<double>::quiet_NaN();
      return std::nullopt;
    }
    if (node.text == "Infinity" || node.text == "-Infinity") {
      const double infinity = std::numeric_limits<double>::infinity();
      *out = node.text.front() == '-' ? -infinity : infinity;
      return std::nullopt;
    }
    // from_chars would also take "inf" and "nan".
    if (node.text.find_first_not_of("0123456789+-.eE") != node.text.npos)
      return WrongType("a number");
  } else if (node.kind != Kind::kNumber) {
    return WrongType("a number");
  }
  const auto end = std::from_chars(node.text.data(), node.text.data() + node.text.size(), *out);
  if (end.ec == std::errc::result_out_of_range || std::abs(*out) > max) {
    return ScalarError{common::v1::OUT_OF_RANGE, "is too large or too small", ""};
  }
  if (end.ec != std::errc() || end.ptr != node.text.data() + node.text.size()) {
    return WrongType("a number");
  }
  return std::nullopt;
}

std::optional<ScalarError> ReadText(const JsonNode& node, const FieldDescriptor* f,
                                    std::string* out) {
  if (node.kind != Kind::kString) return WrongType("a string");
  if (f->type() == FieldDescriptor::TYPE_BYTES) {
    auto bytes = DecodeBase64Any(node.text);
    if (!bytes) return ScalarError{common::v1::INVALID_ARGUMENT, "must be base64", ""};
    *out = *std::move(bytes);
    return std::nullopt;
  }
  // No text column of PostgreSQL can hold it.
  if (node.text.find('\0') != node.text.npos) {
    return ScalarError{common::v1::INVALID_ARGUMENT, "must not contain the character U+0000", ""};
  }
  out->assign(node.text);
  return std::nullopt;
}

std::string NamesOf(const EnumDescriptor& type) {
  std::string names = "One of ";
  for (int i = 0; i < type.value_count() && i < 40; ++i) {
    if (i > 0) names += ", ";
    names += type.value(i)->name();
  }
  return names + ".";
}

std::optional<ScalarError> ReadEnum(const JsonNode& node, const FieldDescriptor* f, int* out) {
  if (IsNullEnum(f)) {
    if (node.kind != Kind::kNull) return WrongType("null");
    *out = 0;
    return std::nullopt;
  }
  if (node.kind != Kind::kString) return WrongType("a string, the name of an enum value");
  const EnumValueDescriptor* value = f->enum_type()->FindValueByName(std::string(node.text));
  if (value == nullptr) {
    return ScalarError{common::v1::INVALID_ARGUMENT, "is not one of the allowed values",
                       NamesOf(*f->enum_type())};
  }
  *out = value->number();
  return std::nullopt;
}

std::optional<ScalarError> SetInteger(const JsonNode& node, Message* m, const Reflection& r,
                                      const FieldDescriptor* f) {
  const bool add = f->is_repeated();
  int64_t value = 0;
  uint64_t natural = 0;
  switch (f->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32: {
      using Limits = std::numeric_limits<int32_t>;
      if (auto error = ReadSigned(node, Limits::min(), Limits::max(), &value)) return error;
      const auto small = static_cast<int32_t>(value);
      add ? r.AddInt32(m, f, small) : r.SetInt32(m, f, small);
      return std::nullopt;
    }
    case FieldDescriptor::CPPTYPE_INT64:
      if (auto error = ReadSigned(node, -kJsonIntegerMax, kJsonIntegerMax, &value)) return error;
      add ? r.AddInt64(m, f, value) : r.SetInt64(m, f, value);
      return std::nullopt;
    case FieldDescriptor::CPPTYPE_UINT32: {
      if (auto error = ReadUnsigned(node, UINT32_MAX, &natural)) return error;
      const auto small = static_cast<uint32_t>(natural);
      add ? r.AddUInt32(m, f, small) : r.SetUInt32(m, f, small);
      return std::nullopt;
    }
    default:
      if (auto error = ReadUnsigned(node, kJsonIntegerMax, &natural)) return error;
      add ? r.AddUInt64(m, f, natural) : r.SetUInt64(m, f, natural);
      return std::nullopt;
  }
}

std::optional<ScalarError> SetFloating(const JsonNode& node, Message* m, const Reflection& r,
                                       const FieldDescriptor* f) {
  const bool is_float = f->cpp_type() == FieldDescriptor::CPPTYPE_FLOAT;
  const double infinity = std::numeric_limits<double>::infinity();
  double value = 0;
  if (auto error = ReadDouble(node, infinity, &value)) return error;
  if (!is_float) {
    f->is_repeated() ? r.AddDouble(m, f, value) : r.SetDouble(m, f, value);
    return std::nullopt;
  }
  if (std::isfinite(value) && std::abs(value) > std::numeric_limits<float>::max()) {
    return ScalarError{common::v1::OUT_OF_RANGE, "is too large or too small", ""};
  }
  const auto narrow = static_cast<float>(value);
  f->is_repeated() ? r.AddFloat(m, f, narrow) : r.SetFloat(m, f, narrow);
  return std::nullopt;
}

}  // namespace

bool IsNullEnum(const FieldDescriptor* field) {
  return field->cpp_type() == FieldDescriptor::CPPTYPE_ENUM &&
         field->enum_type()->full_name() == "google.protobuf.NullValue";
}

std::optional<ScalarError> SetScalar(const JsonNode& node, Message* m, const Reflection& r,
                                     const FieldDescriptor* f) {
  const bool add = f->is_repeated();
  switch (f->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
      return SetInteger(node, m, r, f);
    case FieldDescriptor::CPPTYPE_DOUBLE:
    case FieldDescriptor::CPPTYPE_FLOAT:
      return SetFloating(node, m, r, f);
    case FieldDescriptor::CPPTYPE_BOOL:
      if (node.kind != Kind::kBool) return WrongType("true or false");
      add ? r.AddBool(m, f, node.boolean) : r.SetBool(m, f, node.boolean);
      return std::nullopt;
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string text;
      if (auto error = ReadText(node, f, &text)) return error;
      add ? r.AddString(m, f, std::move(text)) : r.SetString(m, f, std::move(text));
      return std::nullopt;
    }
    case FieldDescriptor::CPPTYPE_ENUM: {
      int number = 0;
      if (auto error = ReadEnum(node, f, &number)) return error;
      add ? r.AddEnumValue(m, f, number) : r.SetEnumValue(m, f, number);
      return std::nullopt;
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  return WrongType("something else");
}

std::optional<ScalarError> SetMapKey(std::string_view key, Message* entry, const Reflection& r,
                                     const FieldDescriptor* field) {
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_BOOL) {
    if (key != "true" && key != "false") return WrongType("a key true or false");
    r.SetBool(entry, field, key == "true");
    return std::nullopt;
  }
  return SetScalar({.kind = Kind::kString, .text = key}, entry, r, field);
}

}  // namespace cloudpos::gateway
