// T1 itself: what record_batch answers for batches of every mixture, and what it leaves.

#include <algorithm>
#include <cstdlib>
#include <thread>

#include "catch2/catch.hpp"
#include "libs/journal/chain.h"
#include "services/transaction/domain/numbering.h"
#include "services/transaction/world_test.h"

namespace cloudpos::transaction {
namespace {

using Outcomes = std::vector<Outcome>;

/// Sales of one piece each, one after the other in journals of their own.
class Journals {
 public:
  Journals(World& world, size_t count) : world_(world) {
    for (size_t i = 0; i < count; ++i) {
      const base::Uuid reg = world.ids.NewId();
      keys_.push_back({.tenant = world.tenant,
                       .journal = JournalId(reg, base::Uuid(), 1, kSalesSeries),
                       .store = world.store,
                       .register_id = reg,
                       .device = base::Uuid(),
                       .generation = 1,
                       .series = std::string(kSalesSeries)});
    }
    std::sort(keys_.begin(), keys_.end(),
              [](const JournalKey& a, const JournalKey& b) { return a.journal < b.journal; });
  }

  /// The next sale of each, chained to where the journals stand.
  std::vector<Document> NextSales() const {
    std::vector<Document> sales;
    for (const JournalKey& key : keys_) sales.push_back(SaleAfter(HeadOf(key), key));
    return sales;
  }

  Head HeadOf(const JournalKey& key) const {
    const auto head = LoadHead(world_.pool, key, absl::InfiniteFuture());
    return head.ok() ? *head : Head{.journal_no = -1};
  }
  std::vector<int64_t> Numbers() const {
    std::vector<int64_t> numbers;
    for (const JournalKey& key : keys_) numbers.push_back(HeadOf(key).journal_no);
    return numbers;
  }

  absl::StatusOr<Outcomes> Record(const std::vector<Document>& sales) const {
    std::vector<const Document*> documents;
    std::vector<base::Uuid> events;
    for (const Document& sale : sales) {
      documents.push_back(&sale);
      events.push_back(world_.ids.NewId());
    }
    return RecordDocuments(world_.pool, world_.tenant, documents, events, absl::InfiniteFuture());
  }

 private:
  Document SaleAfter(const Head& head, const JournalKey& key) const {
    Document sale;
    sale.tenant = key.tenant;
    sale.id = world_.ids.NewId();
    sale.journal = key.journal;
    sale.fingerprint = std::string(32, 'f');
    sale.receipt_prefix = "S1-R1-0-";
    sale.recorded_at = world_.clock.Now();
    journal::SaleEntry& entry = sale.entry;
    entry.n = head.journal_no + 1;
    entry.receipt_no = head.receipt_no + 1;
    entry.grand_total = head.grand_total + 250;
    entry.kind = journal::kKindSale;
    entry.sale_id = sale.id.ToString();
    entry.journal = key.journal.ToString();
    entry.tenant = key.tenant.ToString();
    entry.store = key.store.ToString();
    entry.register_id = key.register_id.ToString();
    entry.series = key.series;
    entry.generation = 1;
    entry.currency = "GBP";
    entry.business_date = entry.posting_date = "2026-01-05";
    entry.occurred_at_us = absl::ToUnixMicros(sale.recorded_at);
    entry.totals = {.gross = 250, .net = 250, .total = 250};
    entry.policy = {1, "A", "A", "A", "A", "A"};
    journal::EntryLine line;
    line.line_no = 1;
    line.quantity_milli = 1000;
    line.price_per = 1;
    line.unit_price = line.list_price = line.gross = line.net = line.total = 250;
    line.sku = "MUG";
    line.variant_id = world_.mug.ToString();
    entry.lines = {line};
    sale.line_texts = {{"Mug", ""}};
    journal::EntryTender tender;
    tender.tender_no = 1;
    tender.type = "CASH";
    tender.amount = tender.tendered = 250;
    entry.tenders = {tender};
    sale.tender_references = {""};
    if (!journal::EncodeEntry(entry, &sale.payload).ok()) std::abort();
    sale.previous = head.hash;
    sale.hash = journal::ChainHash(static_cast<uint64_t>(entry.n), head.hash, sale.payload);
    return sale;
  }

