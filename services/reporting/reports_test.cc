// Reports from events, on a real database.

#include "catch2/catch.hpp"
#include "libs/base/error.h"
#include "libs/testing/database_keys.h"
#include "services/reporting/completeness.h"
#include "services/reporting/test_world.h"

namespace cloudpos::reporting {
namespace {

using journal::kKindReturn;
using journal::kKindSale;

v1::GetSalesReportResponse Sales(World& world, v1::SalesGrouping grouping,
                                 const std::string& from = "2026-01-01",
                                 const std::string& to = "2026-01-31") {
  v1::GetSalesReportRequest request;
  request.set_from(from);
  request.set_to(to);
  request.set_group_by(grouping);
  v1::GetSalesReportResponse response;
  testing::TestCall call = world.Call();
  const absl::Status status = world.handler.GetSalesReport(call, request, &response);
  INFO(status.ToString());
  REQUIRE(status.ok());
  return response;
}

/// Three days, two products, a customer, a return.
void FillJanuary(World& world) {
  world.product = world.AddProduct("Tea");
  world.Record(world.Entry(kKindSale, "2026-01-05", 1000, 2));
  world.Record(world.Entry(kKindSale, "2026-01-05", 250, 1));
  world.product = world.AddProduct("Coffee");
  journal::SaleEntry known = world.Entry(kKindSale, "2026-01-06", 400, 3);
  known.customer_ref = world.ids.NewId().ToString();
  world.AddLine(&known, 100, 1, 0);
  world.Record(known);
  world.Record(world.Entry(kKindReturn, "2026-01-07", 1000, 1));
}

TEST_CASE("GetDailyReport: sums per business day, returns negative", "[reporting][handler]") {
  World world;
  FillJanuary(world);
  world.CatchUp();
  const auto report = world.Daily("2026-01-01", "2026-01-31");
  REQUIRE(report.days_size() == 3);
  const v1::DailyFigures& monday = report.days(0);
  CHECK(monday.business_date() == "2026-01-05");
  CHECK(monday.currency_code() == "GBP");
  CHECK(monday.sales_minor() == 2700);
  CHECK(monday.net_minor() == 2250);
  CHECK(monday.tax_minor() == 450);
  CHECK(monday.units_sold_milli() == 3000);
  CHECK(monday.sale_count() == 2);
  const v1::DailyFigures& wednesday = report.days(2);
  CHECK(wednesday.sales_minor() == 0);
  CHECK(wednesday.returns_minor() == -1200);
  CHECK(wednesday.total_minor() == -1200);
  CHECK(wednesday.units_returned_milli() == 1000);
  CHECK(wednesday.credit_note_count() == 1);
  CHECK(world.Daily("2026-01-06", "2026-01-06").days_size() == 1);
}

TEST_CASE("GetDailyReport: events that come again or in another order change nothing",
          "[reporting][handler]") {
  World world;
  FillJanuary(world);
  world.Adjust(world.store, world.clock.Now(), {-3, 5});
  world.CatchUp();
  const auto once = world.Daily("2026-01-01", "2026-01-31");
  for (const auto& log : {world.auth, world.inventory, world.transaction}) log->Repeat();
  world.CatchUp();
  CHECK(world.Daily("2026-01-01", "2026-01-31").SerializeAsString() == once.SerializeAsString());
}

TEST_CASE("GetDailyReport: an entry that was set aside counts once it is released",
          "[reporting][handler]") {
  World world;
  transaction::v1::JournalEntryRecorded held, accepted;
  held.set_state(transaction::v1::JournalEntryRecorded::QUARANTINED);
  accepted.set_state(transaction::v1::JournalEntryRecorded::ACCEPTED);
  const journal::SaleEntry first = world.Entry(kKindSale, "2026-01-05", 100, 1);
  journal::SaleEntry bad = world.Entry(kKindSale, "2026-01-05", 100, 1);
  bad.business_date = "2026-02-30";  // why it was set aside
  world.Record(first, held);
  world.Record(bad, held);
  world.CatchUp();
  CHECK(world.Daily("2026-01-01", "2026-01-31").days_size() == 0);
  v1::GetProgressResponse progress;
  testing::TestCall call = world.Call();
  REQUIRE(world.handler.GetProgress(call, {}, &progress).ok());
  CHECK(progress.journals(0).dense_no() == 2);
  world.Record(first, accepted);
  world.Record(first, accepted);
  world.Record(first, held);
  world.CatchUp();
  CHECK(world.Daily("2026-01-05", "2026-01-05").days(0).sale_count() == 1);
}

TEST_CASE("GetDailyReport: a time that was not believed is replaced", "[reporting][handler]") {
  World world;
  transaction::v1::JournalEntryRecorded believed;
  believed.set_state(transaction::v1::JournalEntryRecorded::ACCEPTED);
  believed.set_believed_at_us(1'767'610'800'000'000);  // 2026-01-05T11:00:00Z
  believed.set_believed_date("2026-01-05");
  journal::SaleEntry ahead = world.Entry(kKindSale, "2099-01-05", 100, 1);
  ahead.occurred_at_us += 1'000'000'000'000'000;
  world.Record(ahead, believed);
  world.CatchUp();
  CHECK(world.Daily("2026-01-05", "2026-01-05").days(0).sale_count() == 1);
  CHECK(world.Daily("2099-01-05", "2099-01-05").days_size() == 0);
}

TEST_CASE("GetDailyReport: an entry twice in one batch counts once", "[reporting][handler]") {
  World world;
  world.transaction->page = 100;
  FillJanuary(world);
  world.transaction->Repeat();
  world.CatchUp();
  CHECK(world.Daily("2026-01-05", "2026-01-05").days(0).sale_count() == 2);
}

TEST_CASE("GetDailyReport: corrections fall on the store's business date", "[reporting][handler]") {
  World world;
  // 00:30 in London with cut-off 04:00 belongs to the day before, and so do 03:59 in summer time.
  const base::Uuid late = world.AddStore("Late", "Europe/London", 240);
  absl::Time half_past, almost_four;
  REQUIRE(absl::ParseTime(absl::RFC3339_full, "2026-01-05T00:30:00Z", &half_past, nullptr));
  REQUIRE(absl::ParseTime(absl::RFC3339_full, "2026-07-05T02:59:00Z", &almost_four, nullptr));
  world.Adjust(late, half_past, {-10});
  world.Adjust(late, almost_four, {-1, 4});
  world.CatchUp();
  auto report = world.Daily("2026-01-01", "2026-07-31");
  REQUIRE(report.days_size() == 2);
  CHECK(report.days(0).business_date() == "2026-01-04");
  CHECK(report.days(0).correction_count() == 1);
  CHECK(report.days(0).correction_units_milli() == -10'000);
  CHECK(report.days(0).sale_count() == 0);
  CHECK(report.days(1).business_date() == "2026-07-04");
  CHECK(report.days(1).correction_count() == 2);
  CHECK(report.days(1).correction_units_milli() == 3000);
  CHECK(world.Daily("2026-01-05", "2026-01-05").days_size() == 0);
}

TEST_CASE("GetDailyReport: a correction that is here before its store waits for it",
          "[reporting][handler]") {
  World world;
  const base::Uuid later = world.ids.NewId();
  world.Adjust(later, world.clock.Now(), {-2});
  world.CatchUp();
  CHECK(world.Daily("2026-01-01", "2026-01-31").days_size() == 0);
  world.ChangeStore(later, 1, "Later", "Europe/London", 0);
  // No CatchUp: the report asks auth itself.
  CHECK(world.Daily("2026-01-01", "2026-01-31").days(0).correction_units_milli() == -2000);
}

TEST_CASE("GetSalesReport: every grouping adds up to the same totals", "[reporting][handler]") {
  World world;
  FillJanuary(world);
  world.CatchUp();
  for (const auto grouping : {v1::DAY, v1::HOUR, v1::HOUR_OF_DAY, v1::STORE, v1::REGISTER,
                              v1::STAFF, v1::PRODUCT, v1::CATEGORY, v1::CUSTOMER}) {
    CAPTURE(v1::SalesGrouping_Name(grouping));
    const auto report = Sales(world, grouping);
    REQUIRE(report.totals_size() == 1);
    const v1::SalesFigures& all = report.totals(0).figures();
    CHECK(all.total_minor() == 2700 + 1540 - 1200);
    int64_t total = 0, net = 0, tax = 0, units = 0;
    for (const v1::SalesGroup& group : report.groups()) {
      total += group.figures().total_minor();
      net += group.figures().net_minor();
      tax += group.figures().tax_minor();
      units += group.figures().units_sold_milli();
    }
    CHECK(total == all.total_minor());
    CHECK(net == all.net_minor());
    CHECK(tax == all.tax_minor());
    CHECK(units == all.units_sold_milli());
  }
  const auto products = Sales(world, v1::PRODUCT);
  REQUIRE(products.groups_size() == 2);
  CHECK(products.groups(0).name() == "Tea");
  CHECK(products.groups(1).name() == "Coffee");
  CHECK(Sales(world, v1::STORE).groups(0).name() == "Leeds");
}

TEST_CASE("GetSalesReport: the day on which clocks go back has 25 hours", "[reporting][handler]") {
  World world;
  absl::Time begin;
  REQUIRE(absl::ParseTime(absl::RFC3339_full, "2026-10-24T23:10:00Z", &begin, nullptr));
  absl::TimeZone london;
  REQUIRE(absl::LoadTimeZone("Europe/London", &london));
  for (int i = 0; i < 25; ++i) {
    const absl::Time at = begin + absl::Hours(i);
    journal::SaleEntry entry = world.Entry(kKindSale, "2026-10-25", 100, 1);
    entry.occurred_at_us = absl::ToUnixMicros(at);
    entry.utc_offset_min = london.At(at).offset / 60;
    world.Record(entry);
  }
  world.CatchUp();
  const auto hours = Sales(world, v1::HOUR, "2026-10-25", "2026-10-25");
  REQUIRE(hours.groups_size() == 25);
  CHECK(hours.groups(0).key() == "2026-10-25T00:00:00+01:00");
  CHECK(hours.groups(1).key() == "2026-10-25T01:00:00+01:00");
  CHECK(hours.groups(2).key() == "2026-10-25T01:00:00+00:00");
  CHECK(hours.groups(24).key() == "2026-10-25T23:00:00+00:00");
  const auto by_clock = Sales(world, v1::HOUR_OF_DAY, "2026-10-25", "2026-10-25");
  REQUIRE(by_clock.groups_size() == 24);
  CHECK(by_clock.groups(1).key() == "01");
  CHECK(by_clock.groups(1).figures().sale_count() == 2);
}

TEST_CASE("GetSalesReport: pages hold every group once", "[reporting][handler]") {
  World world;
  for (int i = 0; i < 7; ++i) {
    world.product = world.AddProduct("P" + std::to_string(i));
    world.Record(world.Entry(kKindSale, "2026-01-05", 100 * (i + 1), 1));
  }
  world.CatchUp();
  v1::GetSalesReportRequest request;
  request.set_from("2026-01-05");
  request.set_to("2026-01-05");
  request.set_group_by(v1::PRODUCT);
  request.set_page_size(3);
  std::vector<std::string> names;
  do {
    v1::GetSalesReportResponse response;
    testing::TestCall call = world.Call();
    REQUIRE(world.handler.GetSalesReport(call, request, &response).ok());
    for (const auto& group : response.groups()) names.push_back(group.name());
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  CHECK(names == std::vector<std::string>{"P6", "P5", "P4", "P3", "P2", "P1", "P0"});
}

TEST_CASE("GetTaxReport: by rate, exempt and zero-rated apart, returns subtracted",
          "[reporting][handler]") {
  World world;
  journal::SaleEntry entry = world.Entry(kKindSale, "2026-01-05", 1000, 3);
  world.AddLine(&entry, 500, 1, 50'000);
  world.AddLine(&entry, 300, 1, 0);
  world.AddLine(&entry, 70, 1, 0);
  entry.lines[3].taxes = {{.exempt = true, .tax_id = "exempt"}};
  world.Record(entry);
  world.Record(world.Entry(kKindReturn, "2026-01-06", 1000, 1));
  world.CatchUp();
  v1::GetTaxReportRequest request;
  request.set_from("2026-01-01");
  request.set_to("2026-01-31");
  v1::GetTaxReportResponse report;
  testing::TestCall call = world.Call();
  REQUIRE(world.handler.GetTaxReport(call, request, &report).ok());
  REQUIRE(report.taxes_size() == 4);
  std::map<std::pair<int, int>, const v1::TaxFigures*> by;
  for (const auto& tax : report.taxes()) by[{tax.treatment(), tax.rate_ppm()}] = &tax;
  const v1::TaxFigures& full = *by.at({v1::TAXED, 200'000});
  CHECK(full.base_minor() == 2000);
  CHECK(full.tax_minor() == 400);
  CHECK(full.returned_base_minor() == -1000);
  CHECK(full.returned_tax_minor() == -200);
  CHECK(full.jurisdiction() == "GB");
  CHECK(by.at({v1::TAXED, 50'000})->tax_minor() == 25);
  CHECK(by.at({v1::ZERO_RATED, 0})->base_minor() == 300);
  CHECK(by.at({v1::EXEMPT, 0})->base_minor() == 70);
}

TEST_CASE("GetDashboard: today is each store's own business date", "[reporting][handler]") {
  World world;
  // 2026-01-05T10:00:00Z is the 5th in London and the 6th in Kiritimati.
  const base::Uuid island = world.AddStore("Island", "Pacific/Kiritimati", 0);
  world.product = world.AddProduct("Tea");
  journal::SaleEntry here = world.Entry(kKindSale, "2026-01-05", 1000, 1);
  here.occurred_at_us = absl::ToUnixMicros(world.clock.Now() - absl::Minutes(5));
  world.Record(here);
  journal::SaleEntry there = world.Entry(kKindSale, "2026-01-06", 200, 1);
  there.store = island.ToString();
  there.occurred_at_us = here.occurred_at_us;
  there.utc_offset_min = 14 * 60;
  world.Record(there);
  world.Record(world.Entry(kKindSale, "2026-01-06", 5000, 1));  // not today in Leeds
  world.CatchUp();
  v1::GetDashboardResponse board;
  testing::TestCall call = world.Call();
  REQUIRE(world.handler.GetDashboard(call, {}, &board).ok());
  REQUIRE(board.stores_size() == 2);
  CHECK(board.stores(0).name() == "Island");
  CHECK(board.stores(0).business_date() == "2026-01-06");
  CHECK(board.stores(0).figures().total_minor() == 240);
  CHECK(board.stores(1).figures().total_minor() == 1200);
  REQUIRE(board.today_size() == 1);
  CHECK(board.today(0).figures().total_minor() == 1440);
  REQUIRE(board.top_products_size() == 1);
  CHECK(board.top_products(0).name() == "Tea");
  CHECK(board.top_products(0).figures().total_minor() == 1440);
  CHECK(board.hours_size() >= 1);
  CHECK(board.has_as_of());
}

TEST_CASE("GetDashboard: stock on hand is what sales, returns and adjustments left",
          "[reporting][handler]") {
  World world;
  const base::Uuid tea = world.product = world.AddProduct("Tea");
  world.Adjust(world.store, world.clock.Now(), {10, -1});
  world.Record(world.Entry(kKindSale, "2026-01-05", 100, 4));
  world.Record(world.Entry(kKindReturn, "2026-01-05", 100, 1));
  world.product = world.AddProduct("Coffee");
  journal::SaleEntry sale = world.Entry(kKindSale, "2026-01-05", 100, 2);
  world.AddLine(&sale, 300, 1, 0);
  sale.lines[1].stocked = false;  // moves nothing
  world.Record(sale);
  for (const auto& log : {world.inventory, world.transaction}) log->Repeat();
  world.CatchUp();
  v1::GetDashboardResponse board;
  testing::TestCall call = world.Call();
  REQUIRE(world.handler.GetDashboard(call, {}, &board).ok());
  CHECK(board.stock().variant_count() == 2);
  CHECK(board.stock().empty_count() == 1);
  REQUIRE(board.stock().lowest_size() == 2);
  CHECK(board.stock().lowest(0).name() == "Coffee");
  CHECK(board.stock().lowest(0).sku() == "SKU-Coffee");
  CHECK(board.stock().lowest(0).on_hand_milli() == -2000);
  CHECK(board.stock().lowest(1).variant_id() == tea.ToString());
  CHECK(board.stock().lowest(1).on_hand_milli() == 6000);
}

TEST_CASE("GetProgress: dense and highest numbers, adjustments still missing",
          "[reporting][handler]") {
  World world;
  world.Record(world.Entry(kKindSale, "2026-01-05", 100, 1));
  journal::SaleEntry second = world.Entry(kKindSale, "2026-01-05", 100, 1);
  world.Record(world.Entry(journal::kKindAbandoned, "2026-01-05", 100, 1));
  const base::Uuid seen = world.Adjust(world.store, world.clock.Now(), {1});
  const base::Uuid unseen = world.ids.NewId();
  world.CatchUp();
  v1::GetProgressRequest request;
  request.add_adjustment_ids(seen.ToString());
  request.add_adjustment_ids(unseen.ToString());
  const auto ask = [&] {
    v1::GetProgressResponse response;
    testing::TestCall call = world.Call();
    REQUIRE(world.handler.GetProgress(call, request, &response).ok());
    return response;
  };
  v1::GetProgressResponse progress = ask();
  REQUIRE(progress.journals_size() == 1);
  CHECK(progress.journals(0).journal_id() == world.journal.ToString());
  CHECK(progress.journals(0).dense_no() == 1);
  CHECK(progress.journals(0).highest_no() == 3);
  REQUIRE(progress.missing_adjustment_ids_size() == 1);
  CHECK(progress.missing_adjustment_ids(0) == unseen.ToString());
  CHECK(progress.sources_size() == 3);
  world.Record(second);
  world.CatchUp();
  CHECK(ask().journals(0).dense_no() == 3);
}

TEST_CASE("Reports: a range or a store that cannot be", "[reporting][handler]") {
  World world;
  world.CatchUp();
  const auto ask = [&](testing::TestCall call, const char* from, const char* to,
                       const std::string& store) {
    v1::GetDailyReportRequest request;
    request.set_from(from);
    request.set_to(to);
    request.set_store_id(store);
    v1::GetDailyReportResponse response;
    return base::CodeOf(world.handler.GetDailyReport(call, request, &response));
  };
  using namespace common::v1;
  const std::string store = world.store.ToString();
  CHECK(ask(world.Call(), "", "2026-01-01", "") == FIELD_REQUIRED);
  CHECK(ask(world.Call(), "2026-1-1", "2026-01-01", "") == common::v1::INVALID_ARGUMENT);
  CHECK(ask(world.Call(), "2026-01-02", "2026-01-01", "") == common::v1::OUT_OF_RANGE);
  CHECK(ask(world.Call(), "2025-01-01", "2026-02-05", "") == common::v1::OUT_OF_RANGE);
  CHECK(ask(world.Call(), "2025-01-01", "2026-02-04", "") == ERROR_CODE_UNSPECIFIED);
  CHECK(ask(world.Call(), "2026-01-01", "2026-01-01", "shop") == common::v1::INVALID_ARGUMENT);
  CHECK(ask(world.Call(), "2026-01-01", "2026-01-01", world.ids.NewId().ToString()) ==
        common::v1::NOT_FOUND);
  CHECK(ask(world.Call({world.store}), "2026-01-01", "2026-01-01", store) ==
        ERROR_CODE_UNSPECIFIED);
  CHECK(ask(world.Call({world.store}), "2026-01-01", "2026-01-01", "") ==
        common::v1::PERMISSION_DENIED);
  CHECK(ask(world.Call({world.ids.NewId()}), "2026-01-01", "2026-01-01", store) ==
        common::v1::NOT_FOUND);
}

TEST_CASE("Reports: another tenant sees nothing", "[reporting][handler]") {
  World world;
  FillJanuary(world);
  world.CatchUp();
  const base::Uuid mine = world.tenant;
  world.tenant = world.ids.NewId();
  CHECK(world.Daily("2026-01-01", "2026-01-31").days_size() == 0);
  CHECK(Sales(world, v1::PRODUCT).groups_size() == 0);
  testing::TestCall call = world.Call();
  v1::GetProgressResponse progress;
  REQUIRE(world.handler.GetProgress(call, {}, &progress).ok());
  CHECK(progress.journals_size() == 0);
  world.tenant = mine;
  CHECK(world.Daily("2026-01-01", "2026-01-31").days_size() == 3);
}

TEST_CASE("Completeness: a gap counts when it lasts, an excess at once", "[reporting][store]") {
  World world;
  world.Record(world.Entry(kKindSale, "2026-01-05", 100, 1));
  const journal::SaleEntry second = world.Entry(kKindSale, "2026-01-05", 100, 1);
  world.CatchUp();
  int64_t head = 2;
  Completeness completeness(world.worker, [&](const auto&, absl::Time, auto* out) {
    auto* row = out->add_heads();
    row->set_tenant_id(world.tenant.ToString());
    row->set_journal_id(world.journal.ToString());
    row->set_journal_no(head);
    return absl::OkStatus();
  });
  CHECK(completeness.Check()->gaps == 0);  // it may be on its way
  CHECK(completeness.Check()->gaps == 1);
  world.Record(second);
  world.CatchUp();
  CHECK(completeness.Check()->gaps == 0);
  head = 1;
  const auto outcome = completeness.Check();
  CHECK(outcome->gaps == 0);
  CHECK(outcome->ahead == 1);
}

TEST_CASE("Schema: keys begin with the tenant, tables are closed to other tenants",
          "[reporting][store]") {
  World world;
  const std::vector<std::string> open =
      testing::KeysWithoutTenant(world.database.Dsn("admin"), "reporting");
  for (const std::string& line : open) {
    CAPTURE(line);
    // The list of sets and the tables of libs/events are not a tenant's.
    const bool is_global = line.starts_with("report_sets:") || line.starts_with("outbox") ||
                           line.starts_with("feed_") || line.starts_with("consumer_");
    CHECK(is_global);
  }
  CHECK(testing::TablesWithoutRowSecurity(world.database.Dsn("admin"), "reporting").empty());
}

}  // namespace
}  // namespace cloudpos::reporting
