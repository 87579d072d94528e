#pragma once

// Every proto file whose generated code this program links. The gateway knows its services by
// nothing else.

#include <vector>

#include "google/protobuf/descriptor.h"

namespace cloudpos::gateway {

/// Sorted by name.
std::vector<const google::protobuf::FileDescriptor*> LinkedProtoFiles();

}  // namespace cloudpos::gateway
