#include "tests/chaos/harness/report.h"

#include <catch2/catch.hpp>

#include "tests/chaos/harness/api.h"

namespace cloudpos::chaos {
namespace {

Report Good() {
  Report report{.seed = 7, .took = 9 * kSecond};
  report.rounds.push_back(
      {.name = "r1",
       .seed = 8,
       .rate_before = 190.3,
       .counts = {{"sales", 1200}},
       .problems = {{"409 PRICE_CHANGED", 3}},
       .faults = {{.name = "kill-auth", .proof = "pid 1 -> 2", .ready = kSecond, .sale = kMilli},
                  {.name = "kill-postgres",
                   .proof = "pid 3 -> 4",
                   .ready = 2 * kSecond,
                   .sale = 3 * kSecond},
                  {.name = "flush-redis", .proof = "+OK", .sale = 5 * kMilli}},
       .quiesce = 2 * kSecond,
       .checker = ParseObject(R"({"invariants":[{"name":"I1","what":"amounts add up",
                                  "compared":12,"violations":0,"examples":[]}]})")});
  return report;
}

TEST_CASE("Report: good, and what makes it not", "[chaos]") {
  CHECK(Good().is_good());
  CHECK_FALSE(Report().is_good());
  Report report = Good();
  report.rounds[0].invalid.emplace_back("only 12 sales");
  CHECK_FALSE(report.is_good());
  report = Good();
  report.rounds[0].broken.emplace_back("the checker: I1 does not hold");
  CHECK_FALSE(report.is_good());
  report = Good();
  report.rounds[0].faults[1].sale = 11 * kSecond;
  CHECK_FALSE(report.is_good());
  report = Good();
  report.rounds[0].faults[0].ready = 2100 * kMilli;
  CHECK_FALSE(report.is_good());
  report.rounds[0].faults.push_back({.name = "kill-gateway", .ready = kSecond});
  report.rounds[0].faults.push_back({.name = "kill-redis", .ready = kSecond});
  CHECK(report.is_good());  // half of them are in time
}

TEST_CASE("Report: a mistake counts as caught by its invariant alone", "[chaos]") {
  Report report = Good();
  report.bugs.push_back({.name = "none"});
  report.bugs.push_back({.name = "b", .expected = {"I7", "I4"}, .caught = {"I3", "I4"}});
  CHECK(report.is_good());
  report.bugs[1].caught = {"I3"};
  CHECK_FALSE(report.is_good());
  report.bugs[1] = {.name = "b", .expected = {"I4"}, .caught = {"I4"}, .error = "no world"};
  CHECK_FALSE(report.is_good());
  report.bugs.pop_back();
  report.bugs[0].caught = {"I1"};
  CHECK_FALSE(report.is_good());
}

TEST_CASE("Report: what Json writes can be gone on with", "[chaos]") {
  const Report report = Good();
  Report again = ReadReport(report.Json());
  again.seed = report.seed;
  CHECK(again.Json() == report.Json());
  CHECK(again.rounds[0].rate_before == 190);
  CHECK(again.Table() == report.Table());
  CHECK(ReadReport("no JSON").rounds.empty());
}

TEST_CASE("Report: the table says faults, goals and invariants", "[chaos]") {
  const std::string table = Good().Table();
  for (const char* words :
       {"kill-auth", "1000", "3 faults", "met     a killed process", "met     selling within 10 s",
        "held    I1 amounts add up: 12", "good: 1 rounds, 3 faults, 0 seeded bugs, seed 7, 9 s"}) {
    INFO(words);
    CHECK(table.find(words) != std::string::npos);
  }
}

}  // namespace
}  // namespace cloudpos::chaos
