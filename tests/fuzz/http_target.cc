// Request parsing: the bytes of a connection, as http_session.h takes them apart. The same bytes
// must mean the same in whatever pieces they come, and what is accepted must mean the same to
// Beast's parser.

#include "gateway/http_target.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <iterator>
#include <memory>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "gateway/http_chunked.h"
#include "gateway/http_head.h"
#include "libs/base/error.h"
#include "tests/fuzz/target.h"

namespace cloudpos::fuzz {
namespace {

using gateway::ChunkedDecoder;
using gateway::HeadScan;
using gateway::RequestHead;

// Small, so that inputs of a few hundred bytes reach them.
constexpr gateway::HeadLimits kLimits{
    .request_line = 256, .header = 200, .total = 1000, .count = 12};
constexpr size_t kBodyMax = 400;

struct Request {
  std::shared_ptr<RequestHead> head;
  std::string body;
  size_t end = 0;  // where the next one begins
};

struct Reading {
  std::vector<Request> requests;
  base::ErrorCode refusal = common::v1::ERROR_CODE_UNSPECIFIED;
};

/// Reads requests from pieces of bytes.
class Reader {
 public:
  void Feed(std::string_view piece) {
    in_.append(piece);
    while (!is_over_ && (is_in_body_ ? TakeBody() : TakeHead())) {
    }
  }
  Reading Finish() { return std::move(reading_); }

 private:
  bool Refuse(const absl::Status& status) {
    reading_.refusal = base::CodeOf(status);
    is_over_ = true;
    return false;
  }

  bool TakeHead() {
    if (in_.empty()) return false;
    const HeadScan scan = ScanHead(in_, checked_, kLimits);
    if (!scan.status.ok()) return Refuse(scan.status);
    checked_ = in_.size();
    if (scan.length == 0) return false;
    current_ = {};
    current_.head = std::make_shared<RequestHead>();
    const absl::Status status = ParseHead(in_.substr(0, scan.length), kLimits, current_.head.get());
    if (!status.ok()) return Refuse(status);
    Use(scan.length);
    if (current_.head->content_length > kBodyMax) {
      return Refuse(base::Fail(common::v1::BODY_TOO_LARGE, "too large"));
    }
    decoder_ = ChunkedDecoder(kBodyMax);
    is_in_body_ = true;
    return true;
  }

  bool TakeBody() {
    const RequestHead& head = *current_.head;
    if (head.is_chunked) {
      size_t used = 0;
      const absl::Status status = decoder_.Feed(in_, &current_.body, &used);
      if (!status.ok()) return Refuse(status);
      Use(used);
      if (!decoder_.done()) return false;
    } else {
      const size_t used = std::min<size_t>(in_.size(), head.content_length - current_.body.size());
      current_.body.append(in_, 0, used);
      Use(used);
      if (current_.body.size() < head.content_length) return false;
    }
    is_in_body_ = false;
    is_over_ = !head.keep_alive;
    current_.end = used_;
    reading_.requests.push_back(std::move(current_));
    return true;
  }

  void Use(size_t count) {
    in_.erase(0, count);
    used_ += count;
    checked_ = 0;
  }

