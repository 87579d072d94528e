// The sums of uploaded entries: what the server would work out itself passes, anything else does
// not.

#include "services/transaction/domain/upload_amounts.h"

#include <catch2/catch.hpp>
#include <random>

#include "services/transaction/domain/basket.h"
#include "services/transaction/domain/refund.h"

namespace cloudpos::transaction {
namespace {

using journal::SaleEntry;

base::Uuid Id(uint8_t n) {
  std::array<uint8_t, 16> bytes{};
  bytes[15] = n;
  return base::Uuid(bytes);
}

/// A shop with taxes of every kind, set up as its categories.
struct Shop {
  Store store{.id = Id(1), .name = {}, .code = "S1", .currency_code = "EUR", .zone = {}};
  Settings settings;
  Catalogue catalogue;

  Shop() {
    AddTax(10, {.rate_ppm = 200'000, .inclusive = true});
    AddTax(11, {.rate_ppm = 88'750});
    AddTax(12, {.rate_ppm = 50'000, .affects_base = true});
    AddTax(13, {.rate_ppm = 99'750, .compound = true});
    AddTax(14, {.fixed_per_unit = 25});
    AddCategory("inclusive", {10});
    AddCategory("exclusive", {11});
    AddCategory("compound", {12, 13});
    AddCategory("fixed", {14, 11});
    uint8_t n = 30;
    for (const char* category : {"inclusive", "exclusive", "compound", "fixed", "zero", "exempt"}) {
      AddVariant(n, category, 37 * (n - 25), n % 2 == 0 ? 1 : 3);
      ++n;
    }
  }
  void AddTax(uint8_t n, TaxDefinition tax) {
    tax.id = Id(n);
    settings.taxes.emplace(tax.id, tax);
  }
  void AddCategory(const std::string& code, const std::vector<uint8_t>& taxes) {
    std::vector<base::Uuid> ids;
    for (const uint8_t n : taxes) ids.push_back(Id(n));
    settings.tax_categories[code].taxes_by_store[base::Uuid()] = ids;
  }
  void AddVariant(uint8_t n, const std::string& category, int64_t amount, int64_t per) {
    auto variant = std::make_shared<Variant>();
    variant->id = variant->product = Id(n);
    variant->sku = "SKU";
    variant->tax_category = category;
    variant->prices = {{.store = {}, .currency_code = "EUR", .amount = amount, .price_per = per}};
    catalogue.emplace(variant->id, variant);
  }
};

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  int64_t Up(int64_t most) {
    return static_cast<int64_t>(engine_() % static_cast<uint64_t>(most)) + 1;
  }
  bool Maybe() { return Up(3) == 1; }

 private:
  std::mt19937_64 engine_;
};

StorePolicy PolicyOf(Random& random) {
  StorePolicy policy;
  policy.price.rounding_level =
      random.Maybe() ? pricing::RoundingLevel::kPerRateGroup : pricing::RoundingLevel::kPerLine;
  policy.price.inclusive_rounding = random.Maybe() ? pricing::InclusiveRounding::kRoundNet
                                                   : pricing::InclusiveRounding::kRoundTax;
  policy.cash.increment = random.Maybe() ? 5 : 1;
  return policy;
}

/// A sale as the server's own door would write it.
SaleEntry Sold(Shop& shop, Random& random) {
  shop.settings.policies[shop.store.id] = PolicyOf(random);
  BasketInput basket;
  for (int64_t i = random.Up(6); i > 0; --i) {
    LineInput line;
    line.variant = Id(static_cast<uint8_t>(29 + random.Up(6)));
    line.quantity_milli = random.Maybe() ? random.Up(5'000) : 1000 * random.Up(4);
    if (random.Maybe()) {
      line.discounts.push_back(
          {{pricing::Discount::Kind::kPercent, static_cast<int32_t>(random.Up(400'000)), 0}, ""});
    }
    basket.lines.push_back(line);
  }
  if (random.Maybe()) {
    basket.discounts.push_back({{pricing::Discount::Kind::kPercent, 100'000, 0}, "TEN"});
  }
  const auto priced = PriceBasket(basket, shop.store, shop.settings, shop.catalogue);
  REQUIRE(priced.ok());
  const StorePolicy policy = shop.settings.PolicyOf(shop.store.id);
  SaleEntry entry;
  entry.kind = journal::kKindSale;
  FillEntry(basket, *priced, policy, &entry);
  const std::vector<TenderInput> tenders = {{.type = "CASH", .amount = 1'000'000, .reference = ""}};
  const auto settled = SettleSale(entry.totals.total, tenders, policy.cash);
  REQUIRE(settled.ok());
  FillTenders(tenders, *settled, &entry);
  return entry;
}

}  // namespace

TEST_CASE("AddsUp: every sale of the server's own does, and none with an amount changed",
          "[domain]") {
  Shop shop;
  Random random(20'260'105);
  for (int i = 0; i < 400; ++i) {
    const SaleEntry entry = Sold(shop, random);
    REQUIRE(AddsUp(entry, shop.settings));
    const auto bent = [&](const std::function<void(SaleEntry*)>& bend) {
      SaleEntry other = entry;
      bend(&other);
      return AddsUp(other, shop.settings);
    };
    const size_t line =
        static_cast<size_t>(random.Up(static_cast<int64_t>(entry.lines.size()))) - 1;
    CHECK_FALSE(bent([&](SaleEntry* e) { ++e->lines[line].gross; }));
    CHECK_FALSE(bent([&](SaleEntry* e) { --e->lines[line].net; }));
    CHECK_FALSE(bent([&](SaleEntry* e) { ++e->lines[line].total; }));
    CHECK_FALSE(bent([&](SaleEntry* e) { e->lines[line].unit_price += 1000; }));
    CHECK_FALSE(bent([&](SaleEntry* e) { e->lines[line].quantity_milli += 5'000'000; }));
    CHECK_FALSE(bent([](SaleEntry* e) { ++e->totals.tax; }));
    CHECK_FALSE(bent([](SaleEntry* e) { ++e->totals.total, ++e->totals.net; }));
    CHECK_FALSE(bent([](SaleEntry* e) { ++e->totals.change; }));
    CHECK_FALSE(bent([](SaleEntry* e) { ++e->tenders[0].amount; }));
    CHECK_FALSE(bent([](SaleEntry* e) { --e->tenders[0].tendered; }));
    CHECK_FALSE(bent([](SaleEntry* e) { e->tenders.clear(); }));
    if (!entry.taxes.empty()) CHECK_FALSE(bent([](SaleEntry* e) { ++e->taxes[0].amount; }));
  }
}

TEST_CASE("AddsUp: a linked return adds up in itself", "[domain]") {
  Shop shop;
  Random random(7);
  for (int i = 0; i < 200; ++i) {
    const SaleEntry sold = Sold(shop, random);
    SaleEntry entry;
    entry.kind = journal::kKindReturn;
    entry.source_sale_id = Id(99).ToString();
    const int64_t all = sold.lines[0].quantity_milli;
    const int64_t before = random.Up(all) - 1;
    REQUIRE(FillLinkedReturn(sold, {{1, all - before, before, "RESTOCK"}}, &entry).ok());
    const std::vector<TenderInput> tenders = {
        {.type = "OTHER", .amount = entry.totals.total, .reference = ""}};
    const auto settled = SettleReturn(entry.totals.total, tenders, {});
    if (entry.totals.total > 0) {
      REQUIRE(settled.ok());
      FillTenders(tenders, *settled, &entry);
    }
    REQUIRE(AddsUp(entry, shop.settings));
    for (int64_t* amount : {&entry.lines[0].net, &entry.totals.total, &entry.totals.gross}) {
      ++*amount;
      CHECK_FALSE(AddsUp(entry, shop.settings));
      --*amount;
    }
  }
}

TEST_CASE("AddsUp: amounts beyond what can be added are no sums", "[domain]") {
  Shop shop;
  Random random(3);
  const SaleEntry sold = Sold(shop, random);
  for (const int64_t huge : {pricing::kMaxAmount, -pricing::kMaxAmount}) {
    SaleEntry entry = sold;
    entry.lines[0].unit_price = entry.lines[0].gross = entry.lines[0].total = huge;
    CHECK_FALSE(AddsUp(entry, shop.settings));
    entry.kind = journal::kKindReturn;
    entry.source_sale_id = Id(99).ToString();
    CHECK_FALSE(AddsUp(entry, shop.settings));
    entry = sold;
    entry.tenders[0].amount = entry.tenders[0].tendered = huge;
    CHECK_FALSE(AddsUp(entry, shop.settings));
  }
  SaleEntry entry = sold;
  entry.policy.tax_rounding = "SOMEHOW";
  CHECK_FALSE(AddsUp(entry, shop.settings));
}

}  // namespace cloudpos::transaction
