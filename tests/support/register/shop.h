#pragma once

// What a register knows of its shop: who it is, what is sold at which price, taxes, rounding. It
// learns it while it is online and sells by it whenever.

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/journal/entry.h"
#include "libs/pricing/price.h"
#include "libs/pricing/tender.h"
#include "tests/support/register/disk.h"
#include "tests/support/register/json.h"

namespace cloudpos::register_sim {

/// Who the register is; written once, when it is enrolled.
struct Identity {
  std::string tenant;
  std::string store;
  std::string register_id;
  std::string device;
  std::string store_code;
  std::string register_code;
  std::string device_code;
  std::string operator_id;  // who sells
  std::string currency;
  std::string time_zone;
  int cutoff_minutes = 0;

  /// As printed: "S1-R1-D1-7", from the second generation on "S1-R1-D1.2-7".
  std::string ReceiptNumber(const journal::SaleEntry& entry) const;
};
absl::StatusOr<Identity> ReadIdentity(const Disk& disk);
absl::Status WriteIdentity(const Disk& disk, const Identity& identity);

struct Item {
  std::string variant_id;
  std::string product_id;
  std::string sku;
  std::string category_id;
  std::string tax_category;
  bool stocked = false;
  int64_t price = 0;
  int64_t price_per = 1;
};

struct TaxRule {
  std::string tax_id;
  std::string jurisdiction;
  pricing::Tax tax;
};

struct Shop {
  int64_t catalogue_version = 0;
  std::vector<Item> items;                            // that can be sold here, by SKU
  std::map<std::string, std::vector<TaxRule>> taxes;  // by category; in order of application
  pricing::PricePolicy policy;
  pricing::CashRounding cash;

  /// nullptr when it is not sold here.
  const Item* Find(const std::string& variant_id) const;
};

/// The answers of the API that make a Shop.
struct Answers {
  json::object catalogue;   // {"version":..., "variants":{id: VariantChanged}}
  json::object taxes;       // ListTaxes
  json::object categories;  // ListTaxCategories
  json::object policy;      // GetStorePolicy
};
/// Merges a page of catalogue changes.
void MergeChanges(const json::object& page, json::object* catalogue);
absl::StatusOr<Shop> ShopFrom(const Answers& answers, const Identity& identity);
absl::StatusOr<Answers> ReadAnswers(const Disk& disk);
absl::Status WriteAnswers(const Disk& disk, const Answers& answers);

struct BasketLine {
  std::string variant_id;
  int64_t quantity_milli = 0;
};
/// The entry of a cash sale, complete but for its numbers. The customer hands over `tendered`, or
/// exactly what is due when it is less.
absl::StatusOr<journal::SaleEntry> RingUp(const Shop& shop, const Identity& identity,
                                          const std::string& sale_id,
                                          const std::vector<BasketLine>& basket, int64_t tendered,
                                          absl::Time now);
/// The drawer was opened without a sale.
absl::StatusOr<journal::SaleEntry> OpenDrawer(const Shop& shop, const Identity& identity,
                                              const std::string& id, absl::Time now);

}  // namespace cloudpos::register_sim
