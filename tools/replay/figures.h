#pragma once

// Figures per day as people and programs read them.

#include <map>
#include <string>

#include "absl/time/civil_time.h"
#include "tools/replay/plan.h"

namespace cloudpos::replay {

/// One JSON object, one member per day: money as text with two decimals, quantities and counts as
/// numbers.
std::string FiguresJson(const std::map<absl::CivilDay, DayFigures>& days);
/// The same as a table.
std::string FiguresTable(const std::map<absl::CivilDay, DayFigures>& days);

}  // namespace cloudpos::replay
