#pragma once

// What a run found, for people (a table) and programs (JSON).

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "boost/json/object.hpp"
#include "tests/chaos/harness/moment.h"

namespace cloudpos::chaos {

/// One fault that was injected.
struct FaultResult {
  std::string name;
  std::string proof;
  Micros ready = -1;  // until its processes were ready again; negative: none to wait for
  Micros sale = -1;   // until the first sale that was sent afterwards was acknowledged
  std::vector<std::string> complaints;
};

struct RoundResult {
  std::string name;
  uint64_t seed = 0;
  double rate_before = 0;  // acknowledged sales per second before the first fault
  std::map<std::string, int64_t> counts;
  std::map<std::string, int64_t> problems;  // refusals by status and code
  std::vector<FaultResult> faults;
  Micros quiesce = 0;
  boost::json::object checker;       // its own report
  std::vector<std::string> invalid;  // why the round proves nothing
  std::vector<std::string> broken;   // what must never happen, and did

  bool is_good() const { return invalid.empty() && broken.empty(); }
};

struct BugResult {
  std::string name;
  std::vector<std::string> expected;  // one of these invariants must be reported
  std::vector<std::string> caught;    // what the checker reports broken
  std::string error;                  // why the run proves nothing; empty
  bool is_good() const;
};

/// A promise about recovery times, over all rounds.
struct Goal {
  std::string name;  // "killed processes are ready within 2 s"
  int count = 0;     // faults that it is about; none: neither met nor missed
  Micros p50 = -1;
  Micros max = -1;
  bool is_met = true;
};

struct Report {
  uint64_t seed = 0;
  std::vector<RoundResult> rounds;
  std::vector<BugResult> bugs;
  Micros took = 0;
  /// In the short form, among other tests, goals are of half of the times; else of each.
  bool is_short = false;

  std::vector<Goal> Goals() const;
  bool is_good() const;
  std::string Table() const;
  std::string Json() const;
};

/// Rounds and time of a report that Json wrote; an empty one for anything else.
Report ReadReport(const std::string& text);

}  // namespace cloudpos::chaos
