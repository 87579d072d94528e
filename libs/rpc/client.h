#pragma once

// The client side: long-lived channels to peers and blocking calls with a deadline.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "google/protobuf/message.h"
#include "libs/rpc/tls.h"

namespace grpc {
class Channel;
class ChannelInterface;
}  // namespace grpc

namespace cloudpos::rpc {

/// A channel to the service `name` at `address` (host:port); its certificate must carry that name.
absl::StatusOr<std::shared_ptr<grpc::Channel>> Connect(const std::string& name,
                                                       const std::string& address,
                                                       const TlsFiles& tls);

struct CallMetadata {
  absl::Time deadline;
  std::string traceparent;
  std::string token;  // the user's access token; empty for calls of the service itself
};

/// `method` is the full path "/cloudpos.auth.v1.AuthService/GetJwks". Errors carry base::ErrorInfo.
absl::Status Call(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                  const CallMetadata& metadata, const google::protobuf::Message& request,
                  google::protobuf::Message* response);

/// Reads a server stream to its end; `on_message` answers a non-OK status to stop.
absl::Status ReadStream(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                        const CallMetadata& metadata, const google::protobuf::Message& request,
                        google::protobuf::Message* message,
                        const std::function<absl::Status()>& on_message);

}  // namespace cloudpos::rpc
