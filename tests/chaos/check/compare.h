#pragma once

// One table of tables.h against the journal: the sums of its rows are taken from what the entries
// let expect; where something is left, rows and entry are read again and told in words.

#include <string>
#include <type_traits>
#include <vector>

#include "libs/base/status_macros.h"
#include "tests/chaos/check/books.h"
#include "tests/chaos/check/entries.h"
#include "tests/chaos/check/tables.h"

namespace cloudpos::chaos {

/// Place of a table in Document::left.
template <typename Table>
constexpr size_t SlotOf() {
  if constexpr (std::is_same_v<Table, SaleTable>) return 0;
  if constexpr (std::is_same_v<Table, LineTable>) return 1;
  if constexpr (std::is_same_v<Table, TenderTable>) return 2;
  if constexpr (std::is_same_v<Table, MovementTable>) return 3;
  if constexpr (std::is_same_v<Table, FactSaleTable>) return 4;
}

template <typename Table>
void AddExpected(const Expectation& from, Document* document) {
  for (const typename Table::Row& row : Table::Expect(from)) {
    document->left[SlotOf<Table>()] += SumOf(row);
  }
}

/// Rows of documents as words, sorted.
using WordsByDocument = std::map<base::Uuid, std::vector<std::string>>;

/// Reports rows that only one side has.
void ReportDifferences(Rule rule, const char* table, const WordsByDocument& found,
                       const WordsByDocument& expected, Report* report);

template <typename Table>
absl::Status TellDifferences(Database* database, const std::vector<base::Uuid>& ids,
                             const Books& books, const Documents& documents, Report* report) {
  WordsByDocument found, expected;
  CLOUDPOS_RETURN_IF_ERROR(database->StreamOnly(Table::kRead, ids, [&](const Row& row) {
    found[Table::DocumentOf(row)].push_back(WordsOf(Table::Parse(row)));
  }));
  CLOUDPOS_RETURN_IF_ERROR(StreamEntriesOf(database, ids, [&](const StoredEntry& stored) {
    journal::SaleEntry entry;
    const bool counts = documents[documents.Find(stored.document)].IsAt(
        books.index.at(stored.journal), stored.number);
    if (!counts || !journal::ParseEntry(stored.payload, &entry).ok()) return;
    stored.Believe(&entry);
    for (const auto& row : Table::Expect({entry, books.locations})) {
      expected[stored.document].push_back(WordsOf(row));
    }
  }));
  ReportDifferences(Table::kRule, Table::kName, found, expected, report);
  return absl::OkStatus();
}

/// `on_row` is called with every row and its document (kNowhere: of no entry).
template <typename Table>
absl::Status CompareTable(Database* database, const Books& books, Documents* documents,
                          Report* report,
                          const std::function<void(const Row&, uint32_t)>& on_row = {}) {
  constexpr size_t kSlot = SlotOf<Table>();
  CLOUDPOS_RETURN_IF_ERROR(database->Stream(Table::kRead, [&](const Row& row) {
    report->Compared(Table::kRule, 1);
    const uint32_t at = documents->Find(Table::DocumentOf(row));
    const bool is_known = at != kNowhere && (*documents)[at].kind != Kind::kNone;
    if (is_known) {
      (*documents)[at].left[kSlot] -= SumOf(Table::Parse(row));
    } else {
      report->Broken(Table::kRule, std::string(Table::kName) + " has a row of " +
                                       Table::DocumentOf(row).ToString() +
                                       ", which no journal has: " + WordsOf(Table::Parse(row)));
    }
    if (on_row) on_row(row, is_known ? at : kNowhere);
  }));
  std::vector<base::Uuid> different;
  for (const Document& document : documents->all()) {
    if (document.kind == Kind::kNone || document.left[kSlot] == 0) continue;
    if (different.size() < kExamplesMax) {
      different.push_back(document.id);
    } else {
      report->BrokenToo(Table::kRule, 1);
    }
  }
  if (different.empty()) return absl::OkStatus();
  return TellDifferences<Table>(database, different, books, *documents, report);
}

}  // namespace cloudpos::chaos
