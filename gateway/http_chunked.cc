#include "gateway/http_chunked.h"

#include <algorithm>
#include <charconv>

#include "gateway/http_head.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"

namespace cloudpos::gateway {
namespace {

constexpr size_t kExtensionMax = 256;
constexpr size_t kSizeDigitsMax = 16;
constexpr size_t kLineMax = 8 * 1024;
constexpr size_t kTrailersMax = 16 * 1024;

absl::Status Malformed(std::string_view detail) {
  return base::Fail(common::v1::MALFORMED_REQUEST, detail);
}

}  // namespace

absl::Status ChunkedDecoder::Feed(std::string_view data, std::string* body, size_t* used) {
  *used = 0;
  while (*used < data.size() && state_ != State::kDone) {
    if (state_ == State::kData) {
      const size_t n = std::min<uint64_t>(left_, data.size() - *used);
      body->append(data.substr(*used, n));
      *used += n;
      left_ -= n;
      if (left_ == 0) state_ = State::kDataEnd;
      continue;
    }
    const char c = data[(*used)++];
    const bool is_after_cr = !line_.empty() && line_.back() == '\r';
    if ((c == '\n') != is_after_cr) return Malformed("A chunk's line must end with CR LF.");
    line_.push_back(c);
    if (line_.size() > kLineMax) return Malformed("A chunk's line is too long.");
    if (c == '\n') CLOUDPOS_RETURN_IF_ERROR(TakeLine());
    if (state_ == State::kData && body->size() + left_ > body_max_) {
      return base::Fail(common::v1::BODY_TOO_LARGE, "The body is larger than allowed here.");
    }
  }
  return absl::OkStatus();
}

absl::Status ChunkedDecoder::TakeLine() {
  line_.resize(line_.size() - 2);
  absl::Status status;
  if (state_ == State::kSize) {
    status = TakeSize();
  } else if (state_ == State::kDataEnd) {
    if (!line_.empty()) status = Malformed("A chunk is longer than its size.");
    state_ = State::kSize;
  } else {
    status = TakeTrailer();
  }
  line_.clear();
  return status;
}

absl::Status ChunkedDecoder::TakeSize() {
  const size_t digits = std::min(line_.find_first_not_of("0123456789abcdefABCDEF"), line_.size());
  if (digits == 0 || digits > kSizeDigitsMax)
    return Malformed("A chunk's size must be hexadecimal.");
  const std::string_view extension = std::string_view(line_).substr(digits);
  if (extension.size() > kExtensionMax) return Malformed("A chunk's extension is too long.");
  if (!extension.empty() && extension.front() != ';')
    return Malformed("A chunk's size is malformed.");
  const bool has_control = std::any_of(extension.begin(), extension.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
  });
  if (has_control) return Malformed("A chunk's extension has a control byte.");
  std::from_chars(line_.data(), line_.data() + digits, left_, 16);
  if (left_ > uint64_t{1} << 62) {
    return base::Fail(common::v1::BODY_TOO_LARGE, "The body is larger than allowed here.");
  }
  state_ = left_ == 0 ? State::kTrailer : State::kData;
  return absl::OkStatus();
}

absl::Status ChunkedDecoder::TakeTrailer() {
  if (line_.empty()) {
    state_ = State::kDone;
    return absl::OkStatus();
  }
  trailer_bytes_ += line_.size();
  if (trailer_bytes_ > kTrailersMax) {
    return base::Fail(common::v1::HEADERS_TOO_LARGE, "The trailers are too large.");
  }
  size_t colon = 0;
  return CheckHeaderLine(line_, &colon);
}

}  // namespace cloudpos::gateway
