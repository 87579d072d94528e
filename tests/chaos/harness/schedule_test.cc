#include "tests/chaos/harness/schedule.h"

#include <catch2/catch.hpp>
#include <map>
#include <set>

namespace cloudpos::chaos {
namespace {

std::vector<std::string> NamesOf(const std::vector<Fault>& faults) {
  std::vector<std::string> names;
  for (const Fault& fault : faults) names.push_back(fault.name);
  return names;
}

TEST_CASE("Draw: a part of the sequence is the same wherever it is begun", "[chaos]") {
  const std::vector<Fault> faults = AllFaults();
  const std::vector<std::string> whole = NamesOf(Draw(faults, 7, 0, 300));
  REQUIRE(whole.size() == 300);
  for (const size_t from : {1, 40, 170}) {
    const std::vector<std::string> part = NamesOf(Draw(faults, 7, from, 100));
    CHECK(part ==
          std::vector<std::string>(whole.begin() + static_cast<std::ptrdiff_t>(from),
                                   whole.begin() + static_cast<std::ptrdiff_t>(from) + 100));
  }
  CHECK(NamesOf(Draw(faults, 8, 0, 300)) != whole);
}

TEST_CASE("Draw: all come as often as they weigh before any comes again", "[chaos]") {
  const std::vector<Fault> faults = {{.name = "a", .weight = 3}, {.name = "b"}, {.name = "c"}};
  for (uint64_t seed = 0; seed < 20; ++seed) {
    std::map<std::string, int> counts;
    for (const std::string& name : NamesOf(Draw(faults, seed, 5, 5))) ++counts[name];
    CHECK(counts == std::map<std::string, int>{{"a", 3}, {"b", 1}, {"c", 1}});
  }
  CHECK(Draw({}, 1, 0, 5).empty());
}

TEST_CASE("EachOnce: one of each kind, the early ones first", "[chaos]") {
  const std::vector<Fault> faults = EachOnce(AllFaults(), 7);
  CHECK(NamesOf(faults) == NamesOf(EachOnce(AllFaults(), 7)));
  std::set<std::string> kinds;
  bool is_early = true;
  for (const Fault& fault : faults) {
    CHECK((fault.kind.empty() || kinds.insert(fault.kind).second));
    CHECK((is_early || !fault.is_early));
    is_early = fault.is_early;
  }
  std::set<std::string> all;
  for (const Fault& fault : AllFaults()) {
    INFO(fault.name);
    CHECK(all.insert(fault.name).second);
    CHECK((fault.kind.empty() || kinds.contains(fault.kind)));
  }
}

TEST_CASE("Select: by a part of the name", "[chaos]") {
  CHECK(Select(AllFaults(), "net-").size() == 70);
  CHECK(Select(AllFaults(), "").size() == AllFaults().size());
  CHECK(Select(AllFaults(), "no such fault").empty());
}

}  // namespace
}  // namespace cloudpos::chaos
