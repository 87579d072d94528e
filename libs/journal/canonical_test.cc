#include "libs/journal/canonical.h"

#include <catch2/catch.hpp>

#include "tests/support/random.h"

namespace cloudpos::journal {
namespace {

ErrorCode ParseCode(std::string_view text, ParseMode mode = ParseMode::kCanonical) {
  Document document;
  return Document::Parse(text, mode, &document).code;
}

// The canonical form of any JSON.
std::string Canonical(std::string_view text) {
  Document document;
  REQUIRE(Document::Parse(text, ParseMode::kAnyJson, &document).ok());
  std::string out;
  REQUIRE(Encode(document.root(), &out).ok());
  return out;
}

// A random value in some spelling of JSON.
std::string RandomJson(testing::Random& random, int depth) {
  constexpr std::string_view kStrings[] = {"\"\"",        "\"a\"",
                                           "\"\\u20ac\"", "\"\xe2\x82\xac\"",
                                           "\"\\n\\/\"",  "\"\\ud83d\\ude00\"",
                                           "\"\\u0001\"", "\"\\\"\\\\\""};
  const std::string space(static_cast<std::size_t>(random.Between(0, 1)), ' ');
  switch (random.Between(0, depth > 3 ? 2 : 4)) {
    case 0:
      return std::to_string(random.Between(-kMaxInteger, kMaxInteger));
    case 1:
      return random.OneIn(2) ? "true" : "false";
    case 2:
      return std::string(kStrings[random.Index(std::size(kStrings))]);
    case 3: {
      std::string out = "[" + space;
      for (std::int64_t i = random.Between(0, 4); i > 0; --i) {
        out += RandomJson(random, depth + 1) + (i > 1 ? "," + space : "");
      }
      return out + "]";
    }
    default: {
      std::string out = "{" + space;
      for (std::int64_t i = random.Between(0, 5); i > 0; --i) {
        out += "\"" + std::string(1, static_cast<char>('a' + (i * 7) % 26)) + "\"" + space + ":";
        out += RandomJson(random, depth + 1) + (i > 1 ? "," + space : "");
      }
      return out + "}";
    }
  }
}

}  // namespace

TEST_CASE("Encode: RFC 8785 strings, order of keys and numbers", "[journal][domain]") {
  // RFC 8785 3.2.2: the string of the example, and 3.2.3: the sorting example.
  CHECK(Canonical(R"({"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/"})") ==
        "{\"string\":\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
  CHECK(Canonical(R"({"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,)"
                  R"("\u0080":6,"\u00f6":7})") ==
        "{\"\\r\":2,\"1\":4,\"\xc2\x80\":6,\"\xc3\xb6\":7,\"\xe2\x82\xac\":1,"
        "\"\xf0\x9f\x98\x80\":5,\"\xef\xac\xb3\":3}");
  CHECK(Canonical(" [ true , false , { } , [ ] , -5 , 0 ] ") == "[true,false,{},[],-5,0]");
  CHECK(Canonical(R"({"b":null,"a":1})") == R"({"a":1})");
  CHECK(Canonical("\"\x7f\"") == "\"\x7f\"");
}

TEST_CASE("Parse: canonical mode takes the one spelling only", "[journal][domain]") {
  CHECK(ParseCode(R"({"a":[1,-2,true,"x\n\u0000"],"b":{}})") == ErrorCode::kOk);
  for (const std::string_view text :
       {" 1", "1 ", "[1, 2]", "{\"a\" :1}", "\"\\/\"", "\"\\u000a\"", "\"\\u000F\"", "\"\\u0041\"",
        "\"\\u20ac\"", "{\"b\":1,\"a\":2}", "\"\\ud83d\\ude00\""}) {
    CAPTURE(text);
    CHECK(ParseCode(text) == ErrorCode::kNotCanonical);
    CHECK(ParseCode(text, ParseMode::kAnyJson) == ErrorCode::kOk);
  }
}

TEST_CASE("Parse: refuses what is no value of the subset", "[journal][domain]") {
  struct Row {
    std::string_view text;
    ErrorCode code;
  };
  const Row rows[] = {
      {"", ErrorCode::kSyntax},
      {"{", ErrorCode::kSyntax},
      {"[1", ErrorCode::kSyntax},
      {"[1,]", ErrorCode::kSyntax},
      {"{\"a\":1,}", ErrorCode::kSyntax},
      {"{\"a\"}", ErrorCode::kSyntax},
      {"{a:1}", ErrorCode::kSyntax},
      {"\"a", ErrorCode::kSyntax},
      {"\"\\x\"", ErrorCode::kSyntax},
      {"\"\\u00g0\"", ErrorCode::kSyntax},
      {"\"\t\"", ErrorCode::kSyntax},
      {"1.0", ErrorCode::kSyntax},
      {"1e2", ErrorCode::kSyntax},
      {"01", ErrorCode::kSyntax},
      {"-0", ErrorCode::kSyntax},
      {"-", ErrorCode::kSyntax},
      {"+1", ErrorCode::kSyntax},
      {"nul", ErrorCode::kSyntax},
      {"null", ErrorCode::kSyntax},
      {"[null]", ErrorCode::kSyntax},
      {"truefalse", ErrorCode::kSyntax},
      {"1 2", ErrorCode::kSyntax},
      {"9007199254740992", ErrorCode::kNumberRange},
      {"-9007199254740992", ErrorCode::kNumberRange},
      {"99999999999999999999999", ErrorCode::kNumberRange},
      {"{\"a\":1,\"a\":2}", ErrorCode::kDuplicateKey},
      {"{\"a\":1,\"b\":3,\"a\":2}", ErrorCode::kDuplicateKey},
      {"\"\xff\"", ErrorCode::kBadUtf8},
      {"\"\xc0\x80\"", ErrorCode::kBadUtf8},
      {"\"\xed\xa0\x80\"", ErrorCode::kBadUtf8},
      {"\"\xf4\x90\x80\x80\"", ErrorCode::kBadUtf8},
      {"\"\xe2\x82\"", ErrorCode::kBadUtf8},
      {"\"\\ud800\"", ErrorCode::kBadUtf8},
      {"\"\\ud800\\u0041\"", ErrorCode::kBadUtf8},
      {"\"\\udc00\"", ErrorCode::kBadUtf8},
      {"[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", ErrorCode::kDepth},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(ErrorName(ParseCode(row.text, ParseMode::kAnyJson)) == ErrorName(row.code));
    CHECK(ParseCode(row.text) != ErrorCode::kOk);
  }
  CHECK(ParseCode("9007199254740991") == ErrorCode::kOk);
  CHECK(ParseCode("[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]") == ErrorCode::kOk);
  CHECK(ParseCode(std::string(kMaxTextBytes + 1, ' ')) == ErrorCode::kTooLarge);
}

TEST_CASE("Value: reads as what it is, missing otherwise", "[journal][domain]") {
  Document document;
  REQUIRE(
      Document::Parse(R"({"a":[1,"x"],"b":true,"c":{"d":-7}})", ParseMode::kCanonical, &document)
          .ok());
  const Value root = document.root();
  CHECK(root.size() == 3);
  CHECK(root.Find("a").First().Int() == 1);
  CHECK(root.Find("a").First().Next().String() == "x");
  CHECK(root.Find("c").Find("d").Int() == -7);
  CHECK(root.Find("b").Bool());
  CHECK(root.Find("b").Int(5) == 5);
  CHECK_FALSE(root.Find("z").present());
  CHECK_FALSE(root.Find("z").Find("y").First().Next().present());
}

TEST_CASE("Writer: reports keys out of order, bad text and open brackets", "[journal][domain]") {
  const auto code = [](auto write) {
    std::string out;
    Writer writer(&out);
    writer.BeginObject();
    write(writer);
    writer.EndObject();
    return writer.error().code;
  };
  CHECK(code([](Writer& w) { w.Field("a", 1), w.Field("b", 2); }) == ErrorCode::kOk);
  CHECK(code([](Writer& w) { w.Field("b", 1), w.Field("a", 2); }) == ErrorCode::kKeyOrder);
  CHECK(code([](Writer& w) { w.Field("a", 1), w.Field("a", 2); }) == ErrorCode::kKeyOrder);
  CHECK(code([](Writer& w) { w.Field("a", "\xff"); }) == ErrorCode::kBadUtf8);
  CHECK(code([](Writer& w) { w.Field("a", kMaxInteger + 1); }) == ErrorCode::kNumberRange);
  CHECK(code([](Writer& w) { w.Key("a"), w.BeginArray(); }) == ErrorCode::kDepth);
  CHECK(code([](Writer& w) { w.Key("a"); }) == ErrorCode::kDepth);
}

TEST_CASE("Encode: what it writes is canonical, and parsing it changes nothing",
          "[journal][property][domain]") {
  testing::Random random(60);
  for (int i = 0; i < 20'000; ++i) {
    const std::string text = RandomJson(random, 0);
    const std::string canonical = Canonical(text);
    CAPTURE(text);
    REQUIRE(CheckCanonical(canonical).ok());
    REQUIRE(Canonical(canonical) == canonical);
    if (text != canonical) REQUIRE_FALSE(CheckCanonical(text).ok());
  }
}

// Bytes that are not canonical are never taken for it: one of the two checks of CheckCanonical,
// the strict parser, is compared with the other, encoding again.
TEST_CASE("Parse: the strict parser takes exactly the bytes the writer writes",
          "[journal][property][domain]") {
  testing::Random random(61);
  for (int i = 0; i < 100'000; ++i) {
    std::string text = Canonical(RandomJson(random, 2));
    for (std::int64_t k = random.Between(1, 3); k > 0 && !text.empty(); --k) {
      char& byte = text[random.Index(text.size())];
      byte = static_cast<char>(byte ^ (1 << random.Between(0, 7)));
    }
    Document document;
    if (!Document::Parse(text, ParseMode::kCanonical, &document).ok()) continue;
    std::string again;
    REQUIRE(Encode(document.root(), &again).ok());
    REQUIRE(again == text);
  }
}

}  // namespace cloudpos::journal
