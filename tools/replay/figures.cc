#include "tools/replay/figures.h"

#include <array>
#include <cstdio>

#include "libs/base/clock.h"
#include "libs/base/money.h"

namespace cloudpos::replay {
namespace {

std::string Pounds(int64_t minor) { return base::FormatMinor(minor, 2); }

/// Thousandths as a number without needless decimals: 27007000 -> 27007, 500 -> 0.5.
std::string Units(int64_t milli) {
  std::string text = base::FormatMinor(milli, 3);
  while (text.ends_with('0')) text.pop_back();
  if (text.ends_with('.')) text.pop_back();
  return text;
}

}  // namespace

std::string FiguresJson(const std::map<absl::CivilDay, DayFigures>& days) {
  std::string out = "{";
  for (const auto& [date, day] : days) {
    if (out.size() > 1) out += ",";
    out += "\"" + base::FormatDate(date) + "\":{\"sales\":\"" + Pounds(day.sales) +
           "\",\"returns\":\"" + Pounds(day.returns) + "\",\"unitsSold\":" + Units(day.units_sold) +
           ",\"unitsReturned\":" + Units(day.units_returned) +
           ",\"saleCount\":" + std::to_string(day.sale_count) +
           ",\"creditNotes\":" + std::to_string(day.credit_notes) +
           ",\"corrections\":" + std::to_string(day.corrections) +
           ",\"correctionUnits\":" + Units(day.correction_units) + "}";
  }
  return out + "}";
}

std::string FiguresTable(const std::map<absl::CivilDay, DayFigures>& days) {
  std::string out =
      "day              sales     returns  units sold  returned  sales  notes  corrections\n";
  for (const auto& [date, day] : days) {
    std::array<char, 160> row{};
    std::snprintf(row.data(), row.size(), "%s %11s %11s %11s %9s %6lld %6lld %4lld (%s)\n",
                  base::FormatDate(date).c_str(), Pounds(day.sales).c_str(),
                  Pounds(day.returns).c_str(), Units(day.units_sold).c_str(),
                  Units(day.units_returned).c_str(), static_cast<long long>(day.sale_count),
                  static_cast<long long>(day.credit_notes),
                  static_cast<long long>(day.corrections), Units(day.correction_units).c_str());
    out += row.data();
  }
  return out;
}

}  // namespace cloudpos::replay
