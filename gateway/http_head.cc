#include "gateway/http_head.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "gateway/http_target.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"

namespace cloudpos::gateway {
namespace {

absl::Status Malformed(std::string_view detail) {
  return base::Fail(common::v1::MALFORMED_REQUEST, detail);
}

constexpr std::array<bool, 256> MakeTokenTable() {
  std::array<bool, 256> table{};
  for (int c = '0'; c <= '9'; ++c) table[static_cast<size_t>(c)] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[static_cast<size_t>(c)] = true;
  for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<size_t>(c)] = true;
  for (const char c :
       {'!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~'}) {
    table[static_cast<unsigned char>(c)] = true;
  }
  return table;
}
constexpr std::array<bool, 256> kToken = MakeTokenTable();

bool IsControl(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t') || byte == 0x7F;
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool EqualsIgnoreCase(std::string_view a, std::string_view lower) {
  return a.size() == lower.size() &&
         std::equal(a.begin(), a.end(), lower.begin(), [](char x, char y) {
           return (x >= 'A' && x <= 'Z' ? static_cast<char>(x - 'A' + 'a') : x) == y;
         });
}

absl::Status CheckMethod(std::string_view method) {
  static constexpr std::string_view kAllowed[] = {"GET",   "HEAD",   "POST",   "PUT",
                                                  "PATCH", "DELETE", "OPTIONS"};
  if (std::find(std::begin(kAllowed), std::end(kAllowed), method) != std::end(kAllowed)) {
    return absl::OkStatus();
  }
  if (!IsToken(method)) return Malformed("The method is not a token.");
  if (method == "TRACE" || method == "CONNECT") {
    return base::Fail(common::v1::METHOD_NOT_ALLOWED, "This method is not offered.");
  }
  return base::Fail(common::v1::UNIMPLEMENTED, "This method is not known.");
}

absl::Status ParseRequestLine(std::string_view line, RequestHead* head) {
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == line.npos || first == last || line.find(' ', first + 1) != last) {
    return Malformed("The request line must be: method, target, version, one space between.");
  }
  head->method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    return Malformed("The version must be HTTP/1.1.");
  }
  head->version_minor = version.back() - '0';
  head->keep_alive = head->version_minor == 1;
  CLOUDPOS_RETURN_IF_ERROR(CheckMethod(head->method));
  return SplitTarget(target, head);
}

/// Lower-cases the name in place and records the header.
absl::Status AddHeader(char* begin, size_t size, const HeadLimits& limits, RequestHead* head) {
  const std::string_view line(begin, size);
  if (size > limits.header || head->headers.size() >= limits.count) {
    return base::Fail(common::v1::HEADERS_TOO_LARGE, "At most 100 headers of 8 KiB each.");
  }
  size_t colon = 0;
  CLOUDPOS_RETURN_IF_ERROR(CheckHeaderLine(line, &colon));
  std::transform(begin, begin + colon, begin, [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  head->headers.push_back({line.substr(0, colon), Trim(line.substr(colon + 1))});
  return absl::OkStatus();
}

/// Headers that mean two things when they come twice.
absl::Status CheckSingletons(const RequestHead& head) {
  static constexpr std::string_view kOnce[] = {
      "host",        "content-length", "transfer-encoding", "content-type",    "authorization",
      "origin",      "expect",         "idempotency-key",   "if-none-match",   "cookie",
      "traceparent", "x-request-id",   "sec-fetch-site",    "content-encoding"};
  for (const std::string_view name : kOnce) {
    const auto count = std::count_if(head.headers.begin(), head.headers.end(),
                                     [name](const Header& h) { return h.name == name; });
    if (count > 1) return Malformed("The header " + std::string(name) + " is given twice.");
  }
  return absl::OkStatus();
}

const Header* FindHeader(const RequestHead& head, std::string_view name) {
  for (const Header& header : head.headers) {
    if (header.name == name) return &header;
  }
  return nullptr;
}

absl::Status ReadFraming(RequestHead* head) {
  const Header* length = FindHeader(*head, "content-length");
  const Header* encoding = FindHeader(*head, "transfer-encoding");
  if (length != nullptr && encoding != nullptr) {
    return Malformed("Content-Length and Transfer-Encoding exclude each other.");
  }
  if (length != nullptr) {
    const std::string_view text = length->value;
    const bool is_digits = text.find_first_not_of("0123456789") == text.npos;
    if (text.empty() || text.size() > 18 || !is_digits) {
      return Malformed("Content-Length must be one decimal number.");
    }
    std::from_chars(text.data(), text.data() + text.size(), head->content_length);
  }
  if (encoding != nullptr) {
    if (head->version_minor == 0) return Malformed("HTTP/1.0 has no Transfer-Encoding.");
    if (!EqualsIgnoreCase(encoding->value, "chunked")) {
      return Malformed("Transfer-Encoding must be chunked and nothing else.");
    }
    head->is_chunked = true;
  }
  if (FindHeader(*head, "content-encoding") != nullptr && head->HasBody()) {
    const std::string_view coding = head->Find("content-encoding");
    if (!EqualsIgnoreCase(coding, "identity")) {
      return base::Fail(common::v1::UNSUPPORTED_MEDIA_TYPE, "Compressed bodies are not accepted.");
    }
  }
  return absl::OkStatus();
}

/// Whoever says "close" anywhere means it (RFC 9112 9.3).
absl::Status ReadConnection(RequestHead* head) {
  bool says_close = false;
  for (const Header& header : head->headers) {
    if (header.name != "connection") continue;
    std::string_view rest = header.value;
    while (!rest.empty()) {
      const size_t comma = rest.find(',');
      const std::string_view token = Trim(rest.substr(0, comma));
      if (!token.empty() && !IsToken(token))
        return Malformed("Connection must be a list of names.");
      if (EqualsIgnoreCase(token, "close")) says_close = true;
      if (EqualsIgnoreCase(token, "keep-alive") && head->version_minor == 0)
        head->keep_alive = true;
      rest = comma == rest.npos ? std::string_view() : rest.substr(comma + 1);
    }
  }
  if (says_close) head->keep_alive = false;
  if (const Header* expect = FindHeader(*head, "expect"); expect != nullptr) {
    if (!EqualsIgnoreCase(expect->value, "100-continue")) return Malformed("Expect is not known.");
    head->expects_continue = head->version_minor == 1;
  }
  return absl::OkStatus();
}

}  // namespace

bool IsToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return kToken[static_cast<unsigned char>(c)]; });
}

