#include "libs/base/timestamp.h"

namespace cloudpos::base {

void SetTime(absl::Time time, google::protobuf::Timestamp* message) {
  const int64_t micros = absl::ToUnixMicros(time);
  const int64_t seconds = absl::ToUnixSeconds(time);  // rounds down: nanos are never negative
  message->set_seconds(seconds);
  message->set_nanos(static_cast<int32_t>((micros - seconds * 1'000'000) * 1'000));
}

}  // namespace cloudpos::base
