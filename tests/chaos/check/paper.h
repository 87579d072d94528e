#pragma once

// The receipts that registers handed out (DIR/registers/*.book, as tests/support/register writes
// them): what customers hold, whatever became of device and network.

#include "libs/journal/entry.h"
#include "tests/chaos/check/books.h"
#include "tests/chaos/check/history.h"
#include "tests/chaos/check/json.h"
#include "tests/chaos/check/sum.h"
#include "tests/chaos/check/views.h"

namespace cloudpos::chaos {

struct ReceiptLine {
  const boost::json::object& receipt;
};

template <typename Out>
void Tell(const ReceiptLine& line, Out& out) {
  out("journal", IdIn(line.receipt, "journal"));
  out("n", IntIn(line.receipt, "n"));
  out("hash", TextIn(line.receipt, "hash"));
  out("day", TextIn(line.receipt, "businessDate"));
  out("total", IntIn(line.receipt, "totalMinor"));
  ForEachIn(line.receipt, "lines", [&out](const boost::json::object& item) {
    out("variant", IdIn(item, "variantId"));
    out("quantity", IntIn(item, "quantityMilli"));
  });
}

struct ReceiptOfEntry {
  const journal::SaleEntry& entry;
  const std::string& hash;  // lower-case hex
};

template <typename Out>
void Tell(const ReceiptOfEntry& recorded, Out& out) {
  out("journal", IdOf(recorded.entry.journal));
  out("n", recorded.entry.n);
  out("hash", std::string_view(recorded.hash));
  out("day", std::string_view(recorded.entry.business_date));
  out("total", recorded.entry.totals.total);
  for (const journal::EntryLine& line : recorded.entry.lines) {
    out("variant", IdOf(line.variant_id));
    out("quantity", line.quantity_milli);
  }
}

/// Reads the books into Documents; a receipt written again counts as last written. What no client's
/// log has acknowledged goes into the sums of `history`. Needs the journals' heads.
/// Without books nothing is read.
absl::Status ReadPaper(const std::string& folder, const Books& books, Documents* documents,
                       History* history, Report* report);

}  // namespace cloudpos::chaos
