#pragma once

// A dotted path to a string field of a message ("sale.store_id"), as policies name fields.

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"

namespace cloudpos::rpc {

class FieldPath {
 public:
  FieldPath() = default;

  /// INVALID_ARGUMENT unless every step but the last is a singular message and the last a singular
  /// string.
  static absl::StatusOr<FieldPath> Resolve(const google::protobuf::Descriptor* type,
                                           std::string_view dotted);

  bool empty() const { return fields_.empty(); }
  /// Empty when the field or a message on the way is not set.
  std::string Get(const google::protobuf::Message& message) const;
  void Set(google::protobuf::Message* message, const std::string& value) const;
  /// The path in JSON names, for error details.
  const std::string& json() const { return json_; }

 private:
  std::vector<const google::protobuf::FieldDescriptor*> fields_;
  std::string json_;
};

}  // namespace cloudpos::rpc
