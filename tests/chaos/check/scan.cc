#include "tests/chaos/check/scan.h"

#include <charconv>
#include <cstring>

namespace cloudpos::chaos {
namespace {

/// Place of the quote that ends the string whose content begins at `at`; npos when none does.
size_t EndOfString(std::string_view text, size_t at) {
  size_t from = at;
  while (from < text.size()) {
    const void* found = std::memchr(text.data() + from, '"', text.size() - from);
    if (found == nullptr) return std::string_view::npos;
    const size_t quote = static_cast<size_t>(static_cast<const char*>(found) - text.data());
    size_t slashes = 0;
    while (quote - slashes > at && text[quote - slashes - 1] == '\\') ++slashes;
    if (slashes % 2 == 0) return quote;
    from = quote + 1;
  }
  return std::string_view::npos;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// Four hex digits at `at`; -1 when they are not.
int32_t HexUnit(std::string_view text, size_t at) {
  if (at + 4 > text.size()) return -1;
  int32_t unit = 0;
  for (size_t i = at; i < at + 4; ++i) {
    const int digit = HexDigit(text[i]);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

void AppendUtf8(uint32_t point, std::string* out) {
  const auto put = [out](uint32_t byte) { out->push_back(static_cast<char>(byte)); };
  if (point < 0x80) return put(point);
  if (point < 0x800) {
    put(0xc0 | point >> 6);
  } else {
    if (point < 0x10000) {
      put(0xe0 | point >> 12);
    } else {
      put(0xf0 | point >> 18);
      put(0x80 | (point >> 12 & 0x3f));
    }
    put(0x80 | (point >> 6 & 0x3f));
  }
  put(0x80 | (point & 0x3f));
}

/// Decodes \uXXXX at `*at` (which stands behind the "u"), a surrogate pair as one.
bool UnescapeUnit(std::string_view text, size_t* at, std::string* out) {
  const int32_t unit = HexUnit(text, *at);
  if (unit < 0) return false;
  *at += 4;
  uint32_t point = static_cast<uint32_t>(unit);
  if (point >= 0xd800 && point < 0xdc00 && text.substr(*at).starts_with("\\u")) {
    const int32_t low = HexUnit(text, *at + 2);
    if (low < 0xdc00 || low > 0xdfff) return false;
    point = 0x10000 + ((point - 0xd800) << 10) + (static_cast<uint32_t>(low) - 0xdc00);
    *at += 6;
  }
  AppendUtf8(point, out);
  return true;
}

}  // namespace

Members::Members(std::string_view object) : text_(object) {
  SkipBlanks();
  if (at_ >= text_.size() || text_[at_] != '{') Fail();
  ++at_;
}

bool Members::Fail() {
  is_bad_ = true;
  return false;
}

void Members::SkipBlanks() {
  while (at_ < text_.size() &&
         (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\r' || text_[at_] == '\n')) {
    ++at_;
  }
}

bool Members::ReadString(std::string_view* content) {
  const size_t end = EndOfString(text_, at_ + 1);
  if (end == std::string_view::npos) return Fail();
  *content = text_.substr(at_ + 1, end - at_ - 1);
  at_ = end + 1;
  return true;
}

bool Members::SkipNested() {
  int depth = 0;
  while (at_ < text_.size()) {
    switch (text_[at_]) {
      case '"': {
        const size_t end = EndOfString(text_, at_ + 1);
        if (end == std::string_view::npos) return Fail();
        at_ = end;
        break;
      }
      case '{':
      case '[':
        ++depth;
        break;
      case '}':
      case ']':
        if (--depth == 0) {
          ++at_;
          return true;
        }
        break;
      default:
        break;
    }
    ++at_;
  }
  return Fail();
}

bool Members::Next() {
  if (is_bad_) return false;
  SkipBlanks();
  if (at_ < text_.size() && text_[at_] == ',') {
    ++at_;
    SkipBlanks();
  }
  if (at_ >= text_.size()) return Fail();
  if (text_[at_] == '}') return false;
  if (text_[at_] != '"' || !ReadString(&key_)) return Fail();
  SkipBlanks();
  if (at_ >= text_.size() || text_[at_] != ':') return Fail();
  ++at_;
  SkipBlanks();
  if (at_ >= text_.size()) return Fail();
  is_string_ = text_[at_] == '"';
  if (is_string_) return ReadString(&value_);
  const size_t begin = at_;
  if (text_[at_] == '{' || text_[at_] == '[') {
    if (!SkipNested()) return false;
  } else {
    while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '}' && text_[at_] != ' ') ++at_;
  }
  value_ = text_.substr(begin, at_ - begin);
  return true;
}

bool Unescape(std::string_view escaped, std::string* out) {
  out->clear();
  out->reserve(escaped.size());
  size_t at = 0;
  while (at < escaped.size()) {
    const size_t slash = escaped.find('\\', at);
    out->append(escaped.substr(at, slash - at));
    if (slash == std::string_view::npos) return true;
    if (slash + 1 >= escaped.size()) return false;
    const char c = escaped[slash + 1];
    at = slash + 2;
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    if (const size_t i = kNames.find(c); i != std::string_view::npos) {
      out->push_back(kMeanings[i]);
    } else if (c != 'u' || !UnescapeUnit(escaped, &at, out)) {
      return false;
    }
  }
  return true;
}

std::optional<int64_t> IntOf(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

}  // namespace cloudpos::chaos
