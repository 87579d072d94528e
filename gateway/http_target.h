#pragma once

// Request targets: the forms of RFC 9112 section 3.2 that are accepted, paths without tricks, and
// percent-decoding.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gateway/http_message.h"

namespace cloudpos::gateway {

/// Fills target, path and query (and host, from the absolute form). MALFORMED_REQUEST for
/// fragments, bytes that must be encoded, encoded slashes, dot segments, NUL and double encoding.
absl::Status SplitTarget(std::string_view target, RequestHead* head);

/// One valid host[:port]; must agree with the absolute form if that was used.
absl::Status CheckHost(bool is_present, std::string_view value, RequestHead* head);

/// nullopt for a bad escape or an encoded NUL. `plus_is_space` for queries.
std::optional<std::string> PercentDecode(std::string_view text, bool plus_is_space);

/// Percent-encodes all but unreserved characters.
std::string PercentEncode(std::string_view text);

/// Name and value pairs, decoded; nullopt when malformed or more than `max`.
std::optional<std::vector<std::pair<std::string, std::string>>> ParseQuery(std::string_view query,
                                                                           size_t max);

}  // namespace cloudpos::gateway
