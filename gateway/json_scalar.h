#pragma once

// One JSON value into one scalar protobuf field.

#include <optional>
#include <string>
#include <string_view>

#include "cloudpos/common/v1/error.pb.h"
#include "gateway/json_tree.h"
#include "google/protobuf/message.h"

namespace cloudpos::gateway {

struct ScalarError {
  common::v1::ErrorCode code;
  std::string detail;
  std::string hint;
};

/// Sets a singular field or adds to a repeated one; nullopt when it fits.
std::optional<ScalarError> SetScalar(const JsonNode& node, google::protobuf::Message* message,
                                     const google::protobuf::Reflection& reflection,
                                     const google::protobuf::FieldDescriptor* field);

/// A map's key from the member's name.
std::optional<ScalarError> SetMapKey(std::string_view key, google::protobuf::Message* entry,
                                     const google::protobuf::Reflection& reflection,
                                     const google::protobuf::FieldDescriptor* field);

bool IsNullEnum(const google::protobuf::FieldDescriptor* field);

}  // namespace cloudpos::gateway
