// Canonical JSON: RFC 8785 (JCS) for the values a journal holds. Objects with keys in UTF-16 code
// unit order, arrays, strings (UTF-8 as received, escaped as RFC 8785 3.2.2.2 says), booleans and
// integers within +-(2^53 - 1). No floats, no null: absent is left out. One value has exactly one
// encoding, so hashes and signatures can be taken over bytes.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "libs/journal/error.h"

namespace cloudpos::journal {

// Appends canonical JSON to a string. The caller gives the keys of each object in ascending order.
// The first error sticks and is what error() answers; the bytes are then of no use.
class Writer {
 public:
  explicit Writer(std::string* out) : out_(out) {}

  void BeginObject();
  void EndObject();
  void BeginArray();
  void EndArray();
  void Key(std::string_view key);
  void String(std::string_view value);
  void Int(std::int64_t value);
  void Bool(bool value);
  // `json` must be canonical already (a payload inside an export line); it is not looked at.
  void Raw(std::string_view json);

  void Field(std::string_view key, std::string_view value) { Key(key), String(value); }
  void Field(std::string_view key, const char* value) { Key(key), String(value); }
  void Field(std::string_view key, std::int64_t value) { Key(key), Int(value); }
  void Field(std::string_view key, int value) { Key(key), Int(value); }
  void Field(std::string_view key, bool value) { Key(key), Bool(value); }
  // Left out when it has its default value.
  void OptionalField(std::string_view key, std::string_view value) {
    if (!value.empty()) Field(key, value);
  }
  void OptionalField(std::string_view key, std::int64_t value) {
    if (value != 0) Field(key, value);
  }
  void OptionalField(std::string_view key, bool value) {
    if (value) Field(key, value);
  }

  // kDepth if an object or array is still open.
  Error error() const;

 private:
  void Separate();
  void Open(char bracket);
  void Close(char bracket);
  void Fail(ErrorCode code);

  std::string* out_;
  int depth_ = 0;
  bool after_key_ = false;
  std::array<bool, kMaxDepth + 1> used_{};                  // the level has a member already
  std::array<std::string_view, kMaxDepth + 1> last_key_{};  // keys must outlive their object
  Error error_;
};

// Order of keys by RFC 8785: by UTF-16 code units. Both must be valid UTF-8.
bool KeyLess(std::string_view a, std::string_view b);

enum class ParseMode : std::uint8_t {
  kCanonical,  // exactly the canonical bytes, nothing else
  kAnyJson,    // any spelling (whitespace, key order, escapes) of a value of the subset; a member
               // that is null counts as absent
};

class Value;

// A parsed text. Owns its bytes; its Values live as long as it stays where it is.
class Document {
 public:
  // Errors: kSyntax, kNotCanonical (mode kCanonical), kBadUtf8, kNumberRange, kDuplicateKey,
  // kDepth, kTooLarge.
  static Error Parse(std::string_view text, ParseMode mode, Document* document);

  // Valid after a successful Parse.
  Value root() const;

 private:
  friend class Value;
  friend class Parser;
  enum class Kind : std::uint8_t { kObject, kArray, kString, kInt, kBool };
  struct Node {
    Kind kind;
    std::uint32_t next = 0;  // index of the sibling, 0: none
    std::uint32_t key_at = 0, key_size = 0;
    std::uint32_t at = 0;    // string: place in bytes_; container: index of the first child, or 0
    std::uint32_t size = 0;  // string: bytes; container: children
    std::int64_t number = 0;
  };
  std::string_view Bytes(std::uint32_t at, std::uint32_t size) const {
    return {bytes_.data() + at, size};
  }
  std::vector<char> bytes_;  // the text; strings with escapes are decoded in place
  std::vector<Node> nodes_;
};

// A value of a Document, or "missing" (the default, and what Find answers for an absent key).
// Reading as another type gives the fallback: check the kind where it matters.
class Value {
 public:
  Value() = default;

  bool present() const { return document_ != nullptr; }
  bool IsObject() const { return Is(Document::Kind::kObject); }
  bool IsArray() const { return Is(Document::Kind::kArray); }
  bool IsString() const { return Is(Document::Kind::kString); }
  bool IsInt() const { return Is(Document::Kind::kInt); }
  bool IsBool() const { return Is(Document::Kind::kBool); }

  std::string_view String(std::string_view fallback = {}) const;
  std::int64_t Int(std::int64_t fallback = 0) const;
  bool Bool(bool fallback = false) const;

  // Members of an object or elements of an array.
  std::size_t size() const;
  Value Find(std::string_view key) const;  // linear: objects here have tens of members
  // for (Value v = array.First(); v.present(); v = v.Next()) ...
  Value First() const;
  Value Next() const;
  std::string_view Key() const;  // of a member

 private:
  friend class Document;
  Value(const Document* document, std::uint32_t index) : document_(document), index_(index) {}
  const Document::Node& node() const { return document_->nodes_[index_]; }
  bool Is(Document::Kind kind) const { return present() && node().kind == kind; }

  const Document* document_ = nullptr;
  std::uint32_t index_ = 0;
};

// Appends the canonical encoding of `value` (keys sorted). Errors as Writer's.
Error Encode(const Value& value, std::string* out);

// kOk if `text` is canonical: parses it, encodes it again and compares the bytes.
Error CheckCanonical(std::string_view text);

}  // namespace cloudpos::journal
