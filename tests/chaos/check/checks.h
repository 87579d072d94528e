#pragma once

// The checks that follow the reading of the journals, one file each.

#include <chrono>
#include <string>

#include "absl/status/status.h"
#include "tests/chaos/check/books.h"
#include "tests/chaos/check/history.h"

namespace cloudpos::chaos {

/// All that was read, and where findings go.
struct Evidence {
  const RunFile& run;
  const History& history;
  Database* database;
  Documents* documents;
  Books* books;
  Report* report;
};

/// Rows of sales, lines, tenders, movements and facts against the journal; receipt numbers (I14)
/// and what was returned of lines (I12).
absl::Status CheckTables(const Evidence& e);
/// I7: one event for each entry; what consumers count as seen; roll-ups.
absl::Status CheckEvents(const Evidence& e);
/// I7: stores, registers, devices, goods and prices, and the audit log, as those who follow their
/// owners have them.
absl::Status CheckCopies(const Evidence& e);
/// I3: levels by the ledger, by the acknowledged receipts, and between inventory and reporting.
absl::Status CheckStock(const Evidence& e);
/// Sums made by PostgreSQL itself (I1, I4, I7, I12).
absl::Status CheckSums(const Evidence& e);
/// I19, and for each document when a client could know that it was recorded (Document::known).
void CheckOrder(const Evidence& e);
/// I11, I13, I14, I15 and CAUSE; after CheckOrder and CheckTables.
void CheckReplies(const Evidence& e);
/// I9: what devices signed.
absl::Status CheckSignatures(const Evidence& e);
/// Waits until all consumers have read the tenant's events, `patience` at most: the polls of those
/// that nobody rings for take a second.
absl::Status AwaitQuiet(const std::string& dsn, const base::Uuid& tenant,
                        std::chrono::milliseconds patience);
/// I21.
absl::Status CheckQuiet(const Evidence& e);

}  // namespace cloudpos::chaos
