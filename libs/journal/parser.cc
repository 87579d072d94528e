#include <algorithm>

#include "libs/journal/canonical.h"
#include "libs/journal/utf8.h"

namespace cloudpos::journal {

// A recursive-descent parser over Document::bytes_. In mode kCanonical each rule accepts the one
// canonical spelling only; CheckCanonical() proves it again by encoding.
class Parser {
 public:
  Parser(ParseMode mode, Document* document)
      : canonical_(mode == ParseMode::kCanonical), document_(document) {}

  Error Run() {
    SkipSpace();
    Index root = 0;
    if (ParseValue(0, &root)) {
      SkipSpace();
      if (at_ != size()) Fail(ErrorCode::kSyntax);
    }
    return error_;
  }

 private:
  using Kind = Document::Kind;
  using Node = Document::Node;
  using Index = std::uint32_t;

  std::vector<char>& bytes() { return document_->bytes_; }
  std::vector<Node>& nodes() { return document_->nodes_; }
  std::size_t size() { return bytes().size(); }
  char Peek() { return at_ < size() ? bytes()[at_] : '\0'; }
  std::string_view Rest() { return {bytes().data() + at_, size() - at_}; }

  bool Fail(ErrorCode code) {
    if (error_.ok()) error_ = {code, at_};
    return false;
  }
  // A deviation from the canonical spelling that other JSON may have.
  bool Loose() { return !canonical_ || Fail(ErrorCode::kNotCanonical); }

  bool Take(char c) {
    if (Peek() != c || at_ == size()) return false;
    ++at_;
    return true;
  }

  bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
  void SkipSpace() {
    while (at_ < size() && IsSpace(bytes()[at_])) {
      if (!Loose()) return;
      ++at_;
    }
  }

  Index Add(Kind kind) {
    nodes().push_back(Node{.kind = kind});
    return static_cast<Index>(nodes().size() - 1);
  }

  bool ParseValue(int depth, Index* index) {
    if (!error_.ok()) return false;
    switch (Peek()) {
      case '{':
        return ParseObject(depth, index);
      case '[':
        return ParseArray(depth, index);
      case '"':
        return ParseStringValue(index);
      case 't':
        return ParseWord("true", true, index);
      case 'f':
        return ParseWord("false", false, index);
      default:
        return ParseInt(index);
    }
  }

  bool ParseWord(std::string_view word, bool value, Index* index) {
    if (!Rest().starts_with(word)) return Fail(ErrorCode::kSyntax);
    at_ += word.size();
    *index = Add(Kind::kBool);
    nodes()[*index].number = value ? 1 : 0;
    return true;
  }

  bool ParseInt(Index* index) {
    const bool negative = Take('-');
    const std::size_t start = at_;
    std::int64_t value = 0;
    while (at_ < size() && bytes()[at_] >= '0' && bytes()[at_] <= '9') {
      value = value * 10 + (bytes()[at_] - '0');
      if (value > kMaxInteger) return Fail(ErrorCode::kNumberRange);
      ++at_;
    }
    const std::size_t digits = at_ - start;
    const char next = Peek();
    // Fractions and exponents are no part of the subset, however small; nor is -0.
    if (digits == 0 || (digits > 1 && bytes()[start] == '0') || (negative && value == 0) ||
        next == '.' || next == 'e' || next == 'E') {
      return Fail(ErrorCode::kSyntax);
    }
    *index = Add(Kind::kInt);
    nodes()[*index].number = negative ? -value : value;
    return true;
  }

  bool ParseStringValue(Index* index) {
    std::uint32_t at = 0;
    std::uint32_t length = 0;
    if (!ParseString(&at, &length)) return false;
    *index = Add(Kind::kString);
    nodes()[*index].at = at;
    nodes()[*index].size = length;
    return true;
  }

  // Leaves the decoded string in place: no escape is shorter than what it stands for.
  bool ParseString(std::uint32_t* at, std::uint32_t* length) {
    if (!Take('"')) return Fail(ErrorCode::kSyntax);
    const std::size_t start = at_;
    std::size_t end = at_;
    while (true) {
      if (at_ >= size()) return Fail(ErrorCode::kSyntax);
      const auto byte = static_cast<std::uint8_t>(bytes()[at_]);
      if (byte == '"') break;
      if (byte < 0x20) return Fail(ErrorCode::kSyntax);
      if (byte == '\\') {
        if (!ParseEscape(&end)) return false;
        continue;
      }
      const std::size_t sequence = byte < 0x80 ? 1 : SequenceLength(Rest());
      if (sequence == 0) return Fail(ErrorCode::kBadUtf8);
      for (std::size_t k = 0; k < sequence; ++k) bytes()[end++] = bytes()[at_++];
    }
    ++at_;
    *at = static_cast<std::uint32_t>(start);
    *length = static_cast<std::uint32_t>(end - start);
    return true;
  }

