#include "tests/support/register/shop.h"

#include <algorithm>

#include "libs/base/clock.h"
#include "libs/base/status_macros.h"

namespace cloudpos::register_sim {
namespace {

constexpr char kIdentityFile[] = "register.json";
constexpr char kAnswersFile[] = "shop.json";

absl::StatusOr<json::object> ReadObject(const Disk& disk, const char* name) {
  CLOUDPOS_ASSIGN_OR_RETURN(const std::string text, disk.Read(name));
  json::error_code error;
  json::value value = json::parse(text, error);
  if (error || !value.is_object()) return absl::DataLossError(std::string(name) + " is damaged");
  return std::move(value.get_object());
}

/// The price in the store: its own before the general one of the currency; nullptr: none.
const json::object* PriceOf(const json::object& variant, const Identity& identity) {
  const json::object* general = nullptr;
  for (const json::value& value : Array(variant, "prices")) {
    const json::object& price = value.as_object();
    if (Text(Object(price, "amount"), "currencyCode") != identity.currency) continue;
    const std::string store = Text(price, "storeId");
    if (store == identity.store) return &price;
    if (store.empty()) general = &price;
  }
  return general;
}

void AddItems(const json::object& variants, const Identity& identity, Shop* shop) {
  for (const auto& member : variants) {
    const json::object& variant = member.value().as_object();
    const json::object* price = PriceOf(variant, identity);
    if (price == nullptr || Flag(variant, "archived")) continue;
    shop->items.push_back({.variant_id = Text(variant, "variantId"),
                           .product_id = Text(variant, "productId"),
                           .sku = Text(variant, "sku"),
                           .category_id = Text(variant, "categoryId"),
                           .tax_category = Text(variant, "taxCategory"),
                           .stocked = Flag(variant, "stocked"),
                           .price = Number(Object(*price, "amount"), "minorUnits"),
                           .price_per = Number(*price, "pricePer", 1)});
  }
  std::sort(shop->items.begin(), shop->items.end(),
            [](const Item& a, const Item& b) { return a.sku < b.sku; });
}

TaxRule RuleOf(const json::object& tax) {
  TaxRule rule{.tax_id = Text(tax, "taxId"), .jurisdiction = Text(tax, "jurisdiction"), .tax = {}};
  rule.tax.amount_per_unit = Number(tax, "fixedPerUnitMinor");
  rule.tax.kind =
      rule.tax.amount_per_unit > 0 ? pricing::TaxKind::kFixedPerUnit : pricing::TaxKind::kPercent;
  rule.tax.rate_ppm = static_cast<int32_t>(Number(tax, "ratePpm"));
  rule.tax.inclusive = Text(tax, "inclusion") == "INCLUSIVE";
  rule.tax.affects_base = Flag(tax, "affectsBase");
  rule.tax.compound = Flag(tax, "compound");
  return rule;
}

absl::Status AddTaxes(const Answers& answers, const Identity& identity, Shop* shop) {
  std::map<std::string, TaxRule> rules;
  for (const json::value& tax : Array(answers.taxes, "taxes")) {
    rules[Text(tax.as_object(), "taxId")] = RuleOf(tax.as_object());
  }
  for (const json::value& value : Array(answers.categories, "categories")) {
    const json::object& category = value.as_object();
    std::vector<TaxRule>& list = shop->taxes[Text(category, "code")];
    if (Flag(category, "exempt") || Text(category, "code") == "exempt") {
      list.push_back({.tax_id = "exempt", .jurisdiction = {}, .tax = {}});
      list.back().tax.kind = pricing::TaxKind::kExempt;
      continue;
    }
    const json::object* chosen = nullptr;
    for (const json::value& assignment : Array(category, "assignments")) {
      const std::string store = Text(assignment.as_object(), "storeId");
      const bool is_own = store == identity.store;
      if (is_own || (store.empty() && chosen == nullptr)) chosen = &assignment.as_object();
      if (is_own) break;
    }
    if (chosen == nullptr) continue;
    for (const json::value& id : Array(*chosen, "taxIds")) {
      const auto rule = rules.find(std::string(id.as_string()));
      if (rule == rules.end()) return absl::DataLossError("a tax is missing");
      list.push_back(rule->second);
    }
  }
  return absl::OkStatus();
}

void SetPolicy(const json::object& answer, Shop* shop) {
  const json::object& policy = Object(answer, "policy");
  const auto mode = [&policy](const char* name) {
    return pricing::ParseRoundingMode(Text(policy, name)).value_or(pricing::RoundingMode::kHalfUp);
  };
  shop->policy.tax_rounding = mode("taxRoundingMode");
  shop->policy.rounding_level = pricing::ParseRoundingLevel(Text(policy, "taxRoundingLevel"))
                                    .value_or(pricing::RoundingLevel::kPerLine);
  if (Flag(policy, "roundNet")) {
    shop->policy.inclusive_rounding = pricing::InclusiveRounding::kRoundNet;
  }
  shop->cash.increment = std::max<int64_t>(1, Number(policy, "cashIncrementMinor"));
  shop->cash.due_mode = mode("cashRoundingMode");
  shop->cash.payout_mode = mode("cashRefundRoundingMode");
}

/// What entries of all kinds have in common.
absl::StatusOr<journal::SaleEntry> Start(const Shop& shop, const Identity& identity,
                                         std::string_view kind, const std::string& id,
                                         absl::Time now) {
  CLOUDPOS_ASSIGN_OR_RETURN(const absl::TimeZone zone,
                            base::LoadZone(identity.time_zone, "timeZone"));
  journal::SaleEntry entry;
  entry.business_date = base::FormatDate(base::BusinessDate(now, zone, identity.cutoff_minutes));
  entry.posting_date = entry.business_date;
  entry.catalogue_version = shop.catalogue_version;
  entry.currency = identity.currency;
  entry.device = identity.device;
  entry.kind = kind;
  entry.occurred_at_us = absl::ToUnixMicros(now);
  entry.operator_id = identity.operator_id;
  entry.register_id = identity.register_id;
  entry.sale_id = id;
  entry.series = "SALES";
  entry.store = identity.store;
  entry.tenant = identity.tenant;
  entry.utc_offset_min = zone.At(now).offset / 60;
  return entry;
}

/// A basket on its way through libs/pricing.
struct Priced {
  std::vector<const Item*> items;
  pricing::PriceRequest request;
  pricing::PriceResult result;
  std::vector<TaxRule> rules;  // per tax of the request
};

absl::Status PriceBasket(const Shop& shop, const std::vector<BasketLine>& basket, Priced* priced) {
  priced->request.policy = shop.policy;
  for (const BasketLine& line : basket) {
    pricing::PriceLine out;
    const Item* item = shop.Find(line.variant_id);
    if (item == nullptr) return absl::InvalidArgumentError("not sold here: " + line.variant_id);
    priced->items.push_back(item);
    out.quantity_milli = line.quantity_milli;
    out.unit_price = item->price;
    out.price_per = item->price_per;
    if (item->tax_category != "zero") {
      const auto rules = shop.taxes.find(item->tax_category);
      if (rules == shop.taxes.end()) return absl::FailedPreconditionError("no such tax category");
      for (const TaxRule& rule : rules->second) {
        const auto known =
            std::find_if(priced->rules.begin(), priced->rules.end(),
                         [&rule](const TaxRule& other) { return other.tax_id == rule.tax_id; });
        out.taxes.push_back(static_cast<int32_t>(known - priced->rules.begin()));
        if (known == priced->rules.end()) priced->rules.push_back(rule);
      }
      std::sort(out.taxes.begin(), out.taxes.end());
    }
    priced->request.lines.push_back(std::move(out));
  }
  for (const TaxRule& rule : priced->rules) priced->request.taxes.push_back(rule.tax);
  const pricing::Error error = pricing::Price(priced->request, &priced->result);
  if (error.ok()) return absl::OkStatus();
  return absl::InvalidArgumentError(std::string(pricing::ErrorName(error.code)));
}

journal::EntryTax TaxOf(const Priced& priced, const pricing::LineTax& tax) {
  const TaxRule& rule = priced.rules[static_cast<size_t>(tax.tax)];
  journal::EntryTax entry;
  entry.amount = tax.amount;
  entry.base = tax.base;
  entry.exempt = rule.tax.kind == pricing::TaxKind::kExempt;
  entry.fixed_per_unit = rule.tax.amount_per_unit;
  entry.inclusive = rule.tax.inclusive;
  entry.jurisdiction = rule.jurisdiction;
  entry.rate_ppm = rule.tax.rate_ppm;
  entry.tax_id = rule.tax_id;
  return entry;
}

void FillLines(const Shop& shop, const std::vector<BasketLine>& basket, const Priced& priced,
               journal::SaleEntry* entry) {
  for (size_t i = 0; i < basket.size(); ++i) {
    const Item& item = *priced.items[i];
    const pricing::PricedLine& from = priced.result.lines[i];
    journal::EntryLine line;
    line.category_id = item.category_id;
    line.gross = from.gross;
    line.line_no = static_cast<int64_t>(i) + 1;
    line.list_price = item.price;
    line.net = from.net;
    line.price_per = item.price_per;
    line.product_id = item.product_id;
    line.quantity_milli = basket[i].quantity_milli;
    line.sku = item.sku;
    line.stocked = item.stocked;
    line.tax_category = item.tax_category;
    for (const pricing::LineTax& tax : from.taxes) line.taxes.push_back(TaxOf(priced, tax));
    line.total = from.total;
    line.unit_price = item.price;
    line.variant_id = item.variant_id;
    entry->lines.push_back(std::move(line));
  }
  for (const pricing::LineTax& tax : priced.result.taxes) {
    entry->taxes.push_back(TaxOf(priced, tax));
  }
  entry->policy.cash_increment = shop.cash.increment;
  entry->policy.discount_order = pricing::DiscountOrderName(shop.policy.discount_order);
  entry->policy.discount_rounding = pricing::RoundingModeName(shop.policy.discount_rounding);
  entry->policy.inclusive_rounding = pricing::InclusiveRoundingName(shop.policy.inclusive_rounding);
  entry->policy.rounding_level = pricing::RoundingLevelName(shop.policy.rounding_level);
  entry->policy.tax_rounding = pricing::RoundingModeName(shop.policy.tax_rounding);
  const pricing::PriceTotals& totals = priced.result.totals;
  entry->totals = {
      .gross = totals.gross, .net = totals.net, .tax = totals.tax, .total = totals.total};
}

absl::Status TakeCash(const Shop& shop, int64_t tendered, journal::SaleEntry* entry) {
  const int64_t due =
      pricing::RoundToIncrement(entry->totals.total, shop.cash.increment, shop.cash.due_mode);
  const std::vector<pricing::Tender> given{{.cash = true, .amount = std::max(tendered, due)}};
  pricing::Settlement settled;
  const pricing::Error error = pricing::Settle(entry->totals.total, given, shop.cash, &settled);
  if (!error.ok() || !settled.complete()) return absl::InternalError("the tender does not settle");
  const pricing::SettledTender& cash = settled.tenders[0];
  entry->tenders.push_back({.amount = cash.applied,
                            .change = cash.change,
                            .payment_id = {},
                            .rounding = cash.rounding,
                            .tendered = cash.tendered,
                            .tender_no = 1,
                            .type = "CASH"});
  entry->totals.cash_rounding = settled.rounding;
  entry->totals.change = settled.change;
  return absl::OkStatus();
}

}  // namespace

const Item* Shop::Find(const std::string& variant_id) const {
  const auto found = std::find_if(items.begin(), items.end(), [&variant_id](const Item& item) {
    return item.variant_id == variant_id;
  });
  return found == items.end() ? nullptr : &*found;
}

std::string Identity::ReceiptNumber(const journal::SaleEntry& entry) const {
  std::string printed = device_code;
  if (entry.generation > 1) printed += "." + std::to_string(entry.generation);
  return store_code + "-" + register_code + "-" + printed + "-" + std::to_string(entry.receipt_no);
}

absl::StatusOr<Identity> ReadIdentity(const Disk& disk) {
  CLOUDPOS_ASSIGN_OR_RETURN(const json::object stored, ReadObject(disk, kIdentityFile));
  return Identity{.tenant = Text(stored, "tenant"),
                  .store = Text(stored, "store"),
                  .register_id = Text(stored, "register"),
                  .device = Text(stored, "device"),
                  .store_code = Text(stored, "storeCode"),
                  .register_code = Text(stored, "registerCode"),
                  .device_code = Text(stored, "deviceCode"),
                  .operator_id = Text(stored, "operator"),
                  .currency = Text(stored, "currency"),
                  .time_zone = Text(stored, "timeZone"),
                  .cutoff_minutes = static_cast<int>(Number(stored, "cutoffMinutes"))};
}

absl::Status WriteIdentity(const Disk& disk, const Identity& identity) {
  const json::object stored{{"tenant", identity.tenant},
                            {"store", identity.store},
                            {"register", identity.register_id},
                            {"device", identity.device},
                            {"storeCode", identity.store_code},
                            {"registerCode", identity.register_code},
                            {"deviceCode", identity.device_code},
                            {"operator", identity.operator_id},
                            {"currency", identity.currency},
                            {"timeZone", identity.time_zone},
                            {"cutoffMinutes", identity.cutoff_minutes}};
  return disk.Replace(kIdentityFile, json::serialize(stored));
}

void MergeChanges(const json::object& page, json::object* catalogue) {
  json::value& variants = (*catalogue)["variants"];
  if (!variants.is_object()) variants.emplace_object();
  for (const json::value& change : Array(page, "changes")) {
    const json::object& variant = Object(change.as_object(), "variant");
    if (!variant.empty()) variants.get_object()[Text(variant, "variantId")] = variant;
  }
  (*catalogue)["version"] = Number(page, "version");
}

absl::StatusOr<Answers> ReadAnswers(const Disk& disk) {
  Answers answers;
  if (!disk.Has(kAnswersFile)) return answers;
  CLOUDPOS_ASSIGN_OR_RETURN(const json::object stored, ReadObject(disk, kAnswersFile));
  answers.catalogue = Object(stored, "catalogue");
  answers.taxes = Object(stored, "taxes");
  answers.categories = Object(stored, "categories");
  answers.policy = Object(stored, "policy");
  return answers;
}

absl::Status WriteAnswers(const Disk& disk, const Answers& answers) {
  const json::object stored{{"catalogue", answers.catalogue},
                            {"taxes", answers.taxes},
                            {"categories", answers.categories},
                            {"policy", answers.policy}};
  return disk.Replace(kAnswersFile, json::serialize(stored));
}

absl::StatusOr<Shop> ShopFrom(const Answers& answers, const Identity& identity) {
  Shop shop;
  shop.catalogue_version = Number(answers.catalogue, "version");
  AddItems(Object(answers.catalogue, "variants"), identity, &shop);
  CLOUDPOS_RETURN_IF_ERROR(AddTaxes(answers, identity, &shop));
  SetPolicy(answers.policy, &shop);
  return shop;
}

absl::StatusOr<journal::SaleEntry> RingUp(const Shop& shop, const Identity& identity,
                                          const std::string& sale_id,
                                          const std::vector<BasketLine>& basket, int64_t tendered,
                                          absl::Time now) {
  CLOUDPOS_ASSIGN_OR_RETURN(journal::SaleEntry entry,
                            Start(shop, identity, journal::kKindSale, sale_id, now));
  Priced priced;
  CLOUDPOS_RETURN_IF_ERROR(PriceBasket(shop, basket, &priced));
  FillLines(shop, basket, priced, &entry);
  CLOUDPOS_RETURN_IF_ERROR(TakeCash(shop, tendered, &entry));
  return entry;
}

absl::StatusOr<journal::SaleEntry> OpenDrawer(const Shop& shop, const Identity& identity,
                                              const std::string& id, absl::Time now) {
  CLOUDPOS_ASSIGN_OR_RETURN(journal::SaleEntry entry,
                            Start(shop, identity, journal::kKindNoSale, id, now));
  entry.reason = "CHANGE";
  return entry;
}

}  // namespace cloudpos::register_sim