absl::Status CheckHeaderLine(std::string_view line, size_t* colon) {
  if (line.front() == ' ' || line.front() == '\t') {
    return Malformed("A header must not continue on the next line.");
  }
  *colon = line.find(':');
  if (*colon == line.npos) return Malformed("A header has no colon.");
  const std::string_view name = line.substr(0, *colon);
  // Many peers cannot tell an underscore from a hyphen.
  if (!IsToken(name) || name.find('_') != name.npos) {
    return Malformed(
        "A header's name may hold letters, digits and hyphens, no space before the colon.");
  }
  if (std::any_of(line.begin(), line.end(), IsControl))
    return Malformed("A header has a control byte.");
  return absl::OkStatus();
}

HeadScan ScanHead(std::string_view data, size_t checked, const HeadLimits& limits) {
  // One byte back: a CR may have been the last one seen. The first byte that is wrong decides, so
  // that it does not matter in which pieces the head came.
  for (size_t i = checked > 0 ? checked - 1 : 0; i < data.size(); ++i) {
    if (i == limits.request_line && data.substr(0, i + 1).find('\r') == data.npos) {
      return {0, base::Fail(common::v1::URI_TOO_LONG, "The request line is longer than 8 KiB.")};
    }
    if (i == limits.total) {
      return {0, base::Fail(common::v1::HEADERS_TOO_LARGE, "The headers are larger than 32 KiB.")};
    }
    const char c = data[i];
    if (c == '\n') {
      if (i == 0 || data[i - 1] != '\r') return {0, Malformed("A line must end with CR LF.")};
      if (i == 1) return {0, Malformed("A request must begin with its request line.")};
      if (i >= 3 && data[i - 2] == '\n') return {i + 1, absl::OkStatus()};
    } else if (i > 0 && data[i - 1] == '\r') {
      return {0, Malformed("A CR must be followed by LF.")};
    } else if (c != '\r' && IsControl(c)) {
      return {0, Malformed("The head has a control byte.")};
    }
  }
  return {};
}

absl::Status ParseHead(std::string block, const HeadLimits& limits, RequestHead* head) {
  head->block = std::move(block);
  char* at = head->block.data();
  char* const end = at + head->block.size() - 2;  // the blank line
  const auto line_end = [end](char* from) { return std::find(from, end, '\r'); };
  char* stop = line_end(at);
  CLOUDPOS_RETURN_IF_ERROR(ParseRequestLine({at, static_cast<size_t>(stop - at)}, head));
  for (at = stop + 2; at < end; at = stop + 2) {
    stop = line_end(at);
    CLOUDPOS_RETURN_IF_ERROR(AddHeader(at, static_cast<size_t>(stop - at), limits, head));
  }
  CLOUDPOS_RETURN_IF_ERROR(CheckSingletons(*head));
  CLOUDPOS_RETURN_IF_ERROR(ReadFraming(head));
  CLOUDPOS_RETURN_IF_ERROR(ReadConnection(head));
  return CheckHost(FindHeader(*head, "host") != nullptr, head->Find("host"), head);
}

}  // namespace cloudpos::gateway