  std::string in_;
  size_t used_ = 0;
  size_t checked_ = 0;
  Request current_;
  ChunkedDecoder decoder_{kBodyMax};
  bool is_in_body_ = false;
  bool is_over_ = false;
  Reading reading_;
};

Reading ReadWhole(std::string_view input) {
  Reader reader;
  reader.Feed(input);
  return reader.Finish();
}

Reading ReadByByte(std::string_view input) {
  Reader reader;
  for (size_t i = 0; i < input.size(); ++i) reader.Feed(input.substr(i, 1));
  return reader.Finish();
}

/// In pieces whose sizes follow from the bytes themselves.
Reading ReadInPieces(std::string_view input) {
  Reader reader;
  uint32_t hash = 2166136261U;
  while (!input.empty()) {
    hash = (hash ^ static_cast<unsigned char>(input.front())) * 16777619U;
    const size_t size = std::min<size_t>(1 + (hash >> 16) % 24, input.size());
    reader.Feed(input.substr(0, size));
    input.remove_prefix(size);
  }
  return reader.Finish();
}

bool IsSame(const RequestHead& a, const RequestHead& b) {
  const auto same_header = [](const gateway::Header& x, const gateway::Header& y) {
    return x.name == y.name && x.value == y.value;
  };
  return a.block == b.block && a.method == b.method && a.target == b.target && a.path == b.path &&
         a.query == b.query && a.host == b.host && a.version_minor == b.version_minor &&
         a.content_length == b.content_length && a.is_chunked == b.is_chunked &&
         a.keep_alive == b.keep_alive && a.expects_continue == b.expects_continue &&
         std::equal(a.headers.begin(), a.headers.end(), b.headers.begin(), b.headers.end(),
                    same_header);
}

void CheckSame(const Reading& a, const Reading& b) {
  Check(a.refusal == b.refusal, "pieces: the same refusal");
  Check(a.requests.size() == b.requests.size(), "pieces: as many requests");
  for (size_t i = 0; i < a.requests.size(); ++i) {
    Check(IsSame(*a.requests[i].head, *b.requests[i].head), "pieces: the same head");
    Check(a.requests[i].body == b.requests[i].body, "pieces: the same body");
    Check(a.requests[i].end == b.requests[i].end, "pieces: the same end");
  }
}

void CheckHead(const RequestHead& head) {
  for (const gateway::Header& header : head.headers) {
    const bool is_plain =
        !header.name.empty() && std::all_of(header.name.begin(), header.name.end(), [](char c) {
          return c > ' ' && c < 0x7F && c != '_' && c != ':' && !(c >= 'A' && c <= 'Z');
        });
    Check(is_plain, "a header's name is a token in lower case without underscore");
    Check(header.value.find_first_of(std::string_view("\r\n\0", 3)) == header.value.npos,
          "a header's value is one line");
  }
  if (head.path == "*") return;
  Check(head.path.front() == '/', "a path begins with a slash");
  Check(head.path.find_first_of("\\#? ") == head.path.npos, "a path is a path");
  const auto decoded = gateway::PercentDecode(head.path, false);
  Check(decoded.has_value(), "a path can be decoded");
  Check(std::count(decoded->begin(), decoded->end(), '/') ==
            std::count(head.path.begin(), head.path.end(), '/'),
        "decoding makes no segments");
  Check(("/" + *decoded + "/").find("/../") == std::string::npos, "a path has no dot segments");
  Check(decoded->find('\0') == std::string::npos, "a path has no NUL");
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

/// Whatever we accept, Beast must accept, with the same content and the same end.
void CheckBeast(std::string_view input, size_t begin, const Request& request) {
  // Beast obeys, and so judges, a header that no standard knows.
  if (!request.head->Find("proxy-connection").empty()) return;
  namespace http = boost::beast::http;
  http::request_parser<http::string_body> other;
  other.eager(true);
  boost::system::error_code ec;
  const std::string_view bytes = input.substr(begin, request.end - begin);
  const size_t used = other.put(boost::asio::buffer(bytes.data(), bytes.size()), ec);
  Check(!ec || ec == http::error::need_more, "Beast: accepts it");
  Check(used == bytes.size(), "Beast: ends at the same byte");
  const auto& message = other.get();
  const RequestHead& head = *request.head;
  const auto same = [](auto theirs, std::string_view ours) {
    return std::string_view(theirs.data(), theirs.size()) == ours;
  };
  Check(same(message.method_string(), head.method), "Beast: the same method");
  Check(message.body() == request.body, "Beast: the same body");
  // In HTTP/1.0 Beast does not see a "close" beside "keep-alive".
  const bool stricter = head.version_minor == 0 && !head.keep_alive;
  Check(other.keep_alive() == head.keep_alive || stricter,
        "Beast: the same opinion on keeping alive");
  Check(message.version() == static_cast<unsigned>(10 + head.version_minor), "Beast: version");
  // In Beast's order equal names stand together, and trailers are among them.
  using Pairs = std::multiset<std::pair<std::string, std::string>>;
  Pairs theirs;
  for (const auto& field : message) {
    theirs.emplace(Lower({field.name_string().data(), field.name_string().size()}),
                   std::string(field.value().data(), field.value().size()));
  }
  Pairs ours;
  for (const gateway::Header& header : head.headers) ours.emplace(header.name, header.value);
  Check(std::includes(theirs.begin(), theirs.end(), ours.begin(), ours.end()), "Beast: headers");
  Check(head.is_chunked || theirs.size() == ours.size(), "Beast: as many headers");
}

void Run(std::string_view input) {
  const Reading whole = ReadWhole(input);
  CheckSame(whole, ReadByByte(input));
  CheckSame(whole, ReadInPieces(input));
  size_t begin = 0;
  for (const Request& request : whole.requests) {
    CheckHead(*request.head);
    Check(request.body.size() <= kBodyMax, "a body keeps its limit");
    CheckBeast(input, begin, request);
    begin = request.end;
  }
}

/// One or two requests put together from pieces, good and bad.
std::string Invent(std::string_view, unsigned seed) {
  static const char* const kLines[] = {"GET / HTTP/1.1",
                                       "POST /v1/sales?a=b%20c&d HTTP/1.1",
                                       "HEAD http://a/b HTTP/1.1",
                                       "OPTIONS * HTTP/1.1",
                                       "PATCH /a%2e/b:c HTTP/1.0",
                                       "TRACE / HTTP/1.1",
                                       "PUT https://[::1]:8/ HTTP/1.1"};
  static const char* const kHeaders[] = {
      "Host: localhost",         "Host: [::1]:80",         "Content-Length: 3",
      "Content-Length: 03",      "Content-Length: 401",    "Transfer-Encoding: chunked",
      "Transfer-Encoding: xa",   "Connection: close",      "Connection: keep-alive, x",
      "Expect: 100-continue",    "Content-Encoding: gzip", "X-A:\t b ",
      "Authorization: Bearer a", "Cookie: a=b; c",         "A_B: c"};
  static const char* const kBodies[] = {"", "abc", "3\r\nabc\r\n0\r\n\r\n",
                                        "3;a=b;c=\"d\\\"\"\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n",
                                        "191\r\n"};
  std::mt19937 random(seed);
  const auto pick = [&random](const auto& pieces) { return pieces[random() % std::size(pieces)]; };
  std::string made;
  for (auto n = 1 + random() % 2; n > 0; --n) {
    made += pick(kLines);
    if (random() % 8 != 0) made += "\r\nHost: a";
    for (auto h = random() % 3; h > 0; --h) made += std::string("\r\n") + pick(kHeaders);
    made += std::string("\r\n\r\n") + pick(kBodies);
  }
  return made;
}

}  // namespace

const Target kHttp{.run = Run, .invent = Invent};

}  // namespace cloudpos::fuzz
