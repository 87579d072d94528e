#pragma once

// The payload of an event: which message it is, and how a consumer reads it.

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cloudpos/common/v1/event_feed.pb.h"

namespace cloudpos::events {

/// The event type of a payload message: its full name.
template <typename Message>
const std::string& TypeOf() {
  return Message::descriptor()->full_name();
}

/// The list a consumer gives as its wanted types.
template <typename... Messages>
std::vector<std::string> TypesOf() {
  return {TypeOf<Messages>()...};
}

template <typename Message>
bool Is(const common::v1::Event& event) {
  return event.event_type() == TypeOf<Message>();
}

/// The payload as `Message`. DATA_LOSS, which parks the event, when its bytes are none.
template <typename Message>
absl::StatusOr<Message> Payload(const common::v1::Event& event) {
  Message message;
  if (!message.ParseFromString(event.payload())) {
    return absl::DataLossError("payload of " + event.event_type() + " cannot be parsed");
  }
  return message;
}

}  // namespace cloudpos::events
