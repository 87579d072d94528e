#pragma once

// absl::Status <-> grpc::Status with google.rpc details (ErrorInfo, BadRequest, RetryInfo, Help).

#include "absl/status/status.h"
#include "grpcpp/support/status.h"

namespace cloudpos::rpc {

grpc::Status ToGrpc(const absl::Status& status);
absl::Status FromGrpc(const grpc::Status& status);

}  // namespace cloudpos::rpc
