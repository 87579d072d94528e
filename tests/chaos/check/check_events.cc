// I7: each entry has one event, and consumers have seen each.

#include "libs/base/status_macros.h"
#include "tests/chaos/check/checks.h"

namespace cloudpos::chaos {
namespace {

constexpr Query kOutbox{"outbox", R"sql(
  SELECT event_id, aggregate_id, event_type, payload FROM transaction.outbox
  WHERE tenant_id = $1::uuid AND aggregate_type = 'sale')sql"};

constexpr Query kProgress{"journal_progress", R"sql(
  SELECT journal_id, contiguous_to, array_to_string(ahead, ',') FROM inventory.journal_progress
  WHERE tenant_id = $1::uuid)sql"};

constexpr Query kSeen{"reporting_journals", R"sql(
  SELECT j.journal_id, j.store_id, j.register_id, j.seen::text FROM reporting.journals AS j
  WHERE j.tenant_id = $1::uuid
    AND j.set_id = (SELECT s.set_id FROM reporting.report_sets AS s WHERE s.state = 'LIVE'))sql"};

constexpr Query kCorrections{"adjustments", R"sql(
  SELECT location_id, variant_id, quantity_milli FROM inventory.stock_movements
  WHERE tenant_id = $1::uuid AND kind = 3)sql"};

constexpr const char* kEventType = "cloudpos.transaction.v1.JournalEntryRecorded";
/// 16 bytes journal id, 8 bytes number.
constexpr size_t kPointerBytes = 24;

class Outbox {
 public:
  explicit Outbox(const Evidence& e) : e_(e) {}

  void OnRow(const Row& row) {
    e_.report->Compared(Rule::kEvents, 1);
    const std::string_view aggregate = row.Text(1);
    const std::string_view pointer = row.Text(3);
    const std::string who = "event " + row.Id(0).ToString() + " of " + std::string(aggregate);
    Mark* const mark = pointer.size() == kPointerBytes ? EntryAt(pointer) : nullptr;
    if (mark == nullptr) {
      if (e_.run.expect_parked.contains(std::string(aggregate))) return;
      return e_.report->Broken(Rule::kEvents, who + " points at no journal entry");
    }
    ++mark->events;
    if (row.Text(2) != kEventType) {
      e_.report->Broken(Rule::kEvents, who + " is of type " + std::string(row.Text(2)));
    }
    if (mark->document != kNowhere && (*e_.documents)[mark->document].id.ToString() != aggregate) {
      e_.report->Broken(Rule::kEvents, who + " points at the entry of another document");
    }
  }

  void Finish() {
    for (const Journal& journal : e_.books->journals) {
      for (const Mark& mark : journal.marks) {
        e_.report->Compared(Rule::kEvents, 1);
        if (mark.events == mark.expected) continue;
        e_.report->Broken(Rule::kEvents, "journal " + journal.Name() + " entry " +
                                             std::to_string(mark.number) + " has " +
                                             std::to_string(mark.events) + " events");
      }
    }
  }

 private:
  Mark* EntryAt(std::string_view pointer) const {
    std::array<uint8_t, 16> id{};
    std::copy_n(pointer.begin(), id.size(), id.begin());
    const auto found = e_.books->index.find(base::Uuid(id));
    if (found == e_.books->index.end()) return nullptr;
    uint64_t number = 0;
    for (const char c : pointer.substr(id.size())) number = number << 8 | static_cast<uint8_t>(c);
    return e_.books->journals[found->second].Find(static_cast<int64_t>(number));
  }

  const Evidence& e_;
};

/// The numbers a consumer should have seen, as ranges [from, to).
std::vector<std::pair<int64_t, int64_t>> SeenBy(const Evidence& e, const char* consumer,
                                                const Journal& journal) {
  std::vector<std::pair<int64_t, int64_t>> ranges;
  for (const Mark& mark : journal.marks) {
    const bool is_parked = mark.document != kNowhere &&
                           e.books->IsParked(consumer, (*e.documents)[mark.document].id.ToString());
    if (is_parked) continue;
    if (ranges.empty() || ranges.back().second != mark.number) {
      ranges.emplace_back(mark.number, mark.number);
    }
    ranges.back().second = mark.number + 1;
  }
  return ranges;
}

/// PostgreSQL's text of an int8multirange.
std::string MultirangeOf(const std::vector<std::pair<int64_t, int64_t>>& ranges) {
  std::string text = "{";
  for (const auto& [from, to] : ranges) {
    if (text.size() > 1) text += ",";
    text += "[" + std::to_string(from) + "," + std::to_string(to) + ")";
  }
  return text + "}";
}

/// inventory's way to say the same: 1..n, and numbers ahead of it.
std::string ProgressOf(const std::vector<std::pair<int64_t, int64_t>>& ranges) {
  const bool from_one = !ranges.empty() && ranges.front().first == 1;
  std::string ahead;
  for (size_t i = from_one ? 1 : 0; i < ranges.size(); ++i) {
    for (int64_t n = ranges[i].first; n < ranges[i].second; ++n) {
      ahead += (ahead.empty() ? "" : ",") + std::to_string(n);
    }
  }
  return std::to_string(from_one ? ranges.front().second - 1 : 0) + " and {" + ahead + "}";
}

using SeenByJournal = std::map<base::Uuid, std::string>;

void CompareSeen(const Evidence& e, const char* consumer, const SeenByJournal& seen,
                 std::string (*text_of)(const std::vector<std::pair<int64_t, int64_t>>&)) {
  for (const Journal& journal : e.books->journals) {
    const auto ranges = SeenBy(e, consumer, journal);
    if (ranges.empty()) continue;
    e.report->Compared(Rule::kEvents, 1);
    const auto found = seen.find(journal.id);
    const std::string has = found == seen.end() ? "nothing" : found->second;
    const std::string wants = text_of(ranges);
    if (has == wants) continue;
    e.report->Broken(Rule::kEvents, std::string(consumer) + " has seen " + has + " of journal " +
                                        journal.Name() + ", there is " + wants);
  }
}

}  // namespace

absl::Status CheckEvents(const Evidence& e) {
  Outbox outbox(e);
  CLOUDPOS_RETURN_IF_ERROR(
      e.database->Stream(kOutbox, [&outbox](const Row& row) { outbox.OnRow(row); }));
  outbox.Finish();

  SeenByJournal inventory, reporting;
  CLOUDPOS_RETURN_IF_ERROR(e.database->Read(kProgress, [&](const Row& row) {
    inventory[row.Id(0)] = std::to_string(row.Int(1)) + " and {" + std::string(row.Text(2)) + "}";
  }));
  CompareSeen(e, "inventory", inventory, ProgressOf);
  CLOUDPOS_RETURN_IF_ERROR(
      e.database->Read(kSeen, [&](const Row& row) { reporting[row.Id(0)] = row.Text(3); }));
  CompareSeen(e, "reporting", reporting, MultirangeOf);

  CLOUDPOS_RETURN_IF_ERROR(e.database->Stream(kCorrections, [&e](const Row& row) {
    const auto store = e.books->store_of_location.find(row.Id(0));
    if (store == e.books->store_of_location.end()) return;  // I3 says so
    e.books->rollups.AddCorrection(store->second, row.Id(1), row.Int(2));
  }));
  return CheckRollups(e.database, e.books->rollups, e.report);
}

}  // namespace cloudpos::chaos
