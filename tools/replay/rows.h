#pragma once

// Rows of an invoice file, read into numbers and times.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace cloudpos::replay {

struct InvoiceRow {
  int line = 0;  // of the file
  std::string invoice, code, description, customer;
  int64_t quantity_milli = 0;
  int64_t price_e5 = 0;  // hundred-thousandths of a pound
  absl::Time at;
};

/// Columns are found by their names in the first record. INVALID_ARGUMENT as MakePlan.
absl::StatusOr<std::vector<InvoiceRow>> ReadRows(std::string_view csv);

/// "-12.5" with 3 digits -> -12500; nullopt for what is no such number or has more digits that are
/// not zero.
std::optional<int64_t> ParseDecimal(std::string_view text, int digits);
/// "2010-12-01 08:26:00" or "12/1/2010 8:26" by the clock of the store.
std::optional<absl::Time> ParseLocalTime(const std::string& text);
/// Text that is no UTF-8 is taken for ISO 8859-1.
std::string ToUtf8(const std::string& text);

}  // namespace cloudpos::replay
