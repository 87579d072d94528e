#pragma once

// protobuf message to JSON, by reflection: lowerCamelCase names, 64-bit integers as numbers
// (bounded by 2^53-1), enums by name, bytes in base64, fields without presence always printed,
// unset messages and optional fields left out. Reads what any protobuf JSON reader writes and the
// other way round (checked against protobuf's own in json_oracle_test.cc).

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "google/protobuf/message.h"

namespace cloudpos::gateway {

inline constexpr int64_t kJsonIntegerMax = (int64_t{1} << 53) - 1;

/// Appends to `out`. INTERNAL when a value has no JSON form (an integer beyond 2^53-1, a time out
/// of range, an Any of unknown type). `omitted` is a field to leave out.
absl::Status WriteJson(const google::protobuf::Message& message, std::string* out,
                       const google::protobuf::FieldDescriptor* omitted = nullptr);

/// Appends `text` as a JSON string with its quotes. `text` is valid UTF-8.
void AppendJsonString(std::string_view text, std::string* out);

}  // namespace cloudpos::gateway
