#pragma once

// Dotted paths to fields ("toy.toy_id"), resolved once at start against a message type.

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"

namespace cloudpos::gateway {

class FieldPath {
 public:
  FieldPath() = default;
  /// INVALID_ARGUMENT when a part is no field, or one before the last no singular message. An empty
  /// text gives the empty path.
  static absl::StatusOr<FieldPath> Resolve(const google::protobuf::Descriptor* type,
                                           std::string_view text);
  /// The same from JSON names, as clients write them.
  static absl::StatusOr<FieldPath> ResolveJson(const google::protobuf::Descriptor* type,
                                               std::string_view text);

  bool empty() const { return fields_.empty(); }
  const google::protobuf::FieldDescriptor* last() const { return fields_.back(); }
  const std::vector<const google::protobuf::FieldDescriptor*>& fields() const { return fields_; }
  std::string JsonName() const;
  std::string ProtoName() const;

  /// The message that holds the last field, made where missing.
  google::protobuf::Message* MutableParent(google::protobuf::Message* root) const;
  const google::protobuf::Message& Parent(const google::protobuf::Message& root) const;

  /// The value of a singular string, bytes or integer field as text.
  std::string Text(const google::protobuf::Message& root) const;

  friend bool operator==(const FieldPath&, const FieldPath&) = default;

 private:
  std::vector<const google::protobuf::FieldDescriptor*> fields_;
};

}  // namespace cloudpos::gateway
