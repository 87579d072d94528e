// Reading the journals: numbers (I8), chain (I9), one entry for each id (I11), and what each entry
// should have become elsewhere.

#include <algorithm>

#include "libs/base/status_macros.h"
#include "libs/journal/chain.h"
#include "tests/chaos/check/books.h"
#include "tests/chaos/check/compare.h"
#include "tests/chaos/check/entries.h"
#include "tests/chaos/check/paper.h"
#include "tests/chaos/check/tables.h"

namespace cloudpos::chaos {
namespace {

constexpr Query kHeads{"journals", R"sql(
  SELECT journal_id, store_id, register_id, device_id, generation, series, journal_no, receipt_no,
    grand_total, hash
  FROM transaction.journals WHERE tenant_id = $1::uuid ORDER BY journal_id)sql"};

constexpr Query kLocations{"stock_locations", R"sql(
  SELECT location_id, store_id, kind FROM inventory.stock_locations
  WHERE tenant_id = $1::uuid)sql"};

constexpr Query kParked{"dead_letter", R"sql(
  SELECT 'auth', aggregate_id FROM auth.dead_letter WHERE tenant_id = $1::uuid
  UNION ALL SELECT 'inventory', aggregate_id FROM inventory.dead_letter WHERE tenant_id = $1::uuid
  UNION ALL SELECT 'reporting', aggregate_id FROM reporting.dead_letter WHERE tenant_id = $1::uuid
  UNION ALL
  SELECT 'transaction', aggregate_id FROM transaction.dead_letter WHERE tenant_id = $1::uuid)sql"};

std::string HexOf(std::string_view bytes) { return journal::ToHex(bytes); }

std::string_view BytesOf(const journal::Hash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

class Pass {
 public:
  Pass(Documents* documents, Books* books, Report* report)
      : documents_(*documents), books_(*books), report_(*report) {}

  void OnEntry(const StoredEntry& row);
  void Finish();

 private:
  void CheckChain(Journal& journal, const StoredEntry& row);
  void CheckFields(const Journal& journal, const StoredEntry& row, const journal::SaleEntry& entry);
  void CheckNumbers(Journal& journal, const StoredEntry& row, const journal::SaleEntry& entry);
  void OnDocument(uint32_t journal, const StoredEntry& row);
  /// False when the document stands under another entry.
  bool TakeId(uint32_t journal, const StoredEntry& row, Kind kind, Document* document);
  void Expect(uint32_t at, const StoredEntry& row);
  void ExpectElsewhere(const Expectation& from, Document* document);
  void OnHeld(const StoredEntry& row);
  void AddUnheard(const journal::SaleEntry& entry);
  void AddReturned(uint32_t at, const journal::SaleEntry& entry);
  void Chain(const Journal& journal, int64_t number, const std::string& what) {
    report_.Broken(Rule::kChain, Place(journal, number) + what);
  }
  static std::string Place(const Journal& journal, int64_t number) {
    return "journal " + journal.Name() + " entry " + std::to_string(number) + ": ";
  }

  Documents& documents_;
  Books& books_;
  Report& report_;
  journal::SaleEntry entry_;
};

void Pass::OnEntry(const StoredEntry& row) {
  ++books_.entries;
  if (row.was_held) ++books_.quarantined;
  const auto found = books_.index.find(row.journal);
  if (found == books_.index.end()) {
    return report_.Broken(
        Rule::kNumbers, "an entry of journal " + row.journal.ToString() + ", which does not exist");
  }
  Journal& journal = books_.journals[found->second];
  CheckChain(journal, row);
  entry_ = {};
  const journal::Error error = journal::ParseEntry(row.payload, &entry_);
  if (!error.ok()) {
    Chain(journal, row.number,
          "the payload is not canonical: " + std::string(journal::ErrorName(error.code)));
    journal.number = row.number;
    return;
  }
  CheckFields(journal, row, entry_);
  CheckNumbers(journal, row, entry_);
  OnDocument(found->second, row);
}

void Pass::CheckChain(Journal& journal, const StoredEntry& row) {
  report_.Compared(Rule::kChain, 1);
  const journal::Hash hash =
      journal::ChainHash(static_cast<uint64_t>(row.number), journal.hash, row.payload);
  if (BytesOf(hash) != row.hash) {
    Chain(journal, row.number, "hash " + HexOf(row.hash) + " instead of " + journal::ToHex(hash));
  }
  // Go on from what stands there: one bad entry is one break.
  std::copy_n(row.hash.begin(), std::min(row.hash.size(), journal.hash.size()),
              reinterpret_cast<char*>(journal.hash.data()));
}

void Pass::CheckFields(const Journal& journal, const StoredEntry& row,
                       const journal::SaleEntry& entry) {
  const auto require = [&](bool holds, const char* otherwise) {
    if (!holds) Chain(journal, row.number, otherwise);
  };
  require(entry.n == row.number, "the payload has another number");
  require(IdOf(entry.journal) == journal.id, "the payload is of another journal");
  require(row.was_held ||
              (IdOf(entry.store) == journal.store && IdOf(entry.register_id) == journal.reg),
          "the payload is of another register than its journal");
  require(IdOf(entry.device) == journal.device, "the payload is of another device");
  require(entry.generation == journal.generation, "the payload is of another generation");
  require(entry.kind == row.kind, "the payload is of another kind");
  require(IdOf(entry.sale_id) == row.document, "the payload is of another document");
  require(static_cast<int64_t>(entry.lines.size()) == row.line_count,
          "line_count is not the number of lines");
}

void Pass::CheckNumbers(Journal& journal, const StoredEntry& row, const journal::SaleEntry& entry) {
  report_.Compared(Rule::kNumbers, 1);
  const auto require = [&](bool holds, const std::string& otherwise) {
    if (!holds) report_.Broken(Rule::kNumbers, Place(journal, row.number) + otherwise);
  };
  require(row.number == journal.number + 1, "the one before is " + std::to_string(journal.number));
  journal.number = row.number;
  const bool is_receipt = entry.kind == journal::kKindSale || entry.kind == journal::kKindReturn;
  const int64_t total = journal.total + journal::EntrySign(entry) * entry.totals.total;
  // What a device counted is taken as it stands where it was set aside for that very reason.
  if (!row.was_held) {
    const int64_t receipt = is_receipt ? journal.receipt + 1 : 0;
    require(entry.receipt_no == receipt, "receipt " + std::to_string(entry.receipt_no) +
                                             " follows receipt " + std::to_string(journal.receipt));
    require(entry.grand_total == total, "grand total " + std::to_string(entry.grand_total) +
                                            " instead of " + std::to_string(total));
  }
  if (is_receipt) journal.receipt = std::max(journal.receipt, entry.receipt_no);
  journal.total = entry.grand_total;
}

void Pass::OnDocument(uint32_t journal, const StoredEntry& row) {
  const Kind kind = KindOf(entry_.kind);
  Mark mark{.number = row.number, .kind = kind};
  if (row.was_released) mark.expected = 2;
  if (row.is_held()) {
    OnHeld(row);
  } else if (kind != Kind::kOther && !entry_.training) {
    report_.Compared(Rule::kOneOutcome, 1);
    const uint32_t at = documents_.Of(row.document);
    if (TakeId(journal, row, kind, &documents_[at])) {
      mark.document = at;
      Expect(at, row);
    }
  }
  books_.journals[journal].marks.push_back(mark);
}

bool Pass::TakeId(uint32_t journal, const StoredEntry& row, Kind kind, Document* document) {
  const bool is_first = document->kind == Kind::kNone;
  if (!is_first) {
    // A register may have sold, while offline, what somebody gave up: both are in the journals,
    // and the sale counts.
    const bool is_offline = !books_.journals[journal].device.is_nil() ||
                            !books_.journals[document->journal].device.is_nil();
    const bool has_tombstone = kind == Kind::kAbandoned || document->kind == Kind::kAbandoned;
    if (!is_offline || !has_tombstone) {
      report_.Broken(Rule::kOneOutcome,
                     Place(books_.journals[journal], row.number) + "id " + row.document.ToString() +
                         " has an entry already, number " + std::to_string(document->number) +
                         " of journal " + books_.journals[document->journal].Name());
      return false;
    }
    document->was_given_up = true;
    if (kind == Kind::kAbandoned) return false;
  }
  document->kind = kind;
  document->journal = journal;
  document->number = row.number;
  return true;
}

void Pass::Expect(uint32_t at, const StoredEntry& row) {
  Document& document = documents_[at];
  const std::string hex = HexOf(row.hash);
  document.wish = SumOf(RequestOfEntry{entry_});
  document.recorded_reply = SumOf(ReplyOfEntry{entry_, hex});
  document.recorded_paper = SumOf(ReceiptOfEntry{entry_, hex});
  document.recorded_total = entry_.totals.total;
  Sum prices;
  for (const journal::EntryLine& line : entry_.lines) prices("price", line.list_price);
  document.prices = prices.value();
  document.left = {};
  row.Believe(&entry_);
  const Expectation from{entry_, books_.locations};
  AddExpected<SaleTable>(from, &document);
  AddExpected<LineTable>(from, &document);
  AddExpected<TenderTable>(from, &document);
  if (journal::EntrySign(entry_) == 0) return;
  CheckAmounts(entry_, &report_);
  ExpectElsewhere(from, &document);
  if (document.acked == kNowhere && document.paper == 0) AddUnheard(entry_);
  if (entry_.kind == journal::kKindReturn) AddReturned(at, entry_);
}

void Pass::ExpectElsewhere(const Expectation& from, Document* document) {
  const journal::SaleEntry& entry = from.entry;
  if (!books_.IsParked("inventory", entry.sale_id)) AddExpected<MovementTable>(from, document);
  if (books_.IsParked("reporting", entry.sale_id)) return;
  AddExpected<FactSaleTable>(from, document);
  books_.rollups.Add(entry);
}

void Pass::AddUnheard(const journal::SaleEntry& entry) {
  const int64_t sign = journal::EntrySign(entry);
  const base::Uuid store = IdOf(entry.store);
  books_.taken_unheard[store] += sign * entry.totals.total;
  for (const journal::EntryLine& line : entry.lines) {
    if (!line.stocked) continue;
    books_.moved_unheard[{store, IdOf(line.variant_id)}] -= sign * line.quantity_milli;
  }
}

/// Its device counts the money; nothing moves until a manager decides.
void Pass::OnHeld(const StoredEntry& row) {
  const int64_t sign = journal::EntrySign(entry_);
  if (sign == 0) return;
  const std::string hex = HexOf(row.hash);
  const uint32_t at = documents_.Find(row.document);
  const bool is_on_paper =
      at != kNowhere && documents_[at].paper == SumOf(ReceiptOfEntry{entry_, hex});
  const base::Uuid store = books_.journals[books_.index.at(row.journal)].store;
  if (!is_on_paper) {
    books_.taken_unheard[store] += sign * entry_.totals.total;
    return;
  }
  documents_[at].is_held = true;
  for (const journal::EntryLine& line : entry_.lines) {
    if (!line.stocked) continue;
    books_.moved_unheard[{store, IdOf(line.variant_id)}] += sign * line.quantity_milli;
  }
}

void Pass::AddReturned(uint32_t at, const journal::SaleEntry& entry) {
  if (entry.source_sale_id.empty()) return;
  const uint32_t source = documents_.Of(IdOf(entry.source_sale_id));
  for (const journal::EntryLine& line : entry.lines) {
    if (line.source_line_no == 0) continue;
    Returned& returned = books_.returned[{source, line.source_line_no}];
    returned.quantity += line.quantity_milli;
    returned.net += line.net;
    returned.total += line.total;
    returned.variant = IdOf(line.variant_id);
    returned.by.push_back(at);
  }
}

void Pass::Finish() {
  for (const Journal& journal : books_.journals) {
    const auto require = [&](Rule rule, bool holds, const std::string& otherwise) {
      report_.Compared(rule, 1);
      if (!holds) report_.Broken(rule, "journal " + journal.Name() + ": " + otherwise);
    };
    require(Rule::kNumbers, journal.head_number == journal.number,
            "the head stands at " + std::to_string(journal.head_number) + ", the last entry is " +
                std::to_string(journal.number));
    require(Rule::kNumbers, journal.head_receipt == journal.receipt,
            "the head counts " + std::to_string(journal.head_receipt) + " receipts, there are " +
                std::to_string(journal.receipt));
    require(Rule::kNumbers, journal.head_total == journal.total,
            "the head's grand total is " + std::to_string(journal.head_total) +
                ", the last entry's " + std::to_string(journal.total));
    require(Rule::kChain, journal.head_hash == BytesOf(journal.hash),
            "the head's hash is not the last entry's");
  }
}

}  // namespace

Mark* Journal::Find(int64_t wanted) {
  const auto place = static_cast<size_t>(wanted - 1);
  if (wanted >= 1 && place < marks.size() && marks[place].number == wanted) return &marks[place];
  const auto found = std::lower_bound(marks.begin(), marks.end(), wanted,
                                      [](const Mark& m, int64_t n) { return m.number < n; });
  return found != marks.end() && found->number == wanted ? &*found : nullptr;
}

absl::Status ReadPlaces(Database* database, Books* books) {
  CLOUDPOS_RETURN_IF_ERROR(database->Read(kLocations, [books](const Row& row) {
    books->locations[{row.Id(1), row.Int(2)}] = row.Id(0);
    books->store_of_location[row.Id(0)] = row.Id(1);
  }));
  CLOUDPOS_RETURN_IF_ERROR(database->Read(kParked, [books](const Row& row) {
    books->parked[std::string(row.Text(0))].insert(std::string(row.Text(1)));
  }));
  return database->Read(kHeads, [books](const Row& row) {
    books->index[row.Id(0)] = static_cast<uint32_t>(books->journals.size());
    Journal& journal = books->journals.emplace_back();
    journal.id = row.Id(0);
    journal.store = row.Id(1);
    journal.reg = row.Id(2);
    journal.device = row.Id(3);
    journal.generation = row.Int(4);
    journal.series = row.Text(5);
    journal.head_number = row.Int(6);
    journal.head_receipt = row.Int(7);
    journal.head_total = row.Int(8);
    journal.head_hash = row.Text(9);
  });
}

absl::Status ReadJournals(Database* database, Documents* documents, Books* books, Report* report) {
  Pass pass(documents, books, report);
  CLOUDPOS_RETURN_IF_ERROR(
      StreamEntries(database, [&pass](const StoredEntry& row) { pass.OnEntry(row); }));
  pass.Finish();
  return absl::OkStatus();
}

}  // namespace cloudpos::chaos
