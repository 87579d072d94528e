#pragma once

// What decides the amounts of a sale, as the service's read model holds it. Plain values.

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/time/time.h"
#include "libs/base/ids.h"
#include "libs/pricing/price.h"
#include "libs/pricing/tender.h"

namespace cloudpos::transaction {

struct Store {
  base::Uuid id;
  std::string name;
  std::string code;
  std::string currency_code;
  absl::TimeZone zone;
  int cutoff_minutes = 0;
  std::string address;         // lines, separated by \n
  std::string receipt_header;  // the same
  std::string receipt_footer;
  std::string tax_number;
  bool archived = false;
};

struct Register {
  base::Uuid id;
  base::Uuid store;
  std::string code;
  bool active = false;
};

struct Device {
  base::Uuid id;
  base::Uuid store;
  base::Uuid register_id;  // nil: none
  std::string code;
  /// Uncompressed P-256 points, the present one first, then those it had before.
  std::vector<std::string> keys;
  bool revoked = false;
  absl::Time revoked_at = absl::InfinitePast();  // of a revoked one; InfinitePast: not known
};

struct TaxDefinition {
  base::Uuid id;
  std::string name;
  std::string jurisdiction;
  int32_t rate_ppm = 0;
  bool inclusive = false;
  bool affects_base = false;
  bool compound = false;
  int64_t fixed_per_unit = 0;
};

struct TaxCategory {
  bool exempt = false;
  std::unordered_map<base::Uuid, std::vector<base::Uuid>> taxes_by_store;  // nil: all others

  /// The taxes of a store, in order; nullptr when the category is not set up for it.
  const std::vector<base::Uuid>* TaxesOf(const base::Uuid& store) const {
    auto found = taxes_by_store.find(store);
    if (found == taxes_by_store.end()) found = taxes_by_store.find(base::Uuid());
    return found == taxes_by_store.end() ? nullptr : &found->second;
  }
};

struct StorePolicy {
  pricing::PricePolicy price;
  pricing::CashRounding cash;
};

/// Everything of a tenant but the catalogue. Immutable once built; shared between threads.
struct Settings {
  int64_t version = 0;
  std::unordered_map<base::Uuid, Store> stores;
  std::unordered_map<base::Uuid, Register> registers;
  std::unordered_map<base::Uuid, Device> devices;
  std::unordered_map<base::Uuid, TaxDefinition> taxes;
  std::unordered_map<std::string, TaxCategory> tax_categories;
  std::unordered_map<base::Uuid, StorePolicy> policies;

  StorePolicy PolicyOf(const base::Uuid& store) const {
    const auto found = policies.find(store);
    return found == policies.end() ? StorePolicy{} : found->second;
  }
};

struct VariantPrice {
  base::Uuid store;  // nil: every store in that currency
  std::string currency_code;
  int64_t amount = 0;
  int64_t price_per = 1;  // whole units
};

struct Variant {
  base::Uuid id;
  base::Uuid product;
  std::string sku;
  std::string name;
  base::Uuid category;  // nil: none
  std::string tax_category;
  bool stocked = false;
  bool archived = false;
  std::vector<VariantPrice> prices;

  /// The price in `store`: its own before the general one of the currency; nullptr: none.
  const VariantPrice* PriceIn(const Store& where) const {
    const VariantPrice* general = nullptr;
    for (const VariantPrice& price : prices) {
      if (price.currency_code != where.currency_code) continue;
      if (price.store == where.id) return &price;
      if (price.store.is_nil()) general = &price;
    }
    return general;
  }
};

using VariantPtr = std::shared_ptr<const Variant>;
using Catalogue = std::unordered_map<base::Uuid, VariantPtr>;

/// Built-in tax categories, which carry no tax.
inline constexpr const char* kZeroRated = "zero";
inline constexpr const char* kExempt = "exempt";

}  // namespace cloudpos::transaction
