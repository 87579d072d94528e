#pragma once

// Decodes a chunked body as it arrives (RFC 9112 section 7.1), strictly: sizes are 1 to 16 hex
// digits, extensions short, trailers well-formed and dropped.

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace cloudpos::gateway {

class ChunkedDecoder {
 public:
  explicit ChunkedDecoder(size_t body_max) : body_max_(body_max) {}

  /// Takes what it can from the front of `data`, adds content to `body`; answers how many bytes it
  /// took. MALFORMED_REQUEST, BODY_TOO_LARGE or HEADERS_TOO_LARGE (trailers).
  absl::Status Feed(std::string_view data, std::string* body, size_t* used);
  bool done() const { return state_ == State::kDone; }

 private:
  enum class State { kSize, kData, kDataEnd, kTrailer, kDone };

  absl::Status TakeLine();
  absl::Status TakeSize();
  absl::Status TakeTrailer();

  size_t body_max_;
  State state_ = State::kSize;
  uint64_t left_ = 0;
  std::string line_;
  size_t trailer_bytes_ = 0;
};

}  // namespace cloudpos::gateway