  bool ParseEscape(std::size_t* end) {
    constexpr std::string_view kShort = "\"\\bfnrt";
    constexpr std::string_view kMeaning = "\"\\\b\f\n\r\t";
    ++at_;
    const char c = Peek();
    if (const std::size_t found = kShort.find(c); c != '\0' && found != std::string_view::npos) {
      ++at_;
      bytes()[(*end)++] = kMeaning[found];
      return true;
    }
    if (c == '/') {
      ++at_;
      bytes()[(*end)++] = '/';
      return Loose();
    }
    if (c != 'u') return Fail(ErrorCode::kSyntax);
    return ParseUnicodeEscape(end);
  }

  bool ParseUnicodeEscape(std::size_t* end) {
    std::uint32_t code_point = 0;
    bool lower = true;
    if (!ParseFourDigits(&code_point, &lower)) return false;
    // Canonical: only control characters without a short form, in lower case.
    const bool needed =
        code_point < 0x20 && std::string_view("\b\t\n\f\r").find(static_cast<char>(code_point)) ==
                                 std::string_view::npos;
    if ((!needed || !lower) && !Loose()) return false;
    if (code_point >= 0xdc00 && code_point < 0xe000) return Fail(ErrorCode::kBadUtf8);
    if (code_point >= 0xd800 && code_point < 0xdc00) {
      std::uint32_t second = 0;
      if (!Rest().starts_with("\\u")) return Fail(ErrorCode::kBadUtf8);
      ++at_;
      if (!ParseFourDigits(&second, &lower)) return false;
      if (second < 0xdc00 || second >= 0xe000) return Fail(ErrorCode::kBadUtf8);
      code_point = 0x10000 + ((code_point - 0xd800) << 10) + (second - 0xdc00);
    }
    char encoded[4];
    const std::size_t length = PutCodePoint(code_point, encoded);
    std::copy_n(encoded, length, bytes().begin() + static_cast<std::ptrdiff_t>(*end));
    *end += length;
    return true;
  }

  // From the "u" of an escape.
  bool ParseFourDigits(std::uint32_t* value, bool* lower) {
    ++at_;
    for (int k = 0; k < 4; ++k, ++at_) {
      const char c = Peek();
      *value *= 16;
      if (c >= '0' && c <= '9') {
        *value += static_cast<std::uint32_t>(c - '0');
      } else if (c >= 'a' && c <= 'f') {
        *value += static_cast<std::uint32_t>(c - 'a' + 10);
      } else if (c >= 'A' && c <= 'F') {
        *value += static_cast<std::uint32_t>(c - 'A' + 10);
        *lower = false;
      } else {
        return Fail(ErrorCode::kSyntax);
      }
    }
    return true;
  }

  // Appends `child` to the children of `parent`.
  void Link(Index parent, Index child, Index* last) {
    if (*last == 0) {
      nodes()[parent].at = child;
    } else {
      nodes()[*last].next = child;
    }
    *last = child;
    ++nodes()[parent].size;
  }

  bool ParseArray(int depth, Index* index) {
    if (depth >= kMaxDepth) return Fail(ErrorCode::kDepth);
    ++at_;
    *index = Add(Kind::kArray);
    Index last = 0;
    SkipSpace();
    if (Take(']')) return true;
    while (true) {
      SkipSpace();
      Index child = 0;
      if (!ParseValue(depth + 1, &child)) return false;
      Link(*index, child, &last);
      SkipSpace();
      if (Take(']')) return true;
      if (!Take(',')) return Fail(ErrorCode::kSyntax);
    }
  }

  bool ParseObject(int depth, Index* index) {
    if (depth >= kMaxDepth) return Fail(ErrorCode::kDepth);
    ++at_;
    *index = Add(Kind::kObject);
    Index last = 0;
    SkipSpace();
    if (Take('}')) return true;
    while (true) {
      if (!ParseMember(depth, *index, &last)) return false;
      SkipSpace();
      if (Take('}')) return canonical_ || CheckKeys(*index);
      if (!Take(',')) return Fail(ErrorCode::kSyntax);
    }
  }

