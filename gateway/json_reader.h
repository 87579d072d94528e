#pragma once

// JSON to protobuf message, by reflection; strict where protobuf's own reader is lenient: names in
// lowerCamelCase only, unknown and duplicate members, wrong types, numbers out of range and NUL in
// text are refused with the path of the field.

#include <string_view>

#include "absl/status/status.h"
#include "google/protobuf/message.h"

namespace cloudpos::gateway {

/// Fills `message`. Refusals: MALFORMED_JSON, LIMIT_EXCEEDED, then by field: UNKNOWN_FIELD,
/// WRONG_TYPE, OUT_OF_RANGE, INVALID_ARGUMENT.
absl::Status ReadJson(std::string_view text, google::protobuf::Message* message);

/// Sets (or, when repeated, adds to) a field from the text of a path or query parameter. `name` is
/// what the refusal calls it. Messages only where their JSON form is a string or a number.
absl::Status SetFieldFromText(google::protobuf::Message* message,
                              const google::protobuf::FieldDescriptor* field, std::string_view text,
                              std::string_view name);

}  // namespace cloudpos::gateway
