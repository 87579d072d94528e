#pragma once

// Times as fields of messages.

#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"

namespace cloudpos::base {

/// In whole microseconds, which is what the database keeps.
void SetTime(absl::Time time, google::protobuf::Timestamp* message);

}  // namespace cloudpos::base
