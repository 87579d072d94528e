#include <charconv>

#include "libs/journal/canonical.h"
#include "libs/journal/utf8.h"

namespace cloudpos::journal {
namespace {

// Appends `value` with its quotes. False if it is not valid UTF-8.
bool AppendString(std::string_view value, std::string* out) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out->push_back('"');
  std::size_t start = 0;  // of what needs no escape and is not copied yet
  std::size_t i = 0;
  while (i < value.size()) {
    const auto byte = static_cast<std::uint8_t>(value[i]);
    if (byte >= 0x80) {
      const std::size_t length = SequenceLength(value.substr(i));
      if (length == 0) return false;
      i += length;
      continue;
    }
    if (byte >= 0x20 && byte != '"' && byte != '\\') {
      ++i;
      continue;
    }
    out->append(value, start, i - start);
    start = ++i;
    out->push_back('\\');
    switch (byte) {
      case '"':
      case '\\':
        out->push_back(static_cast<char>(byte));
        break;
      case '\b':
        out->push_back('b');
        break;
      case '\t':
        out->push_back('t');
        break;
      case '\n':
        out->push_back('n');
        break;
      case '\f':
        out->push_back('f');
        break;
      case '\r':
        out->push_back('r');
        break;
      default:
        out->append("u00");
        out->push_back(kHex[byte >> 4]);
        out->push_back(kHex[byte & 15]);
    }
  }
  out->append(value, start, value.size() - start);
  out->push_back('"');
  return true;
}

// The bytes of valid UTF-8 sort by code point; UTF-16 sorts the surrogate pairs of U+10000 and
// above (lead bytes 0xf0..0xf4) before U+E000..U+FFFF (lead bytes 0xee, 0xef).
int Utf16Rank(char c) {
  const auto byte = static_cast<std::uint8_t>(c);
  return byte == 0xee || byte == 0xef ? byte + 0x10 : byte;
}

}  // namespace

bool KeyLess(std::string_view a, std::string_view b) {
  const std::size_t size = a.size() < b.size() ? a.size() : b.size();
  for (std::size_t i = 0; i < size; ++i) {
    if (a[i] != b[i]) return Utf16Rank(a[i]) < Utf16Rank(b[i]);
  }
  return a.size() < b.size();
}

void Writer::Fail(ErrorCode code) {
  if (error_.ok()) error_ = {code, out_->size()};
}

void Writer::Separate() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  const auto level = static_cast<std::size_t>(depth_);
  if (used_[level]) out_->push_back(',');
  used_[level] = true;
}

void Writer::Open(char bracket) {
  Separate();
  if (depth_ >= kMaxDepth) return Fail(ErrorCode::kDepth);
  out_->push_back(bracket);
  ++depth_;
  used_[static_cast<std::size_t>(depth_)] = false;
  last_key_[static_cast<std::size_t>(depth_)] = {};
}

void Writer::Close(char bracket) {
  if (depth_ == 0 || after_key_) return Fail(ErrorCode::kDepth);
  out_->push_back(bracket);
  --depth_;
}

void Writer::BeginObject() { Open('{'); }
void Writer::EndObject() { Close('}'); }
void Writer::BeginArray() { Open('['); }
void Writer::EndArray() { Close(']'); }

void Writer::Key(std::string_view key) {
  const auto level = static_cast<std::size_t>(depth_);
  if (used_[level]) {
    if (!KeyLess(last_key_[level], key)) Fail(ErrorCode::kKeyOrder);
    out_->push_back(',');
  }
  used_[level] = true;
  last_key_[level] = key;
  if (!AppendString(key, out_)) Fail(ErrorCode::kBadUtf8);
  out_->push_back(':');
  after_key_ = true;
}

void Writer::String(std::string_view value) {
  Separate();
  if (!AppendString(value, out_)) Fail(ErrorCode::kBadUtf8);
}

void Writer::Int(std::int64_t value) {
  Separate();
  if (value > kMaxInteger || value < -kMaxInteger) Fail(ErrorCode::kNumberRange);
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
  out_->append(digits, static_cast<std::size_t>(end - digits));
}

void Writer::Bool(bool value) {
  Separate();
  out_->append(value ? "true" : "false");
}

void Writer::Raw(std::string_view json) {
  Separate();
  out_->append(json);
}

Error Writer::error() const {
  if (error_.ok() && depth_ != 0) return {ErrorCode::kDepth, out_->size()};
  return error_;
}

}  // namespace cloudpos::journal
