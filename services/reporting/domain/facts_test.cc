#include "services/reporting/domain/facts.h"

#include "catch2/catch.hpp"
#include "services/reporting/domain/rollups.h"

namespace cloudpos::reporting {
namespace {

constexpr const char* kId = "01890a5d-ac96-774b-bcce-b302099a8057";

journal::SaleEntry Entry(std::string_view kind) {
  journal::SaleEntry entry;
  entry.business_date = "2026-01-05";
  entry.currency = "GBP";
  entry.generation = 1;
  entry.journal = kId;
  entry.kind = kind;
  entry.n = 7;
  entry.posting_date = "2026-01-05";
  entry.register_id = kId;
  entry.sale_id = kId;
  entry.store = kId;
  entry.tenant = kId;
  return entry;
}

/// 12.00 with 20 % inside, 2.00 off: net 8.33, tax 1.67.
void AddInclusiveLine(journal::SaleEntry* entry) {
  journal::EntryLine line;
  line.line_no = 1;
  line.quantity_milli = 2000;
  line.unit_price = line.list_price = 600;
  line.gross = 1200;
  line.order_discount = 200;
  line.net = 833;
  line.total = 1000;
  line.sku = "A";
  line.variant_id = kId;
  line.taxes = {{.amount = 167,
                 .base = 833,
                 .inclusive = true,
                 .jurisdiction = "GB",
                 .rate_ppm = 200'000,
                 .tax_id = "vat"}};
  entry->lines.push_back(line);
  entry->policy = {1, "A", "A", "A", "A", "A"};
  entry->totals = {.discount = 200, .gross = 1200, .net = 833, .tax = 167, .total = 1000};
}

Fact Read(const journal::SaleEntry& entry) {
  std::string bytes;
  REQUIRE(journal::EncodeEntry(entry, &bytes).ok());
  absl::StatusOr<Fact> fact = FactOf(bytes);
  INFO(fact.status().ToString());
  REQUIRE(fact.ok());
  return *fact;
}

TEST_CASE("FactOf: a sale counts up, a return counts down", "[reporting][domain]") {
  journal::SaleEntry entry = Entry(journal::kKindSale);
  AddInclusiveLine(&entry);
  const Figures sale = Read(entry).FiguresOf();
  CHECK(sale == Figures{.sales = 1000, .gross = 1200, .discount = 200, .net = 833, .tax = 167,
                        .units_sold = 2000, .sale_count = 1});
  entry.kind = journal::kKindReturn;
  const Figures back = Read(entry).FiguresOf();
  CHECK(back == Figures{.returns = -1000, .gross = -1200, .discount = -200, .net = -833,
                        .tax = -167, .units_returned = 2000, .return_count = 1});
  Figures both = sale;
  both += back;
  CHECK(both.total() == 0);
}

TEST_CASE("FactOf: lines add up to their document", "[reporting][domain]") {
  journal::SaleEntry entry = Entry(journal::kKindSale);
  AddInclusiveLine(&entry);
  AddInclusiveLine(&entry);
  entry.lines[1].line_no = 2;
  entry.totals = {.discount = 400, .gross = 2400, .net = 1666, .tax = 334, .total = 2000};
  const Fact fact = Read(entry);
  Figures lines;
  for (const FactLine& line : fact.lines) lines += line.FiguresOf(fact.sign);
  lines.sale_count = 1;  // lines count themselves
  CHECK(lines == fact.FiguresOf());
}

TEST_CASE("FactOf: what is not a sale or return moves nothing but is seen", "[reporting][domain]") {
  const Fact tombstone = Read(Entry(journal::kKindAbandoned));
  CHECK(tombstone.sign == 0);
  CHECK(tombstone.journal_no == 7);
  journal::SaleEntry training = Entry(journal::kKindSale);
  training.training = true;
  AddInclusiveLine(&training);
  Rollups rollups;
  rollups.Add(tombstone);
  rollups.Add(Read(training));
  CHECK(rollups.days.empty());
}

TEST_CASE("FactOf: what no report can place is refused", "[reporting][domain]") {
  CHECK_FALSE(FactOf("{}").ok());
  CHECK_FALSE(FactOf("").ok());
  std::string bytes;
  journal::SaleEntry entry = Entry(journal::kKindSale);
  entry.business_date = "2026-02-30";
  REQUIRE(journal::EncodeEntry(entry, &bytes).ok());
  CHECK_FALSE(FactOf(bytes).ok());
  entry = Entry(journal::kKindSale);
  entry.store = "shop";
  bytes.clear();
  REQUIRE(journal::EncodeEntry(entry, &bytes).ok());
  CHECK_FALSE(FactOf(bytes).ok());
}

TEST_CASE("FactOf: exempt, zero-rated and untaxed are told apart", "[reporting][domain]") {
  journal::SaleEntry entry = Entry(journal::kKindSale);
  AddInclusiveLine(&entry);
  const auto treatment = [&](std::vector<journal::EntryTax> taxes) {
    entry.lines[0].taxes = std::move(taxes);
    const LineTax tax = Read(entry).lines[0].taxes.at(0);
    CHECK(tax.base == 833);
    return tax.treatment;
  };
  CHECK(treatment({{.base = 833, .rate_ppm = 50'000, .tax_id = "a"}}) == Treatment::kTaxed);
  CHECK(treatment({{.exempt = true, .tax_id = "exempt"}}) == Treatment::kExempt);
  CHECK(treatment({{.tax_id = "zero"}}) == Treatment::kZeroRated);
  CHECK(treatment({}) == Treatment::kZeroRated);
}

TEST_CASE("HourStart: the hour of the store's clock, also with half-hour offsets",
          "[reporting][domain]") {
  Fact fact;
  const auto hour = [&fact](const char* at, int64_t offset) {
    absl::Time time;
    REQUIRE(absl::ParseTime(absl::RFC3339_full, at, &time, nullptr));
    fact.occurred_at_us = absl::ToUnixMicros(time);
    fact.utc_offset_min = offset;
    return absl::FormatTime("%Y-%m-%dT%H:%M:%S", absl::FromUnixMicros(fact.HourStart()),
                            absl::UTCTimeZone());
  };
  CHECK(hour("2026-10-25T00:30:00Z", 60) == "2026-10-25T00:00:00");
  CHECK(hour("2026-10-25T01:30:00Z", 0) == "2026-10-25T01:00:00");
  CHECK(hour("2026-01-05T10:15:00Z", 330) == "2026-01-05T09:30:00");  // 15:45 in Kolkata
  CHECK(hour("1969-12-31T23:59:59Z", 0) == "1969-12-31T23:00:00");
}

}  // namespace
}  // namespace cloudpos::reporting
