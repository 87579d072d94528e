#pragma once

// A round: a tenant of its own, load, faults one after the other, quiet, the checker's verdict.

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/chaos/harness/client.h"
#include "tests/chaos/harness/fault.h"
#include "tests/chaos/harness/report.h"

namespace cloudpos::chaos {

struct RoundOptions {
  std::string name;  // of the tenant, too
  uint64_t seed = 0;
  Suite* suite = nullptr;
  ProxyControl* proxy = nullptr;
  int gateway_port = 0;  // of the proxy
  std::string logs;      // folder
  std::string checker;   // program
  int clients = 24;
  int rate = 230;  // documents begun per second
  Micros warm_up = 6 * kSecond;
  /// Between two faults.
  Micros gap = 600 * kMilli;
  bool is_short = false;
  /// No fault begins later; 0: all are injected.
  Micros until = 0;
  /// Logs of a round that is good are of no use.
  bool keep_logs = false;
};

/// Runs `faults` in their order, while there is time.
RoundResult RunRound(const RoundOptions& options, const std::vector<Fault>& faults);

/// The checker's report on `logs`; UNAVAILABLE when it could not check.
absl::StatusOr<boost::json::object> RunChecker(const RoundOptions& options);
/// Names of the invariants that it found broken.
std::vector<std::string> BrokenOf(const boost::json::object& checker);

}  // namespace cloudpos::chaos
