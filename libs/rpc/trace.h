#pragma once

// Request ids and W3C trace context, taken over when well-formed and made when not.

#include <string>
#include <string_view>

namespace cloudpos::rpc {

/// `text` when it is 1..64 characters of [A-Za-z0-9._-], else a new UUID.
std::string RequestIdFrom(std::string_view text);

/// A traceparent of this hop: the trace of `text` when that is a valid version-00 traceparent, else
/// a new trace; the span id is new in either case.
std::string TraceparentFrom(std::string_view text);

/// The 32 hex digits of a valid traceparent that name the trace.
std::string_view TraceIdOf(std::string_view traceparent);

}  // namespace cloudpos::rpc
