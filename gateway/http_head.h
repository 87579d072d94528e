#pragma once

// The request line and headers, by RFC 9112 and stricter (rules H1-H10 of ARCHITECTURE.md):
// whatever two parsers could read in two ways is refused, so that nothing can be smuggled past
// anything.

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "gateway/http_message.h"

namespace cloudpos::gateway {

struct HeadLimits {
  size_t request_line = 8 * 1024;
  size_t header = 8 * 1024;
  size_t total = 32 * 1024;
  size_t count = 100;
};

/// Looks at what has arrived so far. Finds bytes that no head may hold (bare CR or LF, NUL, control
/// bytes, a request line or a head too long) before its end has come.
struct HeadScan {
  size_t length = 0;  // of the head with its blank line; 0 while incomplete
  absl::Status status;
};
/// `checked` is how much of `data` an earlier call has seen.
HeadScan ScanHead(std::string_view data, size_t checked, const HeadLimits& limits);

/// Parses a whole head that ScanHead has found (`block` ends with the blank line). Refusals:
/// MALFORMED_REQUEST, HEADERS_TOO_LARGE (a header, or their number), METHOD_NOT_ALLOWED,
/// UNIMPLEMENTED; after each the connection must be closed.
absl::Status ParseHead(std::string block, const HeadLimits& limits, RequestHead* head);

/// A token of RFC 9110 section 5.6.2.
bool IsToken(std::string_view text);

/// Checks one "name: value" line without its CRLF; also used for trailers.
absl::Status CheckHeaderLine(std::string_view line, size_t* colon);

}  // namespace cloudpos::gateway
