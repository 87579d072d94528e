#pragma once

// The comments of the protos: generated code drops them, so the program carries the descriptors
// once more, as protoc writes them with source information.

#include <string>
#include <string_view>

#include "google/protobuf/descriptor.h"

namespace cloudpos::gateway {

class ProtoComments {
 public:
  ProtoComments();

  /// The comment above the thing of this full name, its lines joined; empty when there is none.
  std::string Of(const google::protobuf::Descriptor& message) const;
  std::string Of(const google::protobuf::FieldDescriptor& field) const;
  std::string Of(const google::protobuf::EnumDescriptor& type) const;
  std::string Of(const google::protobuf::ServiceDescriptor& service) const;
  std::string Of(const google::protobuf::MethodDescriptor& method) const;

 private:
  google::protobuf::DescriptorPool pool_;
};

/// The first sentence, without its full stop.
std::string FirstSentence(std::string_view comment);

}  // namespace cloudpos::gateway
