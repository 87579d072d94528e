#include "tests/chaos/check/compare.h"

#include <algorithm>
#include <set>

namespace cloudpos::chaos {
namespace {

/// What `rows` has and `others` has not, each as often as it is too many.
std::vector<std::string> Beyond(std::vector<std::string> rows, std::vector<std::string> others) {
  std::sort(rows.begin(), rows.end());
  std::sort(others.begin(), others.end());
  std::vector<std::string> beyond;
  std::set_difference(rows.begin(), rows.end(), others.begin(), others.end(),
                      std::back_inserter(beyond));
  return beyond;
}

std::vector<std::string> RowsIn(const WordsByDocument& all, const base::Uuid& id) {
  const auto found = all.find(id);
  return found == all.end() ? std::vector<std::string>() : found->second;
}

std::string Joined(const std::vector<std::string>& rows) {
  std::string text;
  for (const std::string& row : rows) text += (text.empty() ? "{" : ", {") + row + "}";
  return text;
}

}  // namespace

void ReportDifferences(Rule rule, const char* table, const WordsByDocument& found,
                       const WordsByDocument& expected, Report* report) {
  std::set<base::Uuid> ids;
  for (const auto& [id, rows] : found) ids.insert(id);
  for (const auto& [id, rows] : expected) ids.insert(id);
  for (const base::Uuid& id : ids) {
    const auto too_many = Beyond(RowsIn(found, id), RowsIn(expected, id));
    const auto missing = Beyond(RowsIn(expected, id), RowsIn(found, id));
    std::string words = std::string(table) + ", " + id.ToString() + ":";
    if (too_many.size() == 1 && missing.size() == 1) {
      words += " " + Difference(too_many[0], missing[0]);
    } else {
      if (!missing.empty()) words += " missing " + Joined(missing);
      if (!too_many.empty()) words += " too many " + Joined(too_many);
      if (missing.empty() && too_many.empty()) words += " rows, though its event is parked";
    }
    report->Broken(rule, std::move(words));
  }
}

}  // namespace cloudpos::chaos
