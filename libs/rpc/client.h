#pragma once

// The client side: long-lived channels to peers and blocking calls with a deadline.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "google/protobuf/message.h"
#include "libs/rpc/tls.h"

namespace grpc {
class Channel;
class ChannelInterface;
}  // namespace grpc

namespace cloudpos::rpc {

class CallContext;

/// A channel to the service `name` at `address` (host:port); its certificate must carry that name.
/// Connects on first use, reconnects within 2 s of the peer's return.
absl::StatusOr<std::shared_ptr<grpc::Channel>> Connect(const std::string& name,
                                                       const std::string& address,
                                                       const TlsFiles& tls);

struct CallMetadata {
  absl::Time deadline;  // required
  std::string traceparent{};
  std::string token{};  // the user's access token; empty for calls of the service itself
  std::string request_id{};
  std::string idempotency_key{};
  /// Further pairs, lower-case names.
  std::vector<std::pair<std::string, std::string>> headers{};
};

/// For a call made while serving `context`: its deadline, trace and request id, and the caller's
/// token.
CallMetadata MetadataOf(const CallContext& context);

/// `method` is the full path "/cloudpos.auth.v1.IdentityService/GetIdentity". Errors carry
/// base::ErrorInfo. A peer that is away answers UNAVAILABLE at once.
absl::Status Call(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                  const CallMetadata& metadata, const google::protobuf::Message& request,
                  google::protobuf::Message* response);

/// Reads a server stream to its end; `on_message` answers a non-OK status to stop.
absl::Status ReadStream(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                        const CallMetadata& metadata, const google::protobuf::Message& request,
                        google::protobuf::Message* message,
                        const std::function<absl::Status()>& on_message);

}  // namespace cloudpos::rpc
