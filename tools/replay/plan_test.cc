#include "tools/replay/plan.h"

#include "boost/json/serialize.hpp"
#include "catch2/catch.hpp"
#include "tools/replay/figures.h"
#include "tools/replay/requests.h"
#include "tools/replay/rows.h"

namespace cloudpos::replay {
namespace {

constexpr const char* kHeader =
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";

Plan PlanOf(const std::string& rows) {
  absl::StatusOr<Plan> plan = MakePlan(kHeader + rows);
  INFO(plan.status().ToString());
  REQUIRE(plan.ok());
  return *plan;
}

std::string ErrorOf(const std::string& text) {
  return std::string(MakePlan(text).status().message());
}

const std::string kDay =
    "536365,85123A,\"HOLDER, WHITE\",6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n"
    "536365,POST,POSTAGE,1,2010-12-01 08:27:00,18.0,17850.0,United Kingdom\n"
    "C536379,D,Discount,-1,2010-12-01 09:41:00,27.5,14527.0,United Kingdom\n"
    "536589,21777,,-10,2010-12-01 16:50:00,0.0,,United Kingdom\n"
    "536414,22139,,56,2010-12-02 11:52:00,0.0,,United Kingdom\n"
    "536415,22139,RETROSPOT TEA SET,1,2010-12-02 11:53:00,4.25,,United Kingdom\n";

TEST_CASE("MakePlan: sales, credit notes, corrections and products", "[replay][domain]") {
  const Plan plan = PlanOf(kDay);
  REQUIRE(plan.documents.size() == 5);
  CHECK(plan.skipped.empty());
  const Document& sale = plan.documents[0];
  CHECK(sale.kind == Kind::kSale);
  CHECK(sale.lines.size() == 2);
  CHECK(sale.total_minor == 1530 + 1800);
  CHECK(absl::FormatTime(sale.at, absl::UTCTimeZone()) == "2010-12-01T08:26:00+00:00");
  CHECK(plan.documents[1].kind == Kind::kReturn);
  CHECK(plan.documents[1].total_minor == 2750);
  CHECK(plan.documents[1].lines[0].quantity_milli == 1000);
  CHECK(plan.documents[2].kind == Kind::kCorrection);
  CHECK(plan.documents[2].lines[0].quantity_milli == -10'000);
  CHECK(plan.documents[3].total_minor == 0);

  REQUIRE(plan.products.size() == 5);
  CHECK(plan.products[0].name == "HOLDER, WHITE");
  CHECK(plan.products[0].price_minor == 255);
  CHECK(plan.products[0].is_stocked);
  CHECK_FALSE(plan.products[1].is_stocked);
  CHECK(plan.products[3].name == "21777");            // never described
  CHECK(plan.products[4].name == "RETROSPOT TEA SET");  // first described later
  CHECK(plan.products[4].price_minor == 0);           // the first price seen
}

TEST_CASE("MakePlan: figures per day, and how they are printed", "[replay][domain]") {
  const Plan plan = PlanOf(kDay);
  CHECK(FiguresJson(plan.days) ==
        "{\"2010-12-01\":{\"sales\":\"33.30\",\"returns\":\"-27.50\",\"unitsSold\":7,"
        "\"unitsReturned\":1,\"saleCount\":1,\"creditNotes\":1,\"corrections\":1,"
        "\"correctionUnits\":-10},"
        "\"2010-12-02\":{\"sales\":\"4.25\",\"returns\":\"0.00\",\"unitsSold\":57,"
        "\"unitsReturned\":0,\"saleCount\":2,\"creditNotes\":0,\"corrections\":0,"
        "\"correctionUnits\":0}}");
  CHECK(FiguresJson({}) == "{}");
}

TEST_CASE("MakePlan: summer time is the store's clock", "[replay][domain]") {
  const Plan plan = PlanOf("1,2,A,1,2011-07-01 00:30:00,1.0,,UK\n3,2,A,1,7/1/2011 0:31,1.0,,UK\n");
  CHECK(absl::FormatTime(plan.documents[0].at, absl::UTCTimeZone()) ==
        "2011-06-30T23:30:00+00:00");
  CHECK(plan.days.begin()->first == absl::CivilDay(2011, 7, 1));
  CHECK(plan.days.size() == 1);
}

TEST_CASE("MakePlan: ids follow from the data, whatever else is in the file", "[replay][domain]") {
  const Plan all = PlanOf(kDay);
  const Plan part = PlanOf(kDay.substr(0, kDay.find("536589")));
  CHECK(all.documents[0].Id() == part.documents[0].Id());
  CHECK(all.products[0].VariantId() == part.products[0].VariantId());
  CHECK(all.documents[0].Id() != all.documents[1].Id());
  CHECK(all.documents[0].CustomerRef() == part.documents[0].CustomerRef());
  CHECK(all.documents[2].CustomerRef().empty());
  // Codes are equal when their bytes are.
  const Plan cases = PlanOf("1,85123a,A,1,2010-12-01 08:00:00,1.0,,UK\n"
                            "1,85123A,B,1,2010-12-01 08:00:00,1.0,,UK\n");
  CHECK(cases.products.size() == 2);
  CHECK(cases.products[0].VariantId() != cases.products[1].VariantId());
}

TEST_CASE("MakePlan: prices of parts of a penny keep their line's exact total",
          "[replay][domain]") {
  const Plan plan = PlanOf("1,PADS,PADS,1,2010-12-01 08:00:00,0.001,,UK\n"
                           "1,PADS,PADS,1500,2010-12-01 08:00:00,0.001,,UK\n"
                           "1,PADS,PADS,2,2010-12-01 08:00:00,1.5,,UK\n");
  const Document& sale = plan.documents[0];
  CHECK(sale.lines[0].is_fine);
  CHECK(sale.lines[0].unit_price_minor == 100);  // for 1000
  CHECK(sale.lines[0].total_minor == 0);
  CHECK(sale.lines[1].total_minor == 150);
  CHECK_FALSE(sale.lines[2].is_fine);
  CHECK(sale.total_minor == 150 + 300);
  const auto requests = ProductRequests(plan, {});
  REQUIRE(requests.size() == 1);
  const std::string body = boost::json::serialize(requests[0].body);
  CHECK(body.find("\"sku\":\"PADS\"") != std::string::npos);
  CHECK(body.find("\"sku\":\"PADS/1000\"") != std::string::npos);
  CHECK(body.find("\"pricePer\":1000") != std::string::npos);
}

TEST_CASE("MakePlan: rows that no document can hold are skipped by name", "[replay][domain]") {
  const Plan plan = PlanOf("A563186,B,Adjust bad debt,1,2011-08-12 14:51:00,-11062.06,,UK\n"
                           "C1,21777,A,1,2010-12-01 08:00:00,1.0,,UK\n"
                           "2,21777,A,0,2010-12-01 08:00:00,1.0,,UK\n"
                           "3,21777,A,1,2010-12-01 08:00:00,1.0,,UK\n");
  REQUIRE(plan.skipped.size() == 3);
  CHECK(plan.skipped[0].starts_with("line 2, invoice A563186, code B: the price is negative"));
  CHECK(plan.documents.size() == 1);
}

TEST_CASE("MakePlan: a file that is none names its line", "[replay][domain]") {
  CHECK(ErrorOf("") == "line 1: the file is empty");
  CHECK(ErrorOf("InvoiceNo,StockCode\n") == "line 1: there is no column Description");
  const std::string header = kHeader;
  CHECK(ErrorOf(header + "1,2,A,x,2010-12-01 08:00:00,1.0,,UK\n").starts_with("line 2: Quantity"));
  CHECK(ErrorOf(header + "1,2,A,1,2010-13-01 08:00:00,1.0,,UK\n").starts_with("line 2: Invoice"));
  CHECK(ErrorOf(header + "1,2,A,1,2010-12-01 08:00:00,1e3,,UK\n").starts_with("line 2: UnitPrice"));
  CHECK(ErrorOf(header + "1,2,A,1\n").starts_with("line 2: has 4 fields"));
  std::string many = header;
  for (int i = 0; i < 2001; ++i) many += "1,2,A,1,2010-12-01 08:00:00,1.0,,UK\n";
  CHECK(ErrorOf(many) == "invoice 1 has 2001 lines; a document holds 2,000 at most");
}

TEST_CASE("ParseDecimal: exact, or not at all", "[replay][domain]") {
  CHECK(ParseDecimal("2.55", 5) == 255'000);
  CHECK(ParseDecimal("-10", 3) == -10'000);
  CHECK(ParseDecimal("6.0", 3) == 6'000);
  CHECK(ParseDecimal("0.00100000", 3) == 1);
  CHECK(ParseDecimal(".5", 1) == 5);
  for (const char* bad : {"", "-", ".", "1.2.3", "1,5", " 1", "1e3", "+1", "0.0001",
                          "99999999999999999999"}) {
    CAPTURE(bad);
    CHECK(ParseDecimal(bad, 3) == std::nullopt);
  }
}

TEST_CASE("ToUtf8: older encodings are read as ISO 8859-1", "[replay][domain]") {
  CHECK(ToUtf8("plain") == "plain");
  CHECK(ToUtf8("\xC2\xA3") == "\xC2\xA3");
  CHECK(ToUtf8("10 \xA3") == "10 \xC2\xA3");
}

TEST_CASE("DocumentRequest: what is sent", "[replay][domain]") {
  const Plan plan = PlanOf(kDay);
  const Place place{.store_id = "S", .register_id = "R"};
  const Known known = {{"POST", {"known-variant", "known-product"}}};
  const Request sale = DocumentRequest(plan, plan.documents[0], place, known);
  CHECK(sale.path == "/v1/sales");
  CHECK(sale.body.at("occurredAt").as_string() == "2010-12-01T08:26:00.000000Z");
  CHECK(sale.body.at("orderReference").as_string() == "536365");
  CHECK(sale.body.at("expectedTotal").at("minorUnits").as_int64() == 3330);
  CHECK(sale.body.at("tenders").as_array().size() == 1);
  CHECK(sale.body.at("lines").at(0).at("override").at("reasonCode").as_string() == "IMPORT");
  CHECK(sale.body.at("lines").at(1).at("variantId").as_string() == "known-variant");
  CHECK_FALSE(sale.body.contains("journal"));
  const Request note = DocumentRequest(plan, plan.documents[1], place, known);
  CHECK(note.path == "/v1/returns");
  CHECK_FALSE(note.body.contains("sourceSaleId"));
  CHECK(note.body.at("lines").at(0).at("unitPriceMinor").as_int64() == 2750);
  const Request correction = DocumentRequest(plan, plan.documents[2], place, known);
  CHECK(correction.path == "/v1/stock/adjustments");
  CHECK(correction.body.at("lines").at(0).at("quantityMilli").as_int64() == -10'000);
  const Request gift = DocumentRequest(plan, plan.documents[3], place, known);
  CHECK(gift.body.at("tenders").as_array().empty());
}

TEST_CASE("ProductRequests: 200 in a call, and what exists is left alone", "[replay][domain]") {
  std::string rows;
  for (int i = 0; i < 401; ++i) {
    rows += "1," + std::to_string(10'000 + i) + ",A,1,2010-12-01 08:00:00,1.0,,UK\n";
  }
  rows += "1,10000,A,1,2010-12-01 08:00:00,0.015,,UK\n";
  const Plan plan = PlanOf(rows);
  const auto all = ProductRequests(plan, {});
  REQUIRE(all.size() == 3);
  CHECK(all[0].body.at("products").as_array().size() == 200);
  CHECK(all[2].body.at("products").as_array().size() == 1);
  Known known;
  for (const Product& product : plan.products) known[product.code] = {"v", "p"};
  const auto rest = ProductRequests(plan, known);
  REQUIRE(rest.size() == 1);
  CHECK(rest[0].path == "/v1/products/p/variants");
}

}  // namespace
}  // namespace cloudpos::replay
