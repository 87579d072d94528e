#include "libs/pg/text.h"

#include <catch2/catch.hpp>

#include "libs/pg/identifier.h"
#include "libs/pg/pg.h"
#include "libs/pg/script.h"

namespace cloudpos::pg {
namespace {

TEST_CASE("Timestamps: written and read back to the microsecond", "[pg][domain]") {
  const absl::Time time = absl::FromUnixMicros(1'767'607'200'000'001);
  CHECK(FormatTimestamp(time) == "2026-01-05 10:00:00.000001+00");
  CHECK(ParseTimestamp(FormatTimestamp(time)) == time);
  CHECK(ParseTimestamp("2026-01-05 10:00:00+00") == absl::FromUnixSeconds(1'767'607'200));
  CHECK(ParseTimestamp("2026-01-05 10:00:00.5+00") == absl::FromUnixMillis(1'767'607'200'500));
  CHECK(ParseTimestamp("1969-12-31 23:59:59.999999+00") == absl::FromUnixMicros(-1));
  CHECK(FormatTimestamp(absl::FromUnixMicros(-1)) == "1969-12-31 23:59:59.999999+00");
  CHECK(ParseTimestamp(FormatTimestamp(absl::InfiniteFuture())) == absl::InfiniteFuture());
  CHECK(ParseTimestamp(FormatTimestamp(absl::InfinitePast())) == absl::InfinitePast());
  for (const char* wrong : {"", "2026-01-05", "2026-01-05 10:00:00", "2026-01-05 10:00:00+01",
                            "2026-01-05 10:00:00.+0", "2026-01-05 10:00:00.1234567+00 BC"}) {
    CHECK(ParseTimestamp(wrong) == std::nullopt);
  }
}

TEST_CASE("Arrays: every element survives quoting", "[pg][domain]") {
  const std::vector<std::string> values = {
      "",         "plain",       "a,b", "{x}", "say \"hi\"", "back\\slash", "NULL", "null",
      " padded ", "line\nbreak", "äöü", "\"",  "\\",         "\\\"\\",      "\"\"a"};
  const Param param(values);
  std::vector<std::string> read;
  REQUIRE(internal::Decode(param.c_str(), &read));
  CHECK(read == values);

  const std::vector<std::optional<std::string>> holes = {"a", std::nullopt, "NULL"};
  std::vector<std::optional<std::string>> read_holes;
  CHECK(std::string_view(Param(holes).c_str()) == R"({a,NULL,"NULL"})");
  REQUIRE(internal::Decode(Param(holes).c_str(), &read_holes));
  CHECK(read_holes == holes);
  CHECK_FALSE(internal::Decode(Param(holes).c_str(), &read));
}

TEST_CASE("Arrays: made element by element", "[pg][domain]") {
  Array array;
  CHECK(array.Text() == "{}");
  array.Add(std::string_view());
  array.Add("a\"b\\c");
  array.AddNull();
  array.AddOrNull("");
  array.AddOrNull("x");
  array.Add(std::optional<int64_t>());
  CHECK(array.Text() == R"({"","a\"b\\c",NULL,NULL,x,NULL})");
  Array numbers;
  numbers.Add(int64_t{-5});
  numbers.Add(size_t{7});
  numbers.Add(true);
  numbers.Add(base::Uuid());
  CHECK(numbers.Text() == "{-5,7,t,00000000-0000-0000-0000-000000000000}");
  Array bytes;
  bytes.AddBytes(std::string_view("\0\xff", 2));
  bytes.AddBytes("");
  const std::string text = bytes.Text();
  std::vector<Bytes> read;
  REQUIRE(internal::Decode(text, &read));
  REQUIRE(read.size() == 2);
  CHECK(read[0].value == std::string("\0\xff", 2));
  CHECK(read[1].value.empty());
}

TEST_CASE("Arrays: malformed text is refused", "[pg][domain]") {
  for (const char* wrong : {"", "{", "}", "{a", "a}", "{a,}", "{,a}", "{\"a}", "{a}b", "{{1},{2}}",
                            "{a\"b}", "{\"a\\}"}) {
    CHECK(ParseArray(wrong) == std::nullopt);
  }
  CHECK(ParseArray("{}")->empty());
}

TEST_CASE("Bytes: hex both ways", "[pg][domain]") {
  const std::string bytes("\0\x7f\xff", 3);
  CHECK(FormatBytes(bytes) == "\\x007fff");
  CHECK(ParseBytes("\\x007fff") == bytes);
  CHECK(ParseBytes("007fff") == std::nullopt);
}

TEST_CASE("Integers: out of range is refused", "[pg][domain]") {
  int32_t narrow = 0;
  int64_t wide = 0;
  CHECK(internal::Decode("2147483647", &narrow));
  CHECK_FALSE(internal::Decode("2147483648", &narrow));
  CHECK(internal::Decode("-9223372036854775808", &wide));
  CHECK_FALSE(internal::Decode("9223372036854775808", &wide));
  CHECK_FALSE(internal::Decode("1.0", &wide));
}

TEST_CASE("SplitStatements: semicolons inside quotes and comments do not split", "[pg][domain]") {
  CHECK(SplitStatements("A; B ;;\n-- only a comment; here\n") ==
        std::vector<std::string>{"A", "B "});
  CHECK(SplitStatements("SELECT ';', E'\\';', \"a;b\" /* ; /* ; */ */; C").size() == 2);
  CHECK(SplitStatements("DO $x$ BEGIN; $$ ; $$ END $x$; SELECT $1").size() == 2);
  CHECK(SplitStatements("SELECT 'it''s; fine'").size() == 1);
  CHECK(SplitStatements("").empty());
}

TEST_CASE("Scripts: schema and marker", "[pg][domain]") {
  CHECK(WithSchema("{{schema}}.a REFERENCES {{schema}}.b", "auth") == "auth.a REFERENCES auth.b");
  CHECK(IsNoTransaction("-- no-transaction\nCREATE"));
  CHECK_FALSE(IsNoTransaction("\n-- no-transaction\nCREATE"));
}

TEST_CASE("Identifiers: only plain names go into SQL text", "[pg][domain]") {
  CHECK(CheckIdentifier("auth_rw2").ok());
  for (const char* wrong : {"", "Auth", "2fast", "a-b", "a;b", "a b", "a\"b", "_x"}) {
    CHECK_FALSE(CheckIdentifier(wrong).ok());
  }
  CHECK(QuoteLiteral("o'clock") == "'o''clock'");
}

}  // namespace
}  // namespace cloudpos::pg
