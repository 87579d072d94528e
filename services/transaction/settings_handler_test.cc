// Taxes and policies: what is put is what the next sale is priced by.

#include "services/transaction/settings_handler.h"

#include <catch2/catch.hpp>

#include "libs/base/error.h"
#include "services/transaction/receipt.h"
#include "services/transaction/world_test.h"

namespace cloudpos::transaction {
namespace {

using common::v1::ErrorCode;

v1::Tax Vat(World& world, int32_t rate_ppm, v1::TaxInclusion inclusion) {
  v1::Tax tax;
  tax.set_tax_id(world.ids.NewId().ToString());
  tax.set_name("VAT");
  tax.set_rate_ppm(rate_ppm);
  tax.set_inclusion(inclusion);
  return tax;
}

ErrorCode PutTax(World& world, const v1::Tax& tax, v1::Tax* stored = nullptr) {
  testing::TestCall call = world.Call();
  v1::PutTaxRequest request;
  *request.mutable_tax() = tax;
  v1::PutTaxResponse response;
  const absl::Status status = world.settings.PutTax(call, request, &response);
  if (stored != nullptr) *stored = response.tax();
  return base::CodeOf(status);
}

ErrorCode PutCategory(World& world, const std::string& code, const std::string& tax_id) {
  testing::TestCall call = world.Call();
  v1::PutTaxCategoryRequest request;
  request.mutable_category()->set_code(code);
  request.mutable_category()->set_name("Standard");
  request.mutable_category()->add_assignments()->add_tax_ids(tax_id);
  v1::PutTaxCategoryResponse response;
  return base::CodeOf(world.settings.PutTaxCategory(call, request, &response));
}

v1::PriceSaleResponse Price(World& world, const v1::CreateSaleRequest& sale) {
  v1::PriceSaleRequest request;
  request.set_store_id(sale.store_id());
  *request.mutable_lines() = sale.lines();
  request.set_explain(true);
  testing::TestCall call = world.Call();
  v1::PriceSaleResponse response;
  const absl::Status status = world.sales.PriceSale(call, request, &response);
  INFO(status.ToString());
  REQUIRE(status.ok());
  return response;
}

}  // namespace

TEST_CASE("PutTaxCategory: a sale carries the category's taxes, explained", "[handler]") {
  World world;
  const v1::Tax vat = Vat(world, 200'000, v1::INCLUSIVE);
  REQUIRE(PutTax(world, vat) == ErrorCode::ERROR_CODE_UNSPECIFIED);
  REQUIRE(PutCategory(world, "standard", vat.tax_id()) == ErrorCode::ERROR_CODE_UNSPECIFIED);
  world.Apply(
      [](pg::Tx& tx, const std::vector<events::Event>&) {
        static constexpr pg::Query kRetax{"test_retax", R"sql(
          INSERT INTO catalogue_variants SELECT tenant_id, variant_id, version + 100, product_id,
            sku, name, category_id, 'standard', stocked, archived, prices, applied + 1
          FROM catalogue_variants)sql"};
        static constexpr pg::Query kRaise{"test_raise", R"sql(
          UPDATE read_model_versions SET catalogue_applied = catalogue_applied + 1)sql"};
        const absl::Status inserted = tx.Exec(kRetax).status();
        return inserted.ok() ? tx.Exec(kRaise).status() : inserted;
      },
      {});
  const v1::PriceSaleResponse priced = Price(world, world.BasketSale());
  CHECK(priced.totals().total_minor() == 648);
  CHECK(priced.totals().tax_minor() == 42 + 66);  // 2.50 and 3.98, each taken apart
  REQUIRE(priced.taxes_size() == 1);
  CHECK(priced.taxes(0).name() == "VAT");
  CHECK(priced.derivation_size() > 0);
}

TEST_CASE("PutTax: a stale version is refused with the stored one", "[handler]") {
  World world;
  v1::Tax tax = Vat(world, 50'000, v1::EXCLUSIVE);
  v1::Tax stored;
  REQUIRE(PutTax(world, tax, &stored) == ErrorCode::ERROR_CODE_UNSPECIFIED);
  CHECK(stored.version() == 1);
  CHECK(PutTax(world, tax) == ErrorCode::STALE_VERSION);  // version 0 creates
  tax.set_version(1);
  CHECK(PutTax(world, tax, &stored) == ErrorCode::ERROR_CODE_UNSPECIFIED);
  CHECK(stored.version() == 2);
  CHECK(PutTax(world, tax) == ErrorCode::STALE_VERSION);
}

TEST_CASE("Settings: bad input is refused by field", "[handler]") {
  World world;
  v1::Tax tax = Vat(world, 50'000, v1::EXCLUSIVE);
  tax.set_name("");
  CHECK(PutTax(world, tax) == ErrorCode::FIELD_REQUIRED);
  tax = Vat(world, 2'000'000, v1::EXCLUSIVE);
  CHECK(PutTax(world, tax) == ErrorCode::OUT_OF_RANGE);
  CHECK(PutCategory(world, "No Blanks", world.store.ToString()) == ErrorCode::INVALID_ARGUMENT);
  CHECK(PutCategory(world, "exempt", world.store.ToString()) == ErrorCode::ALREADY_EXISTS);
  CHECK(PutCategory(world, "standard", world.store.ToString()) == ErrorCode::NOT_FOUND);
}

TEST_CASE("ReceiptText: a tax says its rate once", "[domain]") {
  v1::Receipt receipt;
  receipt.set_currency_code("GBP");
  for (const char* name : {"VAT", "VAT 20 %"}) {
    v1::TaxTotal* tax = receipt.add_taxes();
    tax->set_name(name);
    tax->set_rate_ppm(200'000);
    tax->set_base_minor(1000);
    tax->set_amount_minor(200);
  }
  const std::string text = ReceiptText(receipt);
  CHECK(text.find("VAT (20 %) on 10.00") != std::string::npos);
  CHECK(text.find("VAT 20 % on 10.00") != std::string::npos);
}

TEST_CASE("PutStorePolicy: cash rounding applies to the next sale", "[handler]") {
  World world;
  testing::TestCall call = world.Call();
  v1::PutStorePolicyRequest request;
  request.mutable_policy()->set_store_id(world.store.ToString());
  request.mutable_policy()->set_cash_increment_minor(5);
  v1::PutStorePolicyResponse response;
  REQUIRE(world.settings.PutStorePolicy(call, request, &response).ok());
  v1::CreateSaleResponse sold;
  testing::TestCall cashier = world.Call();
  REQUIRE(world.sales.CreateSale(cashier, world.BasketSale(), &sold).ok());
  CHECK(sold.sale().totals().total_minor() == 648);
  CHECK(sold.sale().totals().cash_rounding_minor() == 2);
  CHECK(sold.sale().totals().change_minor() == 350);
}

}  // namespace cloudpos::transaction
