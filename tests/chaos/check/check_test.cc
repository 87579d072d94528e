// A shop in order is found in order; each rule, broken once, is named.

#include "catch2/catch.hpp"
#include "tests/chaos/check/misdeeds_test.h"
#include "tests/chaos/check/shop_test.h"

namespace cloudpos::chaos {
namespace {

/// What a rule looks for, done by one statement. $1 is the tenant, $2 the first sale.
struct Sabotage {
  Rule rule;
  pg::Query query;
};

void ExpectBroken(const Report& report, Rule rule) {
  CAPTURE(report.AsText());
  CHECK(report.violations(rule) > 0);
  REQUIRE(!report.examples(rule).empty());
  CHECK(!report.examples(rule).front().empty());
  CHECK(report.ExitCode() == 1);
}

void ExpectWhole(const Report& report) {
  CAPTURE(report.AsText());
  CHECK(report.ExitCode() == 0);
}

constexpr Sabotage kSabotages[] = {
    {Rule::kAmounts, {"change_a_cent", R"sql(
      UPDATE transaction.tenders SET change = change - 1, tendered = tendered - 1
      WHERE tenant_id = $1::uuid AND sale_id = $2::uuid)sql"}},
    {Rule::kAmounts, {"line_lost", R"sql(
      DELETE FROM transaction.sale_lines
      WHERE tenant_id = $1::uuid AND sale_id = $2::uuid AND line_no = 3)sql"}},
    {Rule::kStock, {"level_moved_twice", R"sql(
      UPDATE inventory.stock_levels SET on_hand_milli = on_hand_milli - 1000
      WHERE tenant_id = $1::uuid AND variant_id = (
        SELECT min(variant_id::text)::uuid FROM inventory.stock_levels
        WHERE tenant_id = $1::uuid))sql"}},
    {Rule::kStock, {"level_lost", R"sql(
      DELETE FROM inventory.stock_levels WHERE tenant_id = $1::uuid)sql"}},
    {Rule::kStock, {"reserved_for_nobody", R"sql(
      UPDATE inventory.stock_levels SET reserved_milli = 1 WHERE tenant_id = $1::uuid)sql"}},
    {Rule::kStock, {"adjustment_lost", R"sql(
      DELETE FROM inventory.stock_adjustments WHERE tenant_id = $1::uuid)sql"}},
    {Rule::kStock, {"both_consumers_missed_it", R"sql(
      WITH gone AS (
        DELETE FROM inventory.stock_movements AS m
        WHERE m.tenant_id = $1::uuid AND m.document_id = $2::uuid
        RETURNING location_id, variant_id, quantity_milli)
      UPDATE inventory.stock_levels AS l SET on_hand_milli = l.on_hand_milli - g.quantity_milli
      FROM gone AS g WHERE l.tenant_id = $1::uuid AND l.location_id = g.location_id
        AND l.variant_id = g.variant_id)sql"}},
    {Rule::kMovements, {"movement_lost", R"sql(
      DELETE FROM inventory.stock_movements
      WHERE tenant_id = $1::uuid AND document_id = $2::uuid AND line_no = 1)sql"}},
    {Rule::kMovements, {"movement_doubled", R"sql(
      INSERT INTO inventory.stock_movements (tenant_id, document_id, line_no, kind, location_id,
        variant_id, quantity_milli, occurred_at, recorded_at)
      SELECT tenant_id, document_id, 9, kind, location_id, variant_id, quantity_milli, occurred_at,
        recorded_at
      FROM inventory.stock_movements
      WHERE tenant_id = $1::uuid AND document_id = $2::uuid AND line_no = 1)sql"}},
    {Rule::kMovements, {"movement_of_nothing", R"sql(
      UPDATE inventory.stock_movements SET document_id = gen_random_uuid()
      WHERE tenant_id = $1::uuid AND document_id = $2::uuid)sql"}},
    {Rule::kMovements, {"movement_elsewhere", R"sql(
      UPDATE inventory.stock_movements AS m SET location_id = (
        SELECT p.location_id FROM inventory.stock_locations AS p
        WHERE p.tenant_id = $1::uuid AND p.location_id <> m.location_id LIMIT 1)
      WHERE m.tenant_id = $1::uuid AND m.document_id = $2::uuid)sql"}},
    {Rule::kEvents, {"event_lost", R"sql(
      DELETE FROM transaction.outbox
      WHERE tenant_id = $1::uuid AND aggregate_id = $2::uuid::text)sql"}},
    {Rule::kEvents, {"event_doubled", R"sql(
      INSERT INTO transaction.outbox (event_id, tenant_id, aggregate_type, aggregate_id, event_type,
        payload)
      SELECT gen_random_uuid(), tenant_id, aggregate_type, aggregate_id, event_type, payload
      FROM transaction.outbox
      WHERE tenant_id = $1::uuid AND aggregate_id = $2::uuid::text)sql"}},
    {Rule::kEvents, {"event_of_nothing", R"sql(
      UPDATE transaction.outbox SET payload = uuid_send(gen_random_uuid()) || int8send(1)
      WHERE tenant_id = $1::uuid AND aggregate_id = $2::uuid::text)sql"}},
    {Rule::kEvents, {"fact_lost", R"sql(
      DELETE FROM reporting.fact_sales WHERE tenant_id = $1::uuid AND sale_id = $2::uuid)sql"}},
    {Rule::kEvents, {"fact_in_the_other_set", R"sql(
      UPDATE reporting.fact_sales SET set_id = 2
      WHERE tenant_id = $1::uuid AND sale_id = $2::uuid)sql"}},
    {Rule::kEvents, {"day_without_fact", R"sql(
      UPDATE reporting.rollup_days SET sales_minor = sales_minor + 1065, sale_count = sale_count + 1
      WHERE tenant_id = $1::uuid)sql"}},
    {Rule::kEvents, {"hour_without_fact", R"sql(
      UPDATE reporting.rollup_hours SET tax_minor = tax_minor + 1 WHERE tenant_id = $1::uuid)sql"}},
    {Rule::kEvents, {"product_without_fact", R"sql(
      UPDATE reporting.rollup_products SET units_sold_milli = units_sold_milli + 1000
      WHERE tenant_id = $1::uuid)sql"}},
    {Rule::kEvents, {"customer_lost", R"sql(
      DELETE FROM reporting.rollup_customers WHERE tenant_id = $1::uuid)sql"}},
    {Rule::kEvents, {"tax_without_fact", R"sql(
      UPDATE reporting.rollup_taxes SET base_minor = base_minor + 1 WHERE tenant_id = $1::uuid)sql"}},
    {Rule::kEvents, {"reported_stock_differs", R"sql(
      UPDATE reporting.rollup_stock SET on_hand_milli = on_hand_milli + 1
      WHERE tenant_id = $1::uuid)sql"}},
    {Rule::kEvents, {"reporting_saw_less", R"sql(
      UPDATE reporting.journals SET seen = seen - int8multirange(int8range(2, 3))
      WHERE tenant_id = $1::uuid)sql"}},
    {Rule::kEvents, {"inventory_saw_less", R"sql(
      UPDATE inventory.journal_progress SET contiguous_to = contiguous_to - 1
      WHERE tenant_id = $1::uuid)sql"}},
    {Rule::kNumbers, {"entry_lost", R"sql(
      DELETE FROM transaction.journal_entries
      WHERE tenant_id = $1::uuid AND document_id = $2::uuid)sql"}},
    {Rule::kNumbers, {"head_ahead", R"sql(
      UPDATE transaction.journals SET journal_no = journal_no + 1 WHERE tenant_id = $1::uuid)sql"}},
    {Rule::kNumbers, {"receipts_miscounted", R"sql(
      UPDATE transaction.journals SET receipt_no = receipt_no + 1 WHERE tenant_id = $1::uuid)sql"}},
    {Rule::kNumbers, {"grand_total_differs", R"sql(
      UPDATE transaction.journals SET grand_total = grand_total + 1
      WHERE tenant_id = $1::uuid)sql"}},
    {Rule::kNumbers, {"receipt_number_differs", R"sql(
      UPDATE transaction.sales SET receipt_number = receipt_number || '0'
      WHERE tenant_id = $1::uuid AND sale_id = $2::uuid)sql"}},
    {Rule::kChain, {"payload_changed", R"sql(
      UPDATE transaction.journal_entries
      SET payload = convert_to(replace(convert_from(payload, 'UTF8'), '"MUG"', '"MUD"'), 'UTF8')
      WHERE tenant_id = $1::uuid AND document_id = $2::uuid)sql"}},
    {Rule::kChain, {"hash_changed", R"sql(
      UPDATE transaction.journal_entries SET hash = sha256(hash)
      WHERE tenant_id = $1::uuid AND document_id = $2::uuid)sql"}},
    {Rule::kChain, {"head_hash_changed", R"sql(
      UPDATE transaction.journals SET hash = sha256(hash) WHERE tenant_id = $1::uuid)sql"}},
    {Rule::kChain, {"kind_changed", R"sql(
      UPDATE transaction.journal_entries SET kind = 'NO_SALE'
      WHERE tenant_id = $1::uuid AND document_id = $2::uuid)sql"}},
    {Rule::kChain, {"line_differs_from_entry", R"sql(
      UPDATE transaction.sale_lines SET sku = 'MUD'
      WHERE tenant_id = $1::uuid AND sale_id = $2::uuid AND line_no = 1)sql"}},
    {Rule::kOneOutcome, {"tombstone_lost", R"sql(
      DELETE FROM transaction.sales WHERE tenant_id = $1::uuid AND kind = 'ABANDONED')sql"}},
    {Rule::kOneOutcome, {"two_entries", R"sql(
      UPDATE transaction.journal_entries AS e SET document_id = $2::uuid
      WHERE e.tenant_id = $1::uuid AND e.kind = 'SALE' AND e.journal_no = 2)sql"}},
    {Rule::kReturns, {"returned_uncounted", R"sql(
      UPDATE transaction.sale_lines SET returned_milli = 0 WHERE tenant_id = $1::uuid)sql"}},
    {Rule::kReturns, {"returned_for_nothing", R"sql(
      UPDATE transaction.sale_lines SET returned_milli = 1000
      WHERE tenant_id = $1::uuid AND sale_id = $2::uuid AND line_no = 1)sql"}},
    {Rule::kAcknowledged, {"sale_lost", R"sql(
      DELETE FROM transaction.sales WHERE tenant_id = $1::uuid AND sale_id = $2::uuid)sql"}},
    {Rule::kAcknowledged, {"other_receipt", R"sql(
      UPDATE transaction.sales SET receipt_number = 'S9' || receipt_number
      WHERE tenant_id = $1::uuid AND sale_id = $2::uuid)sql"}},
    {Rule::kQuiet, {"event_parked", R"sql(
      INSERT INTO reporting.dead_letter (tenant_id, cursor_name, aggregate_type, aggregate_id,
        event_id, event_type, event, error, parked_at)
      VALUES ($1::uuid, 'transaction', 'sale', $2::uuid::text, gen_random_uuid(), 'x', '', 'x',
        now()))sql"}},
    {Rule::kQuiet, {"consumer_behind", R"sql(
      WITH body AS (
        SELECT '\x01'::bytea || int4send(1) || int8send(1) || int8send(0) || int8send(0) AS bytes)
      UPDATE inventory.consumer_cursors SET cursor = (
        SELECT bytes || substr(sha256(bytes), 1, 4) FROM body)
      WHERE name = 'transaction')sql"}},
    {Rule::kQuiet, {"consumer_without_cursor", R"sql(
      DELETE FROM reporting.consumer_cursors WHERE name = 'transaction')sql"}},
};

TEST_CASE("check: a shop in order is in order", "[chaos][db]") {
  Shop shop;
  shop.Trade();
  shop.Write();
  const Report report = shop.Check();
  ExpectWhole(report);
  for (int rule = 0; rule < kRules; ++rule) {
    INFO(Report::NameOf(static_cast<Rule>(rule)));
    CHECK(report.compared(static_cast<Rule>(rule)) > 0);
  }
}

TEST_CASE("check: whatever is wrong in the tables is named by its rule", "[chaos][db]") {
  for (const Sabotage& sabotage : kSabotages) {
    Shop shop;
    shop.Trade();
    shop.Write();
    shop.Run(sabotage.query, shop.first_sale());
    INFO(sabotage.query.name);
    ExpectBroken(shop.Check(), sabotage.rule);
  }
}

TEST_CASE("check: whatever went wrong is named by its rule", "[chaos][db]") {
  for (const auto* misdeeds : {&RecordedWrong(), &AnsweredWrong(), &OtherWrongs()}) {
    for (const Misdeed& misdeed : *misdeeds) {
      Shop shop;
      shop.Trade();
      misdeed.act(shop);
      shop.Write();
      INFO(misdeed.name);
      ExpectBroken(shop.Check(), misdeed.rule);
    }
  }
}

TEST_CASE("check: what no client can hold against us is no break", "[chaos][db]") {
  Shop shop;
  shop.Trade();
  // Refused while an attempt was under way that nobody heard of again: it may come late.
  journal::SaleEntry raced = shop.SaleOf(0);
  const std::string request = Shop::RequestFor(raced);
  shop.Lost(shop.Sent("sale", raced.sale_id, request));
  shop.Refused(shop.Sent("sale", raced.sale_id, request), 409, "PRICE_CHANGED");
  shop.Record(0, &raced);
  // Overloaded, or asked to come again: then recorded.
  journal::SaleEntry again = shop.SaleOf(1);
  const std::string second = Shop::RequestFor(again);
  shop.Refused(shop.Sent("sale", again.sale_id, second), 429, "RATE_LIMITED");
  shop.Refused(shop.Sent("sale", again.sale_id, second), 503, "UNAVAILABLE");
  shop.Sent("sale", again.sale_id, second);  // never answered
  shop.Record(1, &again);
  shop.Write();
  ExpectWhole(shop.Check());
}

TEST_CASE("check: a clock that was not believed counts as of when it came", "[chaos][db]") {
  Shop shop;
  shop.Trade();
  const base::Uuid early = shop.SellOffline();
  shop.Write([&shop, &early] {
    shop.Run({"believe", R"sql(
      UPDATE transaction.journal_entries SET believed_at = '2026-02-03 10:11:12.131415+00',
        believed_date = '2026-02-03'
      WHERE tenant_id = $1::uuid AND document_id = $2::uuid)sql"},
             early);
  });
  ExpectWhole(shop.Check());
}

TEST_CASE("check: registers' books alone are enough", "[chaos][db]") {
  Shop shop;
  for (int i = 0; i < 5; ++i) shop.SellOffline();
  shop.Write();
  shop.HasNoClients();
  ExpectWhole(shop.Check());
}

/// Reporting could not apply the first sale: nothing of it is in its tables.
constexpr pg::Query kPark[] = {
    {"park", R"sql(
      INSERT INTO reporting.dead_letter (tenant_id, cursor_name, aggregate_type, aggregate_id,
        event_id, event_type, event, error, parked_at)
      VALUES ($1::uuid, 'transaction', 'sale', $2::uuid::text, gen_random_uuid(), 'x', '', 'x',
        now()))sql"},
    {"unsee", R"sql(
      UPDATE reporting.journals AS j SET seen = seen - int8multirange(int8range(e.journal_no,
        e.journal_no, '[]'))
      FROM transaction.journal_entries AS e
      WHERE j.tenant_id = $1::uuid AND e.tenant_id = j.tenant_id AND e.journal_id = j.journal_id
        AND e.document_id = $2::uuid)sql"},
    {"forget_sale", R"sql(
      DELETE FROM reporting.fact_sales WHERE tenant_id = $1::uuid AND sale_id = $2::uuid)sql"},
};

TEST_CASE("check: an event that is parked on purpose is not missed, and must be", "[chaos][db]") {
  Shop shop;
  shop.Trade();
  shop.expect_parked = "[\"" + shop.first_sale().ToString() + "\"]";
  shop.Write();
  for (const pg::Query& query : kPark) shop.Run(query, shop.first_sale());
  // Its sums are in the roll-ups still: the test's SQL made them before it was parked.
  const Report report = shop.Check();
  CHECK(report.violations(Rule::kQuiet) == 0);
  const std::vector<std::string>& found = report.examples(Rule::kEvents);
  for (const std::string& example : found) {
    INFO(example);
    const bool is_sum = example.find("rollup_") == 0 || example.find("store ") == 0;
    CHECK(is_sum);
  }
}

}  // namespace
}  // namespace cloudpos::chaos
