#include "tests/chaos/check/entries.h"

namespace cloudpos::chaos {
namespace {

constexpr Query kEntries{"journal_entries", R"sql(
  SELECT e.journal_id, e.journal_no, e.kind, e.document_id, e.line_count, e.payload, e.hash,
    e.state = 'QUARANTINED',
    e.state = 'QUARANTINED' AND EXISTS (
      SELECT 1 FROM transaction.journal_resolutions AS r
      WHERE r.tenant_id = e.tenant_id AND r.journal_id = e.journal_id
        AND r.journal_no = e.journal_no AND r.resolution = 'RELEASED'),
    e.believed_at, coalesce(e.believed_date::text, '')
  FROM transaction.journal_entries AS e
  WHERE e.tenant_id = $1::uuid AND ($2::uuid[] IS NULL OR e.document_id = ANY ($2::uuid[]))
  ORDER BY e.journal_id, e.journal_no)sql"};

StoredEntry EntryOf(const Row& row) {
  return {.journal = row.Id(0),
          .number = row.Int(1),
          .kind = row.Text(2),
          .document = row.Id(3),
          .line_count = row.Int(4),
          .payload = row.Text(5),
          .hash = row.Text(6),
          .was_held = row.Bool(7),
          .was_released = row.Bool(8),
          .believed_at = row.Micros(9),
          .believed_date = row.Text(10)};
}

}  // namespace

void StoredEntry::Believe(journal::SaleEntry* entry) const {
  if (believed_at == 0) return;
  entry->occurred_at_us = believed_at;
  entry->business_date = entry->posting_date = believed_date;
}

absl::Status StreamEntries(Database* database, const std::function<void(const StoredEntry&)>& f) {
  return database->StreamInOrder(kEntries, [&f](const Row& row) { f(EntryOf(row)); });
}

absl::Status StreamEntriesOf(Database* database, const std::vector<base::Uuid>& documents,
                             const std::function<void(const StoredEntry&)>& f) {
  return database->StreamOnly(kEntries, documents, [&f](const Row& row) {
    const StoredEntry entry = EntryOf(row);
    if (!entry.is_held()) f(entry);
  });
}

}  // namespace cloudpos::chaos
