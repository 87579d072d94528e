#pragma once

// A fault: what is done, how it is shown to have happened, and how it is taken back.
//
// To add one, write a function and a row in one of the tables (faults_*.cc).

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/chaos/harness/dice.h"
#include "tests/chaos/harness/load.h"
#include "tests/chaos/harness/proxy.h"
#include "tests/chaos/harness/suite.h"
#include "tests/chaos/harness/world.h"

namespace cloudpos::chaos {

/// What a fault may use.
struct Field {
  Suite* suite = nullptr;
  ProxyControl* proxy = nullptr;
  World* world = nullptr;
  Load* load = nullptr;
  Dice* dice = nullptr;
  /// The short form: pauses are as short as their purpose allows.
  bool is_short = false;

  /// The fault is over now: the next sale that is sent and acknowledged shows recovery.
  Micros Over() const {
    const Micros now = Now();
    load->WatchFrom(now);
    return now;
  }
};

/// What became of a fault, once it is over (healed).
struct Effect {
  /// How we know that it happened: "pid 12 -> 34", "7 connections reset". Never empty.
  std::string proof;
  /// Recovery is counted from here: the kill, or the moment it was taken back.
  Micros over_at = 0;
  /// Processes that must be ready again.
  std::vector<std::string> awaited = {};
  /// Told in the report: a goal that was missed, say; empty when all is well.
  std::vector<std::string> complaints = {};
};

struct Fault {
  std::string name;  // "kill-gateway"
  std::function<absl::StatusOr<Effect>(Field&)> run;
  /// Rounds draw it this often, relative to the others.
  int weight = 1;
  /// Takes the longer the more was sold: comes first where each comes once.
  bool is_early = false;
  /// One of several that differ in their target only: the short form takes one of them by the seed.
  std::string kind = {};
};

/// The tables, by what the faults work with.
std::vector<Fault> ProcessFaults();  // kill, stop, flush
std::vector<Fault> ProxyFaults();    // connections
std::vector<Fault> PointFaults();    // fail points compiled into the programs
std::vector<Fault> DataFaults();     // poison, rebuild, migration, disk, clocks
std::vector<Fault> CalmFaults();     // what must go unnoticed: SIGTERM, half the suite gone

/// All of them.
std::vector<Fault> AllFaults();
/// The one of that name, which must exist.
Fault FaultNamed(std::string_view name);

/// Waits until the process has another pid than `before`, and is ready; the Effect's proof.
absl::StatusOr<std::string> AwaitNewPid(Field& field, const std::string& process, pid_t before);

}  // namespace cloudpos::chaos
