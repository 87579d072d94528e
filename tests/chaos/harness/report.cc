#include "tests/chaos/harness/report.h"

#include <algorithm>
#include <cstdio>
#include <sstream>

#include "boost/json/array.hpp"
#include "boost/json/serialize.hpp"
#include "tests/chaos/harness/api.h"
#include "tests/chaos/harness/fault_times.h"

namespace cloudpos::chaos {
namespace {

namespace json = boost::json;

std::string Millis(Micros time) { return time < 0 ? "-" : std::to_string(time / kMilli); }

std::string Format(const char* format, const std::string& name, int count, const FaultTimes& row) {
  char line[200];
  std::snprintf(line, sizeof(line), format, name.c_str(), count,
                Millis(row.ready.Percentile(50)).c_str(), Millis(row.ready.Percentile(100)).c_str(),
                Millis(row.sale.Percentile(50)).c_str(), Millis(row.sale.Percentile(100)).c_str());
  return line;
}

constexpr Micros kReadyGoal = 2 * kSecond;  // half of the times
constexpr Micros kReadyMax = 5 * kSecond;   // a machine busy with other things included
constexpr Micros kSellingGoal = 10 * kSecond;

bool IsDatabase(const FaultResult& fault) { return fault.name.starts_with("kill-postgres"); }
bool IsKill(const FaultResult& fault) {
  return fault.name.starts_with("kill-") && !IsDatabase(fault);
}

struct Checked {
  int64_t compared = 0;
  int64_t violations = 0;
  std::vector<std::string> examples;
};

std::map<std::string, Checked> ByInvariant(const std::vector<RoundResult>& rounds) {
  std::map<std::string, Checked> all;
  for (const RoundResult& round : rounds) {
    const json::value* invariants = round.checker.if_contains("invariants");
    if (invariants == nullptr || !invariants->is_array()) continue;
    for (const json::value& value : invariants->get_array()) {
      const json::object& invariant = value.get_object();
      Checked& checked = all[TextOf(invariant, "name") + " " + TextOf(invariant, "what")];
      checked.compared += NumberOf(invariant, "compared");
      checked.violations += NumberOf(invariant, "violations");
      const json::value* examples = invariant.if_contains("examples");
      if (examples == nullptr || !examples->is_array()) continue;
      for (const json::value& example : examples->get_array()) {
        if (example.is_string()) checked.examples.emplace_back(example.get_string().c_str());
      }
    }
  }
  return all;
}

void AddRound(const RoundResult& round, std::ostringstream* out) {
  *out << round.name << " (seed " << round.seed << "): " << static_cast<int>(round.rate_before)
       << " sales/s before the faults;";
  for (const auto& [name, count] : round.counts) *out << " " << name << " " << count;
  *out << "; quiet after " << round.quiesce / kMilli << " ms\n";
  for (const std::string& text : round.invalid) *out << "  INVALID: " << text << "\n";
  for (const std::string& text : round.broken) *out << "  BROKEN: " << text << "\n";
}

}  // namespace

bool BugResult::is_good() const {
  if (expected.empty()) return error.empty() && caught.empty();
  return error.empty() && std::find_first_of(caught.begin(), caught.end(), expected.begin(),
                                             expected.end()) != caught.end();
}

std::vector<Goal> Report::Goals() const {
  Times ready, selling;
  for (const RoundResult& round : rounds) {
    for (const FaultResult& fault : round.faults) {
      if (IsKill(fault)) ready.Add(fault.ready);
      if (IsDatabase(fault)) selling.Add(fault.sale);
    }
  }
  std::vector<Goal> goals = {{.name = "a killed process is ready within 2 s",
                              .count = static_cast<int>(ready.values.size()),
                              .p50 = ready.Percentile(50),
                              .max = ready.Percentile(100)},
                             {.name = "selling within 10 s of a crash of PostgreSQL",
                              .count = static_cast<int>(selling.values.size()),
                              .p50 = selling.Percentile(50),
                              .max = selling.Percentile(100)}};
  goals[0].is_met = goals[0].p50 <= kReadyGoal && (is_short || goals[0].max <= kReadyMax);
  goals[1].is_met = (is_short ? goals[1].p50 : goals[1].max) <= kSellingGoal;
  return goals;
}

bool Report::is_good() const {
  const auto is_good = [](const auto& result) { return result.is_good(); };
  const std::vector<Goal> goals = Goals();
  if (!std::all_of(goals.begin(), goals.end(), [](const Goal& goal) { return goal.is_met; })) {
    return false;
  }
  return (!rounds.empty() || !bugs.empty()) && std::all_of(rounds.begin(), rounds.end(), is_good) &&
         std::all_of(bugs.begin(), bugs.end(), is_good);
}

std::string Report::Table() const {
  std::ostringstream out;
  for (const RoundResult& round : rounds) AddRound(round, &out);
  const auto rows = TimesByFault(rounds);
  int total = 0;
  if (!rows.empty()) {
    char head[200];
    std::snprintf(head, sizeof(head), "\n%-32s %6s %10s %8s %10s %8s\n", "fault", "count",
                  "ready p50", "max ms", "sale p50", "max ms");
    out << head;
  }
  for (const auto& [name, row] : rows) {
    total += row.count;
    out << Format("%-32s %6d %10s %8s %10s %8s\n", name, row.count, row);
  }
  if (total > 0) out << total << " faults\n\n";
  for (const Goal& goal : Goals()) {
    if (goal.count == 0) continue;
    out << (goal.is_met ? "met     " : "MISSED  ") << goal.name << ": p50 " << Millis(goal.p50)
        << " ms, max " << Millis(goal.max) << " ms of " << goal.count << "\n";
  }
  for (const auto& [name, checked] : ByInvariant(rounds)) {
    out << (checked.violations == 0 ? "held    " : "BROKEN  ") << name << ": " << checked.compared
        << " compared";
    if (checked.violations > 0) out << ", " << checked.violations << " broken";
    out << "\n";
    for (const std::string& example : checked.examples) out << "        - " << example << "\n";
  }
  for (const BugResult& bug : bugs) {
    out << (bug.is_good() ? "caught  " : "MISSED  ") << bug.name << ": expected";
    for (const std::string& name : bug.expected) out << " " << name;
    out << ", the checker says";
    for (const std::string& name : bug.caught) out << " " << name;
    out << (bug.caught.empty() ? " nothing" : "") << (bug.error.empty() ? "" : ": " + bug.error)
        << "\n";
  }
  out << (is_good() ? "good" : "NOT GOOD") << ": " << rounds.size() << " rounds, " << total
      << " faults, " << bugs.size() << " seeded bugs, seed " << seed << ", " << took / kSecond
      << " s\n";
  return out.str();
}

}  // namespace cloudpos::chaos
