#include "libs/base/clock.h"

#include <catch2/catch.hpp>

#include "libs/base/error.h"

namespace cloudpos::base {
namespace {

TEST_CASE("FakeClock: starts at the fixed date and moves only when told", "[base]") {
  FakeClock clock;
  CHECK(base::FormatTime(clock.Now()) == "2026-01-05T10:00:00.000000Z");
  clock.Advance(absl::Milliseconds(1500));
  CHECK(base::FormatTime(clock.Now()) == "2026-01-05T10:00:01.500000Z");
  clock.Set(absl::FromUnixSeconds(0));
  CHECK(base::FormatTime(clock.Now()) == "1970-01-01T00:00:00.000000Z");
}

TEST_CASE("FormatTime: before 1970 rounds down, not towards zero", "[base]") {
  CHECK(base::FormatTime(absl::FromUnixMicros(-1)) == "1969-12-31T23:59:59.999999Z");
}

TEST_CASE("ParseTime: accepts RFC 3339 with any offset and up to nine digits", "[base]") {
  const struct {
    const char* text;
    const char* utc;
  } rows[] = {
      {"2026-01-05T10:00:00Z", "2026-01-05T10:00:00.000000Z"},
      {"2026-01-05t10:00:00.5z", "2026-01-05T10:00:00.500000Z"},
      {"2026-01-05T10:00:00.123456789Z", "2026-01-05T10:00:00.123456Z"},
      {"2026-01-05T10:00:00+01:30", "2026-01-05T08:30:00.000000Z"},
      {"2025-12-31T23:00:00-02:00", "2026-01-01T01:00:00.000000Z"},
      {"2024-02-29T23:59:59Z", "2024-02-29T23:59:59.000000Z"},
      {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"},
      {"9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"},
  };
  for (const auto& row : rows) {
    INFO(row.text);
    const auto time = ParseTime(row.text, "occurredAt");
    REQUIRE(time.ok());
    CHECK(base::FormatTime(*time) == row.utc);
  }
}

TEST_CASE("ParseTime: refuses everything else, naming the field", "[base]") {
  CHECK(CodeOf(ParseTime("", "occurredAt").status()) == common::v1::FIELD_REQUIRED);
  for (const char* text :
       {"2026-01-05", "2026-01-05 10:00:00Z", "2026-01-05T10:00:00", "2026-02-30T10:00:00Z",
        "2026-13-01T10:00:00Z", "2026-01-05T24:00:00Z", "2026-01-05T10:60:00Z",
        "2026-01-05T10:00:60Z", "2026-01-05T10:00:00.Z", "2026-01-05T10:00:00.1234567890Z",
        "2026-01-05T10:00:00+24:00", " 2026-01-05T10:00:00Z", "2026-01-05T10:00:00Zx",
        "infinite-future", "0000-01-01T00:00:00Z", "+026-01-05T10:00:00Z"}) {
    INFO(text);
    const auto status = ParseTime(text, "occurredAt").status();
    CHECK(CodeOf(status) == common::v1::INVALID_ARGUMENT);
    CHECK(InfoOf(status).fields.at(0).field == "occurredAt");
  }
}

TEST_CASE("BusinessDate: the day begins at the cut-off by the shop's wall clock", "[base]") {
  const absl::TimeZone london = *LoadZone("Europe/London", "timeZone");
  const absl::TimeZone auckland = *LoadZone("Pacific/Auckland", "timeZone");
  const struct {
    const char* time;
    const absl::TimeZone& zone;
    int cutoff;
    const char* day;
  } rows[] = {
      {"2026-01-06T00:30:00Z", london, 0, "2026-01-06"},
      {"2026-01-06T00:30:00Z", london, 240, "2026-01-05"},
      {"2026-01-06T03:59:59Z", london, 240, "2026-01-05"},
      {"2026-01-06T04:00:00Z", london, 240, "2026-01-06"},
      {"2026-01-05T12:00:00Z", auckland, 0, "2026-01-06"},
      {"2026-07-05T23:30:00Z", london, 0, "2026-07-06"},    // summer time
      {"2026-03-29T02:59:59Z", london, 240, "2026-03-28"},  // 03:59:59 after the gap
      {"2026-03-29T03:00:00Z", london, 240, "2026-03-29"},  // 04:00 by the wall clock
      {"2026-01-01T00:10:00Z", london, 1439, "2025-12-31"},
  };
  for (const auto& row : rows) {
    INFO(row.time);
    CHECK(FormatDate(BusinessDate(*ParseTime(row.time, "t"), row.zone, row.cutoff)) == row.day);
  }
}

TEST_CASE("ParseDate: real days only", "[base]") {
  CHECK(*ParseDate("2024-02-29", "day") == absl::CivilDay(2024, 2, 29));
  for (const char* text : {"2025-02-29", "2025-2-1", "20250201", "2025-02-01T", "0000-01-01"}) {
    INFO(text);
    CHECK(CodeOf(ParseDate(text, "day").status()) == common::v1::INVALID_ARGUMENT);
  }
  CHECK(CodeOf(ParseDate("", "day").status()) == common::v1::FIELD_REQUIRED);
}

TEST_CASE("LoadZone: IANA names only, never a path", "[base]") {
  CHECK(LoadZone("Europe/Berlin", "timeZone").ok());
  CHECK(LoadZone("UTC", "timeZone").ok());
  CHECK(LoadZone("America/Argentina/Buenos_Aires", "timeZone").ok());
  for (const char* name : {"Mars/Olympus", "/etc/localtime", "localtime", "../Europe/Berlin",
                           "Fixed/UTC+01:00:00", "file:/x", "Europe/Berlin\n"}) {
    INFO(name);
    CHECK(CodeOf(LoadZone(name, "timeZone").status()) == common::v1::INVALID_ARGUMENT);
  }
}

}  // namespace
}  // namespace cloudpos::base
