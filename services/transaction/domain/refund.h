#pragma once

// What a return gives back, worked out from what was sold (features 5.5). Pure.

#include <vector>

#include "absl/status/status.h"
#include "libs/journal/entry.h"

namespace cloudpos::transaction {

/// One line to take back, linked to a line of the sale.
struct LinkedReturnLine {
  int source_line_no = 0;
  int64_t quantity_milli = 0;
  int64_t returned_before = 0;  // of the source line
  std::string disposition;
};

/// Adds lines, taxes and totals of a linked return to `entry`, from the amounts stored in `source`.
/// Refusals, in order: NOT_FOUND (line), RETURN_EXCEEDS_SOLD, OVERFLOW.
absl::Status FillLinkedReturn(const journal::SaleEntry& source,
                              const std::vector<LinkedReturnLine>& lines,
                              journal::SaleEntry* entry);

}  // namespace cloudpos::transaction
