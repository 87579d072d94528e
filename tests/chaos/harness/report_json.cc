#include <algorithm>
#include <cmath>
#include <map>

#include "boost/json/array.hpp"
#include "boost/json/serialize.hpp"
#include "tests/chaos/harness/api.h"
#include "tests/chaos/harness/fault_times.h"

namespace cloudpos::chaos {
namespace {

namespace json = boost::json;

json::array Texts(const std::vector<std::string>& texts) {
  return json::array(texts.begin(), texts.end());
}

json::object CountsJson(const std::map<std::string, int64_t>& counts) {
  json::object object;
  for (const auto& [name, count] : counts) object[name] = count;
  return object;
}

json::object RoundJson(const RoundResult& round) {
  json::array faults;
  for (const FaultResult& fault : round.faults) {
    faults.push_back(json::object{{"name", fault.name},
                                  {"proof", fault.proof},
                                  {"readyMs", fault.ready < 0 ? -1 : fault.ready / kMilli},
                                  {"saleMs", fault.sale < 0 ? -1 : fault.sale / kMilli},
                                  {"complaints", Texts(fault.complaints)}});
  }
  return {{"name", round.name},
          {"seed", round.seed},
          {"salesPerSecondBefore", std::llround(round.rate_before)},
          {"counts", CountsJson(round.counts)},
          {"problems", CountsJson(round.problems)},
          {"faults", std::move(faults)},
          {"quiesceMs", round.quiesce / kMilli},
          {"checker", round.checker},
          {"invalid", Texts(round.invalid)},
          {"broken", Texts(round.broken)}};
}

std::vector<std::string> TextsOf(const json::object& object, const char* name) {
  std::vector<std::string> texts;
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_array()) return texts;
  for (const json::value& text : value->get_array()) {
    if (text.is_string()) texts.emplace_back(text.get_string().c_str());
  }
  return texts;
}

json::object ObjectOf(const json::object& object, const char* name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_object() ? value->get_object() : json::object();
}

std::map<std::string, int64_t> CountsOf(const json::object& object, const char* name) {
  std::map<std::string, int64_t> counts;
  const json::object all = ObjectOf(object, name);
  for (const auto& entry : all) {
    const std::string key(entry.key());
    counts[key] = NumberOf(all, key.c_str());
  }
  return counts;
}

Micros TimeOf(const json::object& object, const char* name) {
  const int64_t millis = NumberOf(object, name);
  return millis < 0 ? -1 : millis * kMilli;
}

RoundResult RoundOf(const json::object& object) {
  RoundResult round{.name = TextOf(object, "name"),
                    .seed = static_cast<uint64_t>(NumberOf(object, "seed")),
                    .rate_before = static_cast<double>(NumberOf(object, "salesPerSecondBefore")),
                    .counts = CountsOf(object, "counts"),
                    .problems = CountsOf(object, "problems"),
                    .faults = {},
                    .quiesce = TimeOf(object, "quiesceMs"),
                    .checker = ObjectOf(object, "checker"),
                    .invalid = TextsOf(object, "invalid"),
                    .broken = TextsOf(object, "broken")};
  const json::value* faults = object.if_contains("faults");
  if (faults == nullptr || !faults->is_array()) return round;
  for (const json::value& value : faults->get_array()) {
    if (!value.is_object()) continue;
    const json::object& fault = value.get_object();
    round.faults.push_back({.name = TextOf(fault, "name"),
                            .proof = TextOf(fault, "proof"),
                            .ready = TimeOf(fault, "readyMs"),
                            .sale = TimeOf(fault, "saleMs"),
                            .complaints = TextsOf(fault, "complaints")});
  }
  return round;
}

}  // namespace

Report ReadReport(const std::string& text) {
  const json::object object = ParseObject(text);
  Report report{.took = std::max<Micros>(TimeOf(object, "tookMs"), 0)};
  const json::value* rounds = object.if_contains("rounds");
  if (rounds == nullptr || !rounds->is_array()) return report;
  for (const json::value& value : rounds->get_array()) {
    if (value.is_object()) report.rounds.push_back(RoundOf(value.get_object()));
  }
  return report;
}

std::string Report::Json() const {
  json::array all_rounds, all_bugs;
  for (const RoundResult& round : rounds) all_rounds.push_back(RoundJson(round));
  for (const BugResult& bug : bugs) {
    all_bugs.push_back(json::object{{"name", bug.name},
                                    {"expected", Texts(bug.expected)},
                                    {"caught", Texts(bug.caught)},
                                    {"error", bug.error},
                                    {"good", bug.is_good()}});
  }
  json::array all_goals;
  for (const Goal& goal : Goals()) {
    all_goals.push_back(json::object{{"name", goal.name},
                                     {"count", goal.count},
                                     {"p50Ms", goal.p50 / kMilli},
                                     {"maxMs", goal.max / kMilli},
                                     {"met", goal.is_met}});
  }
  json::object faults;
  for (const auto& [name, row] : TimesByFault(rounds)) {
    faults[name] = json::object{{"count", row.count},
                                {"readyP50Ms", row.ready.Percentile(50) / kMilli},
                                {"readyMaxMs", row.ready.Percentile(100) / kMilli},
                                {"saleP50Ms", row.sale.Percentile(50) / kMilli},
                                {"saleMaxMs", row.sale.Percentile(100) / kMilli}};
  }
  return json::serialize(json::object{{"good", is_good()},
                                      {"seed", seed},
                                      {"tookMs", took / kMilli},
                                      {"faults", std::move(faults)},
                                      {"goals", std::move(all_goals)},
                                      {"rounds", std::move(all_rounds)},
                                      {"bugs", std::move(all_bugs)}});
}

}  // namespace cloudpos::chaos
