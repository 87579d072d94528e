// Bytes written as text: \r \n \t \0 \\ \xHH, and \{a*8000} for 8,000 times `a`.
#pragma once

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <string>
#include <string_view>

namespace cloudpos::testing {

/// Takes at most `count` digits of base 16 or 10 from the front of `text`.
inline size_t TakeNumber(std::string_view* text, size_t count, int base) {
  size_t number = 0;
  const auto end =
      std::from_chars(text->data(), text->data() + std::min(count, text->size()), number, base);
  if (end.ec != std::errc() || end.ptr == text->data()) throw std::runtime_error("bad number");
  text->remove_prefix(static_cast<size_t>(end.ptr - text->data()));
  return number;
}

/// Takes what stands behind a backslash.
inline std::string TakeEscape(std::string_view* text) {
  if (text->empty()) throw std::runtime_error("a backslash at the end");
  const char kind = text->front();
  text->remove_prefix(1);
  switch (kind) {
    case 'r':
      return "\r";
    case 'n':
      return "\n";
    case 't':
      return "\t";
    case '0':
      return std::string(1, '\0');
    case '\\':
      return "\\";
    case 'x':
      return std::string(1, static_cast<char>(TakeNumber(text, 2, 16)));
    case '{': {  // {a*8000}
      if (text->size() < 4 || (*text)[1] != '*') throw std::runtime_error("bad repetition");
      const char c = text->front();
      text->remove_prefix(2);
      const size_t count = TakeNumber(text, 6, 10);
      if (text->empty() || text->front() != '}') throw std::runtime_error("bad repetition");
      text->remove_prefix(1);
      return std::string(count, c);
    }
    default:
      throw std::runtime_error("unknown escape");
  }
}

/// Throws std::runtime_error for what is no such text.
inline std::string Unescape(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c == '\\') {
      out += TakeEscape(&text);
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace cloudpos::testing
