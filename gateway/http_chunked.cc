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

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

/// Takes a quoted string from the front of `text`.
bool TakeQuoted(std::string_view* text) {
  bool is_escaped = false;
  for (size_t i = 1; i < text->size(); ++i) {
    const char c = (*text)[i];
    if (IsControl(c)) return false;
    if (c == '"' && !is_escaped) {
      text->remove_prefix(i + 1);
      return true;
    }
    is_escaped = c == '\\' && !is_escaped;
  }
  return false;
}

/// ";name", ";name=token" and ";name=\"text\"", any number of them, with no blanks between: what
/// follows a size is dropped, but parsers must agree on where it ends.
bool IsExtensions(std::string_view text) {
  while (!text.empty()) {
    if (text.front() != ';') return false;
    text.remove_prefix(1);
    const size_t name = std::min(text.find_first_of("=;"), text.size());
    if (!IsToken(text.substr(0, name))) return false;
    text.remove_prefix(name);
    if (text.empty() || text.front() == ';') continue;
    text.remove_prefix(1);
    if (!text.empty() && text.front() == '"') {
      if (!TakeQuoted(&text)) return false;
      continue;
    }
    const size_t value = std::min(text.find(';'), text.size());
    if (!IsToken(text.substr(0, value))) return false;
    text.remove_prefix(value);
  }
  return true;
}

/// False for what RFC 9110 section 6.5.1 keeps out of trailers: a peer that merges them into the
/// head would read another message than we do.
bool IsHarmless(std::string_view trailer) {
  static constexpr std::string_view kNotHere[] = {"authorization",
                                                  "connection",
                                                  "content-encoding",
                                                  "content-length",
                                                  "content-range",
                                                  "content-type",
                                                  "cookie",
                                                  "expect",
                                                  "host",
                                                  "te",
                                                  "trailer",
                                                  "transfer-encoding",
                                                  "idempotency-key",
                                                  "upgrade",
                                                  "proxy-connection"};
  const auto is_same = [trailer](std::string_view name) {
    return std::equal(trailer.begin(), trailer.end(), name.begin(), name.end(), [](char a, char b) {
      return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
    });
  };
  return std::none_of(std::begin(kNotHere), std::end(kNotHere), is_same);
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
  if (!IsExtensions(extension)) return Malformed("A chunk's size or extension is malformed.");
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
  CLOUDPOS_RETURN_IF_ERROR(CheckHeaderLine(line_, &colon));
  if (!IsHarmless(std::string_view(line_).substr(0, colon))) {
    return Malformed("A trailer must not say what belongs into the head.");
  }
  return absl::OkStatus();
}

}  // namespace cloudpos::gateway
