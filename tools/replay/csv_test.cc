#include "tools/replay/csv.h"

#include "catch2/catch.hpp"

namespace cloudpos::replay {
namespace {

using Record = std::vector<std::string>;

std::vector<Record> Read(std::string_view text) {
  CsvReader reader(text);
  std::vector<Record> records;
  Record record;
  while (true) {
    const absl::StatusOr<bool> more = reader.Next(&record);
    REQUIRE(more.ok());
    if (!*more) return records;
    records.push_back(record);
  }
}

std::string ErrorIn(std::string_view text) {
  CsvReader reader(text);
  Record record;
  while (true) {
    const absl::StatusOr<bool> more = reader.Next(&record);
    if (!more.ok()) return std::string(more.status().message());
    if (!*more) return {};
  }
}

TEST_CASE("CsvReader: fields, quotes, line ends", "[replay][domain]") {
  CHECK(Read("").empty());
  CHECK(Read("a,b\nc,\n") == std::vector<Record>{{"a", "b"}, {"c", ""}});
  CHECK(Read("a,b\r\nc,d") == std::vector<Record>{{"a", "b"}, {"c", "d"}});
  CHECK(Read("\"a,\"\"b\"\"\n c\",d\n") == std::vector<Record>{{"a,\"b\"\n c", "d"}});
  CHECK(Read("\xEF\xBB\xBFx\n") == std::vector<Record>{{"x"}});
  CHECK(Read("a\rb\n") == std::vector<Record>{{"a\rb"}});
  CHECK(Read(",\n\n") == std::vector<Record>{{"", ""}, {""}});
  CHECK(Read("\"\",a") == std::vector<Record>{{"", "a"}});
}

TEST_CASE("CsvReader: what is no CSV names its line", "[replay][domain]") {
  CHECK(ErrorIn("a\nb\"c\n").starts_with("line 2: a quote inside"));
  CHECK(ErrorIn("\"a\"b\n").starts_with("line 1: text after"));
  CHECK(ErrorIn("a\n\"b\n\nc").find("never closed") != std::string::npos);
}

TEST_CASE("CsvReader: line numbers count the lines inside quotes", "[replay][domain]") {
  CsvReader reader("a\n\"b\nb\"\nc\n");
  Record record;
  REQUIRE(reader.Next(&record).ok());
  REQUIRE(reader.Next(&record).ok());
  CHECK(reader.line() == 2);
  REQUIRE(reader.Next(&record).ok());
  CHECK(reader.line() == 4);
}

}  // namespace
}  // namespace cloudpos::replay