  bool ParseMember(int depth, Index parent, Index* last) {
    std::uint32_t key_at = 0;
    std::uint32_t key_size = 0;
    SkipSpace();
    if (!ParseString(&key_at, &key_size)) return false;
    if (canonical_ && *last != 0 && !CheckKeyOrder(nodes()[*last], key_at, key_size)) return false;
    SkipSpace();
    if (!Take(':')) return Fail(ErrorCode::kSyntax);
    SkipSpace();
    if (!canonical_ && Rest().starts_with("null")) {
      at_ += 4;
      return true;
    }
    Index child = 0;
    if (!ParseValue(depth + 1, &child)) return false;
    nodes()[child].key_at = key_at;
    nodes()[child].key_size = key_size;
    Link(parent, child, last);
    return true;
  }

  bool CheckKeyOrder(const Node& previous, std::uint32_t at, std::uint32_t size) {
    const std::string_view before = document_->Bytes(previous.key_at, previous.key_size);
    const std::string_view key = document_->Bytes(at, size);
    if (before == key) return Fail(ErrorCode::kDuplicateKey);
    return KeyLess(before, key) || Fail(ErrorCode::kNotCanonical);
  }

  // Any JSON: no key twice.
  bool CheckKeys(Index parent) {
    std::vector<std::string_view> keys;
    for (Index i = nodes()[parent].at; i != 0; i = nodes()[i].next) {
      keys.push_back(document_->Bytes(nodes()[i].key_at, nodes()[i].key_size));
    }
    std::sort(keys.begin(), keys.end());
    if (std::adjacent_find(keys.begin(), keys.end()) == keys.end()) return true;
    return Fail(ErrorCode::kDuplicateKey);
  }

  const bool canonical_;
  Document* document_;
  std::size_t at_ = 0;
  Error error_;
};

Error Document::Parse(std::string_view text, ParseMode mode, Document* document) {
  document->nodes_.clear();
  document->bytes_.clear();
  if (text.size() > kMaxTextBytes) return {ErrorCode::kTooLarge, text.size()};
  document->bytes_.assign(text.begin(), text.end());
  document->nodes_.reserve(text.size() / 16 + 1);
  const Error error = Parser(mode, document).Run();
  if (!error.ok()) document->nodes_.clear();
  return error;
}

Value Document::root() const { return nodes_.empty() ? Value() : Value(this, 0); }

std::string_view Value::String(std::string_view fallback) const {
  return IsString() ? document_->Bytes(node().at, node().size) : fallback;
}

std::int64_t Value::Int(std::int64_t fallback) const { return IsInt() ? node().number : fallback; }

bool Value::Bool(bool fallback) const { return IsBool() ? node().number != 0 : fallback; }

std::size_t Value::size() const { return IsObject() || IsArray() ? node().size : 0; }

Value Value::First() const {
  if (!(IsObject() || IsArray()) || node().at == 0) return {};
  return Value(document_, node().at);
}

Value Value::Next() const {
  if (!present() || node().next == 0) return {};
  return Value(document_, node().next);
}

std::string_view Value::Key() const {
  return present() ? document_->Bytes(node().key_at, node().key_size) : std::string_view();
}

Value Value::Find(std::string_view key) const {
  if (!IsObject()) return {};
  Value member = First();
  while (member.present() && member.Key() != key) member = member.Next();
  return member;
}

namespace {

void EncodeValue(const Value& value, Writer* writer) {
  if (value.IsObject()) {
    std::vector<Value> members;
    for (Value v = value.First(); v.present(); v = v.Next()) members.push_back(v);
    std::sort(members.begin(), members.end(),
              [](const Value& a, const Value& b) { return KeyLess(a.Key(), b.Key()); });
    writer->BeginObject();
    for (const Value& member : members) {
      writer->Key(member.Key());
      EncodeValue(member, writer);
    }
    writer->EndObject();
  } else if (value.IsArray()) {
    writer->BeginArray();
    for (Value v = value.First(); v.present(); v = v.Next()) EncodeValue(v, writer);
    writer->EndArray();
  } else if (value.IsString()) {
    writer->String(value.String());
  } else if (value.IsInt()) {
    writer->Int(value.Int());
  } else {
    writer->Bool(value.Bool());
  }
}

}  // namespace

Error Encode(const Value& value, std::string* out) {
  if (!value.present()) return {ErrorCode::kMissingField};
  Writer writer(out);
  EncodeValue(value, &writer);
  return writer.error();
}

Error CheckCanonical(std::string_view text) {
  Document document;
  if (const Error error = Document::Parse(text, ParseMode::kCanonical, &document); !error.ok()) {
    return error;
  }
  std::string again;
  if (const Error error = Encode(document.root(), &again); !error.ok()) return error;
  if (again == text) return {};
  const auto differs = std::mismatch(again.begin(), again.end(), text.begin(), text.end());
  return {ErrorCode::kNotCanonical, static_cast<std::size_t>(differs.first - again.begin())};
}

}  // namespace cloudpos::journal
