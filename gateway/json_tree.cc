#include "gateway/json_tree.h"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <cstring>
#include <string>

#include "libs/base/error.h"

namespace cloudpos::gateway {
namespace {

namespace json = boost::json;
using boost::system::error_code;

/// Receives the parser's events and builds nodes: finished values wait on a stack until their
/// container ends, then move as one block into the tree's memory.
class TreeBuilder {
 public:
  static constexpr size_t max_object_size = kJsonKeysMax;
  static constexpr size_t max_array_size = kJsonArrayMax;
  static constexpr size_t max_key_size = size_t{1} << 20;
  static constexpr size_t max_string_size = size_t{1} << 30;

  TreeBuilder(std::string_view source, std::pmr::monotonic_buffer_resource* memory)
      : source_(source), memory_(memory) {
    stack_.reserve(64);
    keys_.reserve(64);
  }

  const JsonNode* root() { return Keep(1).data(); }
  bool is_number_too_long() const { return is_number_too_long_; }

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) { return true; }
  bool on_array_begin(error_code&) { return true; }
  bool on_comment_part(json::string_view, error_code&) { return true; }
  bool on_comment(json::string_view, error_code&) { return true; }

  bool on_object_end(size_t n, error_code&) {
    for (size_t i = 0; i < n; ++i) stack_[stack_.size() - n + i].key = keys_[keys_.size() - n + i];
    keys_.resize(keys_.size() - n);
    return Close(JsonNode::Kind::kObject, n);
  }
  bool on_array_end(size_t n, error_code&) { return Close(JsonNode::Kind::kArray, n); }

  bool on_key_part(json::string_view part, size_t, error_code&) { return AddPart(part); }
  bool on_key(json::string_view part, size_t, error_code&) {
    keys_.push_back(TakeText(part));
    return true;
  }
  bool on_string_part(json::string_view part, size_t, error_code&) { return AddPart(part); }
  bool on_string(json::string_view part, size_t, error_code&) {
    stack_.push_back({.kind = JsonNode::Kind::kString, .text = TakeText(part)});
    return true;
  }

  bool on_number_part(json::string_view, error_code&) { return true; }
  bool on_int64(int64_t value, json::string_view text, error_code& ec) {
    return AddNumber({.kind = JsonNode::Kind::kNumber,
                      .is_int64 = true,
                      .is_uint64 = value >= 0,
                      .integer = static_cast<uint64_t>(value),
                      .text = View(text)},
                     ec);
  }
  bool on_uint64(uint64_t value, json::string_view text, error_code& ec) {
    return AddNumber(
        {.kind = JsonNode::Kind::kNumber, .is_uint64 = true, .integer = value, .text = View(text)},
        ec);
  }
  bool on_double(double, json::string_view text, error_code& ec) {
    return AddNumber({.kind = JsonNode::Kind::kNumber, .text = View(text)}, ec);
  }
  bool on_bool(bool value, error_code&) {
    stack_.push_back({.kind = JsonNode::Kind::kBool, .boolean = value});
    return true;
  }
  bool on_null(error_code&) {
    stack_.push_back({});
    return true;
  }

 private:
  static std::string_view View(json::string_view text) { return {text.data(), text.size()}; }

  bool AddPart(json::string_view part) {
    parts_.append(part.data(), part.size());
    return true;
  }

  /// Text in one piece inside the source is pointed at; anything with escapes is copied.
  std::string_view TakeText(json::string_view last) {
    const bool is_in_source = parts_.empty() && !last.empty() && last.data() >= source_.data() &&
                              last.data() + last.size() <= source_.data() + source_.size();
    if (is_in_source) return View(last);
    parts_.append(last.data(), last.size());
    if (parts_.empty()) return std::string_view("", 0);
    char* copy = static_cast<char*>(memory_->allocate(parts_.size(), 1));
    std::memcpy(copy, parts_.data(), parts_.size());
    const std::string_view text(copy, parts_.size());
    parts_.clear();
    return text;
  }

  bool AddNumber(const JsonNode& node, error_code& ec) {
    if (node.text.size() > kJsonNumberMax) {
      is_number_too_long_ = true;
      ec = json::error::exponent_overflow;
      return false;
    }
    stack_.push_back(node);
    return true;
  }

  bool Close(JsonNode::Kind kind, size_t n) {
    const std::span<const JsonNode> children = Keep(n);
    stack_.push_back({.kind = kind, .children = children});
    return true;
  }

  /// Moves the last n finished values into the tree's memory.
  std::span<const JsonNode> Keep(size_t n) {
    if (n == 0) return {};
    auto* block =
        static_cast<JsonNode*>(memory_->allocate(n * sizeof(JsonNode), alignof(JsonNode)));
    std::uninitialized_copy(stack_.end() - static_cast<std::ptrdiff_t>(n), stack_.end(), block);
    stack_.resize(stack_.size() - n);
    return {block, n};
  }

  std::string_view source_;
  std::pmr::monotonic_buffer_resource* memory_;
  std::vector<JsonNode> stack_;
  std::vector<std::string_view> keys_;
  std::string parts_;
  bool is_number_too_long_ = false;
};

absl::Status ParseError(const error_code& ec, size_t offset, bool is_number_too_long) {
  using common::v1::LIMIT_EXCEEDED;
  if (ec == json::error::too_deep) {
    return base::Fail(LIMIT_EXCEEDED, "JSON is nested deeper than 32 levels.");
  }
  if (ec == json::error::object_too_large) {
    return base::Fail(LIMIT_EXCEEDED, "A JSON object has more than 1000 keys.");
  }
  if (ec == json::error::array_too_large) {
    return base::Fail(LIMIT_EXCEEDED, "A JSON array has more than 10000 elements.");
  }
  if (is_number_too_long) {
    return base::Fail(LIMIT_EXCEEDED, "A JSON number has more than 32 characters.");
  }
  return base::Fail(common::v1::MALFORMED_JSON,
                    "Not valid JSON at byte " + std::to_string(offset) + ": " + ec.message() + ".");
}

}  // namespace

JsonTree::JsonTree() : memory_(4096) {}

absl::Status JsonTree::Parse(std::string_view text) {
  json::parse_options options;
  options.max_depth = kJsonDepthMax;
  json::basic_parser<TreeBuilder> parser(options, text, &memory_);
  error_code ec;
  const size_t used = parser.write_some(false, text.data(), text.size(), ec);
  if (!ec && used < text.size()) ec = json::error::extra_data;
  if (ec) return ParseError(ec, used, parser.handler().is_number_too_long());
  root_ = parser.handler().root();
  return absl::OkStatus();
}

}  // namespace cloudpos::gateway