  World& world_;
  std::vector<JournalKey> keys_;
};

constexpr pg::Query kCountAll{"test_count_all", R"sql(
  SELECT (SELECT count(*) FROM sales) AS sales, (SELECT count(*) FROM sale_lines) AS lines,
    (SELECT count(*) FROM tenders) AS tenders, (SELECT count(*) FROM journal_entries) AS entries,
    (SELECT count(*) FROM outbox) AS events)sql"};

/// Sales, lines, tenders, entries and events: of one-line sales there are as many of each.
void CheckCounts(World& world, int64_t wanted) {
  const auto rows = world.worker_pool.Exec({}, kCountAll);
  REQUIRE(rows.ok());
  for (const char* what : {"sales", "lines", "tenders", "entries", "events"}) {
    INFO(what);
    CHECK((*rows)[0].Get<int64_t>(what) == wanted);
  }
}

constexpr Outcome kDone = Outcome::kRecorded;

}  // namespace

TEST_CASE("T1: one sale or many, each moves its journal", "[store]") {
  World world;
  for (const size_t count : {1, 3, 4, 32}) {
    INFO(count);
    const Journals journals(world, count);
    for (int64_t number = 1; number <= 3; ++number) {
      const auto outcomes = journals.Record(journals.NextSales());
      REQUIRE(outcomes.ok());
      CHECK(*outcomes == Outcomes(count, kDone));
      CHECK(journals.Numbers() == std::vector<int64_t>(count, number));
    }
  }
  CheckCounts(world, 3 * (1 + 3 + 4 + 32));
}

TEST_CASE("T1: who comes too late for its journal's head is told alone", "[store]") {
  World world;
  const Journals journals(world, 6);
  std::vector<Document> sales = journals.NextSales();
  sales[2].previous[0] ^= 1;  // another entry stands before
  sales[4].entry.n += 1;      // one is missing before
  const auto outcomes = journals.Record(sales);
  REQUIRE(outcomes.ok());
  CHECK(*outcomes == Outcomes{kDone, kDone, Outcome::kStale, kDone, Outcome::kStale, kDone});
  CHECK(journals.Numbers() == std::vector<int64_t>{1, 1, 0, 1, 0, 1});
  CheckCounts(world, 4);
  const auto nobody = journals.Record(sales);
  REQUIRE(nobody.ok());
  CHECK(*nobody == Outcomes{Outcome::kReplay, Outcome::kReplay, Outcome::kStale, Outcome::kReplay,
                            Outcome::kStale, Outcome::kReplay});
  CheckCounts(world, 4);
}

TEST_CASE("T1: what is known already is named, and its neighbours are recorded", "[store]") {
  World world;
  const Journals journals(world, 5);
  const std::vector<Document> first = journals.NextSales();
  REQUIRE(journals.Record(first).ok());
  std::vector<Document> sales = journals.NextSales();
  sales[1] = first[1];
  sales[3] = first[3];
  sales[3].fingerprint = std::string(32, 'g');
  const auto outcomes = journals.Record(sales);
  REQUIRE(outcomes.ok());
  CHECK(*outcomes == Outcomes{kDone, Outcome::kReplay, kDone, Outcome::kConflict, kDone});
  CHECK(journals.Numbers() == std::vector<int64_t>{2, 1, 2, 1, 2});
  CheckCounts(world, 8);
}

TEST_CASE("T1: another order, and two sales of a journal", "[store]") {
  World world;
  const Journals journals(world, 5);
  std::vector<Document> sales = journals.NextSales();
  std::reverse(sales.begin(), sales.end());
  auto outcomes = journals.Record(sales);
  REQUIRE(outcomes.ok());
  CHECK(*outcomes == Outcomes(5, kDone));

  sales = journals.NextSales();
  sales.push_back(sales.back());  // the same place, taken by then
  sales.back().id = world.ids.NewId();
  outcomes = journals.Record(sales);
  REQUIRE(outcomes.ok());
  CHECK(*outcomes == Outcomes{kDone, kDone, kDone, kDone, kDone, Outcome::kStale});
  CHECK(journals.Numbers() == std::vector<int64_t>(5, 2));
  CheckCounts(world, 10);
}

TEST_CASE("T1: writers who meet at the same journals wait for each other in no circle", "[store]") {
  World world;
  const Journals journals(world, 12);
  constexpr int kRounds = 40;
  std::vector<absl::Status> failures(4);
  std::vector<int64_t> recorded(4, 0);
  std::vector<std::thread> writers;
  for (size_t w = 0; w < failures.size(); ++w) {
    writers.emplace_back([&, w] {
      for (int round = 0; round < kRounds; ++round) {
        std::vector<Document> sales = journals.NextSales();
        if (w == 3) std::reverse(sales.begin(), sales.end());
        if (w == 2) sales.resize(2);
        const auto outcomes = journals.Record(sales);
        if (!outcomes.ok()) {
          failures[w] = outcomes.status();
          return;
        }
        recorded[w] += std::count(outcomes->begin(), outcomes->end(), kDone);
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  int64_t all = 0;
  for (size_t w = 0; w < failures.size(); ++w) {
    INFO(failures[w].ToString());
    CHECK(failures[w].ok());
    all += recorded[w];
  }
  int64_t moved = 0;
  for (const int64_t number : journals.Numbers()) moved += number;
  CHECK(moved == all);
  CheckCounts(world, all);
}

}  // namespace cloudpos::transaction
