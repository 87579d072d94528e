#pragma once

// absl::Status <-> grpc::Status with google.rpc details (ErrorInfo, BadRequest, RetryInfo, Help).

#include <string>

#include "absl/status/status.h"
#include "grpcpp/support/status.h"

namespace cloudpos::rpc {

/// Texts that are not base::Fail's own stay behind: only the fixed sentence of the code goes out.
grpc::Status ToGrpc(const absl::Status& status);
/// The reverse. A status that gRPC itself made (peer away, deadline, message too large) gets the
/// generic reason of its code; its text is kept for the log only, see CauseOf.
absl::Status FromGrpc(const grpc::Status& status);

/// What happened, in words for the log and for nobody else.
std::string CauseOf(const absl::Status& status);

/// "NOT_FOUND" for kNotFound and so on, as google.rpc.Code spells it.
const char* CodeName(absl::StatusCode code);

}  // namespace cloudpos::rpc
