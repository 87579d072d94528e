#pragma once

// JSON text to a tree of nodes that keeps what a DOM forgets: duplicate keys and numbers as they
// were written. Boost.JSON does the parsing (RFC 8259, strict UTF-8); the limits are enforced while
// it parses, so that a hostile body costs no more than its bytes.

#include <cstdint>
#include <memory_resource>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace cloudpos::gateway {

inline constexpr size_t kJsonDepthMax = 32;
inline constexpr size_t kJsonKeysMax = 1000;
inline constexpr size_t kJsonArrayMax = 10000;
inline constexpr size_t kJsonNumberMax = 32;

struct JsonNode {
  enum class Kind : uint8_t { kNull, kBool, kNumber, kString, kArray, kObject };

  Kind kind = Kind::kNull;
  bool boolean = false;
  /// The number is a whole one that fits; `integer` holds it (as two's complement when unsigned).
  bool is_int64 = false;
  bool is_uint64 = false;
  uint64_t integer = 0;
  /// The string's value, or the number as written.
  std::string_view text = {};
  /// The member's name, when the parent is an object.
  std::string_view key = {};
  std::span<const JsonNode> children = {};

  int64_t AsInt64() const { return static_cast<int64_t>(integer); }
};

/// A parsed document. Nodes point into the text given to Parse and into the tree's own memory.
class JsonTree {
 public:
  JsonTree();
  /// MALFORMED_JSON (with the byte offset) or LIMIT_EXCEEDED. `text` must outlive the tree.
  absl::Status Parse(std::string_view text);
  const JsonNode& root() const { return *root_; }

 private:
  const JsonNode* root_ = nullptr;
  std::pmr::monotonic_buffer_resource memory_;
};

}  // namespace cloudpos::gateway
