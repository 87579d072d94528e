#pragma once

// The checks a policy asks for, each on its own and without gRPC.

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "libs/base/ids.h"
#include "libs/rpc/method.h"
#include "libs/token/token.h"

namespace cloudpos::rpc {

/// CALLER_NOT_ALLOWED unless policy.callers names `peer`.
absl::Status CheckCaller(const common::v1::Policy& policy, std::string_view peer);

/// The token of "Bearer <token>", scheme in any case; empty for anything else.
std::string_view BearerToken(std::string_view authorization);

/// What can be said of the permission before the request is read.
absl::Status CheckPermission(const BoundMethod& method, const token::Claims& claims);

/// The store in the request, for scope STORE. NOT_FOUND when no grant covers it (not yours is 404),
/// PERMISSION_DENIED when one does without the permission.
absl::Status CheckRequestStore(const BoundMethod& method, const token::Claims& claims,
                               const google::protobuf::Message& request);

/// `permission` on `store`; PERMISSION_UNSPECIFIED asks for coverage alone.
absl::Status CheckStore(const token::Claims& claims, token::Permission permission,
                        const base::Uuid& store);

/// For methods with idempotency REQUIRED: IDEMPOTENCY_KEY_REQUIRED when neither the id field nor
/// the header `key` is there, INVALID_ARGUMENT when they differ or the key is malformed. An id
/// field left empty is filled from the header.
absl::Status CheckIdempotency(const BoundMethod& method, const std::string& key,
                              google::protobuf::Message* request);

}  // namespace cloudpos::rpc
