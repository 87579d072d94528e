#pragma once

// A journal entry as reports see it. Pure: no I/O.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/ids.h"
#include "libs/journal/entry.h"
#include "services/reporting/domain/figures.h"

namespace cloudpos::reporting {

/// Equal to cloudpos.reporting.v1.TaxTreatment.
enum class Treatment : int16_t { kTaxed = 1, kZeroRated = 2, kExempt = 3 };

/// One tax of a line, or the one row that says that none applied.
struct LineTax {
  std::string jurisdiction;
  Treatment treatment = Treatment::kTaxed;
  int64_t rate_ppm = 0;
  int64_t fixed_per_unit = 0;
  std::string tax_id;
  bool inclusive = false;
  int64_t base = 0;
  int64_t tax = 0;
};

/// Nil stands for "none".
struct FactLine {
  base::Uuid variant, product, category;
  int64_t quantity_milli = 0;
  bool stocked = false;
  int64_t gross = 0, net = 0, total = 0;
  std::vector<LineTax> taxes;  // never empty

  /// Signed as `sign` of the document; the counts count this line.
  Figures FiguresOf(int sign) const;
};

struct Fact {
  base::Uuid tenant, sale, store, register_id, operator_id, journal;
  int64_t journal_no = 0;
  /// +1 sale, -1 return; 0: the entry moves no figure (tombstone, training ...).
  int sign = 0;
  std::string customer_ref;
  std::string business_date;  // a valid YYYY-MM-DD
  std::string currency;
  int64_t occurred_at_us = 0;
  int64_t utc_offset_min = 0;
  journal::EntryTotals totals;
  std::vector<FactLine> lines;

  Figures FiguresOf() const;
  /// When the hour of the store's clock began, microseconds since 1970 UTC.
  int64_t HourStart() const;
};

/// What the event says beside the entry.
struct EntryStanding {
  bool is_held = false;  // set aside for a manager: it is seen and moves no figure
  /// Instead of the entry's own time, where that was not believed; 0: it was.
  int64_t believed_at_us = 0;
  std::string believed_date{};
};

/// Reads an entry's canonical bytes. DATA_LOSS, INVALID_ARGUMENT: it is none, or holds what no
/// report can place (a bad id or date); such an event is parked.
absl::StatusOr<Fact> FactOf(std::string_view entry, const EntryStanding& standing = {});

}  // namespace cloudpos::reporting
