#pragma once

// What the JSON reader and writer need to know of a message type, worked out once per type: names,
// kinds, and which of protobuf's well-known types it is.

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "google/protobuf/descriptor.h"

namespace cloudpos::gateway {

/// Types whose JSON form is not that of an ordinary message.
enum class WellKnown : uint8_t {
  kNone,
  kAny,
  kTimestamp,
  kDuration,
  kFieldMask,
  kStruct,
  kValue,
  kListValue,
  kWrapper,
};

struct MessageIndex;

struct JsonField {
  const google::protobuf::FieldDescriptor* descriptor;
  /// The name in JSON, and the same with quotes and colon as the writer prints it.
  std::string name;
  std::string prefix;
  bool is_map;
  /// Absent is different from zero: written only when set.
  bool has_presence;
  /// Of the message type of the field (of a map: of its entry); nullptr for scalars.
  const MessageIndex* message;
};

struct MessageIndex {
  const google::protobuf::Descriptor* descriptor;
  WellKnown well_known = WellKnown::kNone;
  /// In the order of declaration.
  std::vector<JsonField> fields;

  /// `hint` is where the field probably is (members mostly come in the order of declaration).
  const JsonField* Find(std::string_view name, size_t hint) const;
  const JsonField* FindByNumber(int number) const;

  std::unordered_map<std::string_view, size_t> by_name;
};

/// Of the calling thread's own table (no locks); lives as long as the thread.
const MessageIndex& IndexOf(const google::protobuf::Descriptor* descriptor);

}  // namespace cloudpos::gateway
