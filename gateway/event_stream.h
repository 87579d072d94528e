#pragma once

// Server-streaming RPCs over HTTP: as Server-Sent Events, or, for RawBody, as one body in pieces.

#include <atomic>
#include <memory>
#include <string>

#include "gateway/http_message.h"
#include "gateway/upstream.h"

namespace cloudpos::gateway {

struct EventStreamOptions {
  std::chrono::milliseconds heartbeat{15000};
  absl::Time ends_at;  // when the token does
  std::string request_id;
};

/// Counts what is open; released when the last reference goes.
using StreamSlot = std::shared_ptr<void>;

/// Each message is an event `data: {json}`; a comment each heartbeat keeps proxies from closing;
/// the end is `event: end`, an error `event: error` with the problem.
std::shared_ptr<BodySource> MakeEventStream(std::shared_ptr<UpstreamStream> stream,
                                            EventStreamOptions options, StreamSlot slot,
                                            const base::Clock& clock);

/// The data of each RawBody after the first, which the caller has read already.
std::shared_ptr<BodySource> MakeRawStream(std::shared_ptr<UpstreamStream> stream, std::string first,
                                          StreamSlot slot);

}  // namespace cloudpos::gateway
