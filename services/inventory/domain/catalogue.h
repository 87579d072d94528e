#pragma once

// Categories, products and variants, and what a request may make of them.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/base/ids.h"
#include "services/inventory/domain/barcode.h"

namespace cloudpos::inventory {

constexpr size_t kVariantsMax = 100;  // of a product
constexpr size_t kBatchProductsMax = 200;
constexpr size_t kBatchVariantsMax = 2'000;
constexpr int64_t kCategoriesMax = 2'000;  // of a tenant
constexpr int kCategoryDepthMax = 10;

struct Category {
  base::Uuid id;
  int64_t version = 0;
  std::string name;
  base::Uuid parent;  // nil: none
  bool archived = false;
  absl::Time created_at;
  absl::Time updated_at;
};

/// `amount` buys `per` whole units.
struct Price {
  base::Uuid store;  // nil: every store
  std::string currency;
  int64_t amount = 0;
  int64_t per = 1;
  friend auto operator<=>(const Price&, const Price&) = default;
};

struct Option {
  std::string name;
  std::string value;
  friend bool operator==(const Option&, const Option&) = default;
};

/// Numbers as in events.proto.
enum class NegativeStock { kAllow = 1, kWarn = 2, kBlock = 3 };

struct Variant {
  base::Uuid id;
  base::Uuid product;
  int position = 0;
  int64_t version = 0;
  std::string sku;
  std::string name;
  std::vector<Option> options;
  std::vector<Barcode> barcodes;
  std::vector<Price> prices;  // sorted by store and currency
  bool stocked = true;
  NegativeStock negative_stock = NegativeStock::kWarn;
  bool archived = false;
  absl::Time created_at;
  absl::Time updated_at;
};

struct Product {
  base::Uuid id;
  int64_t version = 1;
  std::string name;
  std::string description;
  base::Uuid category;  // nil: none
  std::string tax_category;
  bool archived = false;
  std::vector<Variant> variants;  // by position
  absl::Time created_at;
  absl::Time updated_at;
};

/// The variant with `id`; nullptr when the product has none.
Variant* FindVariant(Product& product, const base::Uuid& id);

/// "L / red".
std::string NameOf(const std::vector<Option>& options);

// The checks of a request's fields. `at` is the path before the field's name, e.g. "variants[2].".

absl::Status CheckCategoryName(const std::string& name);
/// FIELD_REQUIRED, INVALID_ARGUMENT, LIMIT_EXCEEDED, in the order of the proto's fields.
absl::Status CheckProduct(const Product& product, const std::string& at);
absl::Status CheckVariant(const Variant& variant, const std::string& at);
/// One price per store and currency, in range. `prices` as given.
absl::Status CheckPrices(const std::vector<Price>& prices, const std::string& field);
/// What must differ among the products of one request: ids, SKUs, barcodes.
/// `at[i]` is the path of product i.
absl::Status CheckDistinct(const std::vector<const Product*>& products,
                           const std::vector<std::string>& at);

/// Store and currency of each price that `after` has and `before` has not, or the other way round.
std::vector<Price> ChangedPrices(const std::vector<Price>& before, const std::vector<Price>& after);

/// STALE_VERSION with the present version in its data, unless `asked` is it.
absl::Status CheckVersion(int64_t present, int64_t asked);

}  // namespace cloudpos::inventory
