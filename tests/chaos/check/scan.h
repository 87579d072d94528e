#pragma once

// Reads lines of the clients' logs without making a tree of each: gigabytes of them are looked at
// for a few members only.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "libs/base/ids.h"

namespace cloudpos::chaos {

/// The members of one JSON object, in order. Says is_bad() for what is not one; what is inside
/// nested values is not checked.
class Members {
 public:
  explicit Members(std::string_view object);

  /// Moves to the next member; false at the end, or when the text is bad.
  bool Next();
  std::string_view key() const { return key_; }
  /// The value as it stands; of a string what is between its quotes, still escaped.
  std::string_view value() const { return value_; }
  bool is_string() const { return is_string_; }
  bool is_bad() const { return is_bad_; }

 private:
  void SkipBlanks();
  bool ReadString(std::string_view* content);
  bool SkipNested();
  bool Fail();

  std::string_view text_;
  size_t at_ = 0;
  std::string_view key_;
  std::string_view value_;
  bool is_string_ = false;
  bool is_bad_ = false;
};

/// Decodes a JSON string's content; false for a bad escape.
bool Unescape(std::string_view escaped, std::string* out);

std::optional<int64_t> IntOf(std::string_view text);

}  // namespace cloudpos::chaos
