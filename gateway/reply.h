#pragma once

// The protobuf response of a route as an HTTP response: JSON or raw, status, ETag, cookie.

#include "absl/status/statusor.h"
#include "gateway/exchange.h"
#include "google/protobuf/message.h"

namespace cloudpos::gateway {

/// `response` loses the field that becomes a cookie. INTERNAL when it has no JSON form.
absl::StatusOr<HttpResponse> MakeReply(const Exchange& exchange,
                                       google::protobuf::Message* response);

/// The headers of a RawBody: its type, and for HTML a policy that allows its own style sheets only.
void SetRawHeaders(const std::string& content_type, std::string_view data, HttpResponse* response);

}  // namespace cloudpos::gateway
