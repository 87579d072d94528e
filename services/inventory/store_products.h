#pragma once

// SQL of products with their variants, barcodes and prices. Writers hold the catalogue's lock.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/pg/pg.h"
#include "services/inventory/domain/catalogue.h"
#include "services/inventory/store_catalogue.h"

namespace cloudpos::inventory {

/// Whole products, in the order of `ids`; those that do not exist are left out.
absl::StatusOr<std::vector<Product>> SelectProducts(pg::Tx& tx, const base::Uuid& tenant,
                                                    const std::vector<base::Uuid>& ids);
absl::StatusOr<std::optional<Product>> SelectProduct(pg::Tx& tx, const base::Uuid& tenant,
                                                     const base::Uuid& id);
/// The same by one statement of its own.
absl::StatusOr<std::optional<Product>> LoadProduct(pg::Pool& pool, const pg::CallOptions& options,
                                                   const base::Uuid& id);
/// The variant with the barcode, however it is written, else the one with the SKU.
absl::StatusOr<std::optional<base::Uuid>> SelectOwnerOfCode(pg::Tx& tx, const base::Uuid& tenant,
                                                            const std::string& code);
/// The same with its product, by one statement of its own.
struct ProductOfCode {
  Product product;
  base::Uuid variant;
};
absl::StatusOr<std::optional<ProductOfCode>> LoadProductOfCode(pg::Pool& pool,
                                                               const pg::CallOptions& options,
                                                               const std::string& code);
/// The product that the variant belongs to.
absl::StatusOr<std::optional<Product>> SelectProductOfVariant(pg::Tx& tx, const base::Uuid& tenant,
                                                              const base::Uuid& variant);

struct ProductFilter {
  bool archived_too = false;
  std::optional<base::Uuid> category = {};
  std::optional<NameKey> after = {};
};
/// Ids by name, with their names.
absl::StatusOr<std::vector<NameKey>> SelectProductKeys(pg::Tx& tx, const base::Uuid& tenant,
                                                       const ProductFilter& filter, int limit);

absl::StatusOr<std::map<base::Uuid, Created>> SelectCreatedProducts(
    pg::Tx& tx, const base::Uuid& tenant, const std::vector<base::Uuid>& ids);

/// Of a variant that exists; the hash is empty when it came with its product.
struct CreatedVariant {
  base::Uuid product;
  Created created;
};
absl::StatusOr<std::map<base::Uuid, CreatedVariant>> SelectCreatedVariants(
    pg::Tx& tx, const base::Uuid& tenant, const std::vector<base::Uuid>& ids);
/// The variants that have one of the SKUs or lookup keys, by it.
absl::StatusOr<std::map<std::string, base::Uuid>> SelectSkuOwners(
    pg::Tx& tx, const base::Uuid& tenant, const std::vector<std::string>& skus);
absl::StatusOr<std::map<std::string, base::Uuid>> SelectBarcodeOwners(
    pg::Tx& tx, const base::Uuid& tenant, const std::vector<std::string>& keys);

/// Product and hash of the request that makes it; its created_version is that of its first variant.
struct NewProduct {
  Product product;
  std::string request_hash;
};
absl::Status InsertProducts(pg::Tx& tx, const base::Uuid& tenant,
                            const std::vector<NewProduct>& products);
/// With barcodes and prices. `request_hash` is empty for variants that come with their product.
absl::Status InsertVariants(pg::Tx& tx, const base::Uuid& tenant,
                            const std::vector<const Variant*>& variants,
                            const std::string& request_hash, const base::Uuid& actor);

/// The product's own columns.
absl::Status UpdateProduct(pg::Tx& tx, const base::Uuid& tenant, const Product& product);
/// Version and updated_at of the product's variants.
absl::Status UpdateVariantVersions(pg::Tx& tx, const base::Uuid& tenant, const Product& product);
/// The variant's own columns.
absl::Status UpdateVariant(pg::Tx& tx, const base::Uuid& tenant, const Variant& variant);
absl::Status ReplaceBarcodes(pg::Tx& tx, const base::Uuid& tenant, const Variant& variant);
/// Ends the prices in `ended` and writes those in `begun`, as of the variant's version and
/// updated_at.
absl::Status ReplacePrices(pg::Tx& tx, const base::Uuid& tenant, const Variant& variant,
                           const std::vector<Price>& ended, const std::vector<Price>& begun,
                           const base::Uuid& actor);

/// A price and when it held.
struct PricePeriod {
  Price price;
  int64_t from_version = 0;
  std::optional<int64_t> to_version;
  absl::Time valid_from;
  std::optional<absl::Time> valid_to;
  base::Uuid actor;
};
struct PeriodKey {
  int64_t from_version = 0;
  base::Uuid store;
  std::string currency;
};
/// Newest first.
absl::StatusOr<std::vector<PricePeriod>> SelectPriceHistory(pg::Tx& tx, const base::Uuid& tenant,
                                                            const base::Uuid& variant,
                                                            const std::optional<PeriodKey>& after,
                                                            int limit);

}  // namespace cloudpos::inventory
