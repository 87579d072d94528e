#include "gateway/http_target.h"

#include <algorithm>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"

namespace cloudpos::gateway {
namespace {

absl::Status Malformed(std::string_view detail) {
  return base::Fail(common::v1::MALFORMED_REQUEST, detail);
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool IsAlnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// unreserved, sub-delims, and those that RFC 3986 allows in path and query.
bool IsTargetChar(char c) {
  return IsAlnum(c) || std::string_view("-._~!$&'()*+,;=:@/?%").find(c) != std::string_view::npos;
}

absl::Status CheckPath(std::string_view path) {
  for (size_t i = 0; i + 2 < path.size(); ++i) {
    if (path[i] != '%') continue;
    const int value = HexValue(path[i + 1]) * 16 + HexValue(path[i + 2]);
    if (value == '/' || value == '\\') return Malformed("The path has an encoded slash.");
    if (value == '%') return Malformed("The path is encoded twice.");
  }
  size_t begin = 0;
  while (begin < path.size()) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const auto segment = PercentDecode(path.substr(begin, end - begin), false);
    if (!segment) return Malformed("The path has a bad escape.");
    if (*segment == "." || *segment == "..") return Malformed("The path has a dot segment.");
    begin = end + 1;
  }
  if (path.find("//") != path.npos) return Malformed("The path has an empty segment.");
  return absl::OkStatus();
}

bool IsHostName(std::string_view name) {
  return !name.empty() && name.size() <= 255 && std::all_of(name.begin(), name.end(), [](char c) {
    return IsAlnum(c) || c == '-' || c == '.' || c == '_';
  });
}

bool IsBracketed(std::string_view name) {
  return name.size() > 2 && name.front() == '[' && name.back() == ']' &&
         std::all_of(name.begin() + 1, name.end() - 1,
                     [](char c) { return HexValue(c) >= 0 || c == ':' || c == '.'; });
}

bool IsAuthority(std::string_view text) {
  const size_t colon = text.rfind(':');
  const bool has_port = colon != text.npos && text.find(']', colon) == text.npos;
  if (has_port) {
    const std::string_view port = text.substr(colon + 1);
    if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != port.npos) {
      return false;
    }
  }
  const std::string_view name = has_port ? text.substr(0, colon) : text;
  return IsHostName(name) || IsBracketed(name);
}

}  // namespace

std::optional<std::string> PercentDecode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out.push_back(' ');
    } else if (text[i] != '%') {
      out.push_back(text[i]);
    } else {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = HexValue(text[i + 1]);
      const int low = HexValue(text[i + 2]);
      if (high < 0 || low < 0 || high * 16 + low == 0) return std::nullopt;
      out.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    }
  }
  return out;
}

std::string PercentEncode(std::string_view text) {
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (IsAlnum(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      out.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.push_back('%');
      out.push_back(kHex[byte >> 4]);
      out.push_back(kHex[byte & 15]);
    }
  }
  return out;
}

std::optional<std::vector<std::pair<std::string, std::string>>> ParseQuery(std::string_view query,
                                                                           size_t max) {
  std::vector<std::pair<std::string, std::string>> pairs;
  while (!query.empty()) {
    const size_t end = query.find('&');
    const std::string_view item = query.substr(0, end);
    query = end == query.npos ? std::string_view() : query.substr(end + 1);
    if (item.empty()) continue;
    if (pairs.size() >= max) return std::nullopt;
    const size_t equals = item.find('=');
    auto name = PercentDecode(item.substr(0, equals), true);
    auto value = PercentDecode(equals == item.npos ? "" : item.substr(equals + 1), true);
    if (!name || !value) return std::nullopt;
    pairs.emplace_back(*std::move(name), *std::move(value));
  }
  return pairs;
}

absl::Status SplitTarget(std::string_view target, RequestHead* head) {
  if (target.empty()) return Malformed("The request target is empty.");
  if (target == "*" && head->method == "OPTIONS") {
    head->target = head->path = target;
    return absl::OkStatus();
  }
  for (const std::string_view scheme :
       {std::string_view("http://"), std::string_view("https://")}) {
    if (target.substr(0, scheme.size()) != scheme) continue;
    const size_t slash = std::min(target.find_first_of("/?", scheme.size()), target.size());
    head->host = target.substr(scheme.size(), slash - scheme.size());
    if (!IsAuthority(head->host)) return Malformed("The request target names no valid host.");
    target = slash == target.size() ? std::string_view("/") : target.substr(slash);
    break;
  }
  if (target.front() != '/') return Malformed("The request target must be a path.");
  if (!std::all_of(target.begin(), target.end(), IsTargetChar)) {
    return Malformed("The request target has a byte that must be percent-encoded.");
  }
  head->target = target;
  const size_t question = target.find('?');
  head->path = target.substr(0, question);
  if (question != target.npos) head->query = target.substr(question + 1);
  return CheckPath(head->path);
}

absl::Status CheckHost(bool is_present, std::string_view value, RequestHead* head) {
  if (!is_present) {
    if (head->version_minor == 0) return absl::OkStatus();
    return Malformed("A Host header is required.");
  }
  if (!IsAuthority(value)) return Malformed("The Host header is not valid.");
  if (!head->host.empty() && head->host != value) {
    return Malformed("The Host header differs from the request target.");
  }
  head->host = value;
  return absl::OkStatus();
}

}  // namespace cloudpos::gateway
