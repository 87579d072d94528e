#include "tests/support/register/disk.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

namespace cloudpos::register_sim {

TEST_CASE("Disk: keeps what was written, and whole lines only", "[register]") {
  std::string folder = (std::filesystem::temp_directory_path() / "disk-XXXXXX").string();
  REQUIRE(mkdtemp(folder.data()) != nullptr);
  const Disk disk(folder);
  CHECK_FALSE(disk.Read("a").ok());
  REQUIRE(disk.Replace("a", "one").ok());
  REQUIRE(disk.Replace("a", "two").ok());
  CHECK(*disk.Read("a") == "two");
  CHECK(disk.Lines("log")->empty());
  REQUIRE(disk.Append("log", "first").ok());
  std::ofstream(folder + "/log", std::ios::app) << "torn";
  CHECK(*disk.Lines("log") == std::vector<std::string>{"first"});
  REQUIRE(disk.Append("log", "second").ok());
  CHECK(*disk.Lines("log") == std::vector<std::string>{"first", "second"});
  std::filesystem::remove_all(folder);
}

TEST_CASE("Disk: one register at a time", "[register]") {
  std::string folder = (std::filesystem::temp_directory_path() / "disk-XXXXXX").string();
  REQUIRE(mkdtemp(folder.data()) != nullptr);
  {
    Disk first(folder);
    REQUIRE(first.Lock().ok());
    Disk second(folder);
    CHECK(absl::IsFailedPrecondition(second.Lock()));
  }
  Disk third(folder);
  CHECK(third.Lock().ok());
  std::filesystem::remove_all(folder);
}

}  // namespace cloudpos::register_sim
