// The kept inputs of every fuzz target, with the ordinary compiler: what once went wrong, or led
// somewhere new, goes well in every run of the tests.

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

#include "tests/fuzz/target.h"
#include "tests/support/escaped.h"

namespace cloudpos::fuzz {
namespace {

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE(file.good());
  return {std::istreambuf_iterator<char>(file), {}};
}

void RunKept(const Target& target, const std::string& name) {
  const std::filesystem::path folder = FUZZ_FOLDER;
  std::ifstream corpus(folder / "corpus" / (name + ".txt"));
  int count = 0;
  for (std::string line; std::getline(corpus, line); ++count) {
    INFO(line);
    REQUIRE_NOTHROW(target.run(testing::Unescape(line)));
  }
  CHECK(count > 100);
  if (std::filesystem::exists(folder / "found" / name)) {
    for (const auto& entry : std::filesystem::directory_iterator(folder / "found" / name)) {
      INFO(entry.path().string());
      REQUIRE_NOTHROW(target.run(ReadFile(entry.path())));
    }
  }
  for (unsigned seed = 0; target.invent != nullptr && seed < 200; ++seed) {
    INFO("invented with seed " << seed);
    REQUIRE_NOTHROW(target.run(target.invent({}, seed)));
  }
}

TEST_CASE("Fuzz: kept inputs of http", "[fuzz]") { RunKept(kHttp, "http"); }
TEST_CASE("Fuzz: kept inputs of json", "[fuzz]") { RunKept(kJson, "json"); }
TEST_CASE("Fuzz: kept inputs of token", "[fuzz]") { RunKept(kToken, "token"); }
TEST_CASE("Fuzz: kept inputs of route", "[fuzz]") { RunKept(kRoute, "route"); }
TEST_CASE("Fuzz: kept inputs of pricing", "[fuzz]") { RunKept(kPricing, "pricing"); }
TEST_CASE("Fuzz: kept inputs of journal", "[fuzz]") { RunKept(kJournal, "journal"); }

}  // namespace
}  // namespace cloudpos::fuzz
