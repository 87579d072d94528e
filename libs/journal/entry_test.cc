#include "libs/journal/entry.h"

#include <catch2/catch.hpp>

#include "libs/journal/canonical.h"
#include "libs/journal/chain.h"

namespace cloudpos::journal {
namespace {

// A sale with every field in use.
SaleEntry FullEntry() {
  SaleEntry entry;
  entry.approvals = {"ap1"};
  entry.business_date = "2025-03-31";
  entry.catalogue_version = 42;
  entry.currency = "EUR";
  entry.customer_ref = "c-9";
  entry.device = "d1";
  entry.drawer_id = "dr1";
  entry.generation = 1;
  entry.grand_total = 2380;
  entry.journal = "j1";
  entry.kind = kKindSale;
  entry.n = 7;
  entry.occurred_at_us = 1'743'400'000'123'456;
  entry.operator_id = "op1";
  entry.order_discounts = {{100, "LOYAL", "PERCENT", 50'000}};
  entry.policy = {5, "PERCENT_FIRST", "HALF_UP", "ROUND_TAX", "PER_LINE", "HALF_UP"};
  entry.posting_date = "2025-03-31";
  entry.reason = "GIFT";
  entry.receipt_no = 3;
  entry.register_id = "r1";
  entry.sale_id = "s1";
  entry.series = "A";
  entry.shift_id = "sh1";
  entry.source_sale_id = "s0";
  entry.store = "st1";
  entry.tenant = "t1";
  entry.totals = {-2, 20, 200, 2'200, 2'000, 380, 2'380};
  entry.training = true;
  entry.utc_offset_min = 120;
  const EntryTax tax{380, 2'000, false, 0, false, "DE", 190'000, "vat"};
  const EntryTax exempt{0, 100, true, 0, true, "", 0, "ex"};
  entry.taxes = {tax, exempt, {50, 0, false, 25, false, "", 0, "eco"}};
  entry.tenders = {{2'380, 20, "pay1", -2, 2'398, 1, "CASH"}};
  EntryLine line;
  line.category_id = "cat";
  line.discounts = {{100, "DAMAGE", "FIXED", 0}};
  line.disposition = "RESTOCK";
  line.gross = 2'200;
  line.line_no = 1;
  line.list_price = 1'200;
  line.net = 2'000;
  line.order_discount = 100;
  line.override_reason = "MATCH";
  line.price_per = 10;
  line.product_id = "p1";
  line.quantity_milli = 2'000;
  line.return_reason = "WRONG";
  line.sku = "SKU-\xc3\xa4\"1";
  line.source_line_no = 4;
  line.stocked = true;
  line.tax_category = "STD";
  line.taxes = {tax};
  line.total = 2'380;
  line.unit_price = 1'100;
  line.variant_id = "v1";
  entry.lines = {line};
  return entry;
}

SaleEntry NoSale() {
  SaleEntry entry;
  entry.business_date = entry.posting_date = "2025-03-31";
  entry.currency = "EUR";
  entry.generation = entry.n = 1;
  entry.journal = "j1";
  entry.kind = kKindNoSale;
  entry.register_id = "r1";
  entry.sale_id = "s1";
  entry.store = "st1";
  entry.tenant = "t1";
  return entry;
}

std::string Encoded(const SaleEntry& entry) {
  std::string out;
  REQUIRE(EncodeEntry(entry, &out).ok());
  return out;
}

}  // namespace

// The bytes are what is hashed and signed: they never change for version 1.
TEST_CASE("EncodeEntry: golden bytes", "[journal][golden][domain]") {
  CHECK(Encoded(NoSale()) ==
        R"({"businessDate":"2025-03-31","currency":"EUR","generation":1,"grandTotal":0,)"
        R"("journal":"j1","kind":"NO_SALE","n":1,"occurredAtUs":0,"postingDate":"2025-03-31",)"
        R"("register":"r1","saleId":"s1","store":"st1","tenant":"t1","v":1})");
  CHECK(Encoded(FullEntry()) ==
        R"({"approvals":["ap1"],"businessDate":"2025-03-31","catalogueVersion":42,)"
        R"("currency":"EUR","customerRef":"c-9","device":"d1","drawerId":"dr1","generation":1,)"
        R"("grandTotal":2380,"journal":"j1","kind":"SALE","lines":[{"categoryId":"cat",)"
        R"("discounts":[{"amount":100,"code":"DAMAGE","kind":"FIXED"}],"disposition":"RESTOCK",)"
        R"("gross":2200,"lineNo":1,"listPrice":1200,"net":2000,"orderDiscount":100,)"
        R"("overrideReason":"MATCH","pricePer":10,"productId":"p1","quantityMilli":2000,)"
        R"("returnReason":"WRONG","sku":"SKU-)"
        "\xc3\xa4"
        R"(\"1","sourceLineNo":4,"stocked":true,"taxCategory":"STD",)"
        R"("taxes":[{"amount":380,"base":2000,"jurisdiction":"DE","ratePpm":190000,)"
        R"("taxId":"vat"}],"total":2380,"unitPrice":1100,"variantId":"v1"}],"n":7,)"
        R"("occurredAtUs":1743400000123456,"operatorId":"op1","orderDiscounts":[{"amount":100,)"
        R"("code":"LOYAL","kind":"PERCENT","ratePpm":50000}],"policy":{"cashIncrement":5,)"
        R"("discountOrder":"PERCENT_FIRST","discountRounding":"HALF_UP",)"
        R"("inclusiveRounding":"ROUND_TAX","roundingLevel":"PER_LINE","taxRounding":"HALF_UP"},)"
        R"("postingDate":"2025-03-31","reason":"GIFT","receiptNo":3,"register":"r1",)"
        R"("saleId":"s1","series":"A","shiftId":"sh1","sourceSaleId":"s0","store":"st1",)"
        R"("taxes":[{"amount":380,"base":2000,"jurisdiction":"DE","ratePpm":190000,)"
        R"("taxId":"vat"},{"amount":0,"base":100,"exempt":true,"inclusive":true,"taxId":"ex"},)"
        R"({"amount":50,"fixedPerUnit":25,"taxId":"eco"}],"tenant":"t1","tenders":[)"
        R"({"amount":2380,"change":20,"paymentId":"pay1","rounding":-2,"tenderNo":1,)"
        R"("tendered":2398,"type":"CASH"}],"totals":{"cashRounding":-2,"change":20,)"
        R"("discount":200,"gross":2200,"net":2000,"tax":380,"total":2380},"training":true,)"
        R"("utcOffsetMin":120,"v":1})");
}

TEST_CASE("ParseEntry: reads what EncodeEntry wrote", "[journal][domain]") {
  for (const SaleEntry& entry : {FullEntry(), NoSale()}) {
    const std::string bytes = Encoded(entry);
    CHECK(CheckCanonical(bytes).ok());
    SaleEntry read;
    REQUIRE(ParseEntry(bytes, &read).ok());
    CHECK(Encoded(read) == bytes);
  }
  SaleEntry plain = FullEntry();
  plain.lines[0].list_price = plain.lines[0].unit_price;
  SaleEntry read;
  REQUIRE(ParseEntry(Encoded(plain), &read).ok());
  CHECK(read.lines[0].list_price == 1'100);
  CHECK(read.lines[0].price_per == 10);
}

TEST_CASE("ParseEntry: passes by what a later version adds", "[journal][domain]") {
  std::string bytes = Encoded(NoSale());
  bytes.replace(bytes.size() - 1, 1, R"(,"zz":{"new":[1,2]}})");
  SaleEntry read;
  CHECK(ParseEntry(bytes, &read).ok());
  CHECK(read.tenant == "t1");
}

TEST_CASE("ParseEntry: refuses missing fields, wrong types and other bytes", "[journal][domain]") {
  const auto code = [](std::string_view from, std::string_view to) {
    std::string bytes = Encoded(FullEntry());
    const std::size_t at = bytes.find(from);
    REQUIRE(at != std::string::npos);
    bytes.replace(at, from.size(), to);
    SaleEntry read;
    return ParseEntry(bytes, &read).code;
  };
  CHECK(code("\"kind\":\"SALE\",", "") == ErrorCode::kMissingField);
  CHECK(code("\"sku\":", "\"skv\":") == ErrorCode::kMissingField);
  CHECK(code("\"n\":7", "\"n\":\"7\"") == ErrorCode::kWrongType);
  CHECK(code("\"stocked\":true", "\"stocked\":1") == ErrorCode::kWrongType);
  CHECK(code("\"approvals\":[\"ap1\"]", "\"approvals\":\"ap1\"") == ErrorCode::kWrongType);
  CHECK(code("\"approvals\":[\"ap1\"]", "\"approvals\":[1]") == ErrorCode::kWrongType);
  CHECK(code("\"v\":1", "\"v\":0") == ErrorCode::kBadValue);
  CHECK(code("\"n\":7", "\"n\":0") == ErrorCode::kBadValue);
  CHECK(code("\"n\":7", "\"n\": 7") == ErrorCode::kNotCanonical);
  CHECK(code("\"totals\":", "\"totalt\":") == ErrorCode::kMissingField);
  SaleEntry read;
  CHECK(ParseEntry("[]", &read).code == ErrorCode::kWrongType);
}

TEST_CASE("EncodeEntry: invalid text and numbers are errors", "[journal][domain]") {
  std::string out;
  SaleEntry entry = NoSale();
  entry.reason = "\xe2\x82";
  CHECK(EncodeEntry(entry, &out).code == ErrorCode::kBadUtf8);
  entry = NoSale();
  entry.grand_total = kMaxInteger + 1;
  out.clear();
  CHECK(EncodeEntry(entry, &out).code == ErrorCode::kNumberRange);
}

TEST_CASE("EntrySign: sales count, returns count back, the rest does not", "[journal][domain]") {
  SaleEntry entry = NoSale();
  CHECK(EntrySign(entry) == 0);
  entry.kind = kKindSale;
  CHECK(EntrySign(entry) == 1);
  entry.kind = kKindReturn;
  CHECK(EntrySign(entry) == -1);
  entry.training = true;
  CHECK(EntrySign(entry) == 0);
}

}  // namespace cloudpos::journal
