// Reading products.

#include "services/inventory/store_products.h"

#include <algorithm>

#include "libs/base/status_macros.h"

namespace cloudpos::inventory {
namespace {

// One row per variant, at least one per product; barcodes and current prices as arrays, in order.
#define CLOUDPOS_PRODUCT_COLUMNS                                                                   \
  "SELECT p.product_id, p.version, p.name, p.description, p.category_id, p.tax_category,"          \
  " p.archived, p.created_at, p.updated_at, v.variant_id, v.position,"                             \
  " v.version AS variant_version, v.sku, v.name AS variant_name, v.option_names, v.option_values," \
  " v.stocked, v.negative_stock_policy::int4 AS negative_stock_policy,"                            \
  " v.archived AS variant_archived, v.created_at AS variant_created_at,"                           \
  " v.updated_at AS variant_updated_at, coalesce(b.codes, '{}') AS codes,"                         \
  " coalesce(b.symbologies, '{}') AS symbologies, coalesce(b.lookup_keys, '{}') AS lookup_keys,"   \
  " coalesce(c.stores, '{}') AS stores, coalesce(c.currencies, '{}') AS currencies,"               \
  " coalesce(c.amounts, '{}') AS amounts, coalesce(c.pers, '{}') AS pers"
#define CLOUDPOS_PRODUCT_PARTS                                                           \
  " LEFT JOIN variants v ON v.tenant_id = p.tenant_id AND v.product_id = p.product_id"   \
  " LEFT JOIN LATERAL (SELECT array_agg(o.code) AS codes,"                               \
  " array_agg(o.symbology::int8) AS symbologies, array_agg(o.lookup_key) AS lookup_keys" \
  " FROM (SELECT code, symbology, lookup_key FROM barcodes"                              \
  " WHERE tenant_id = v.tenant_id AND variant_id = v.variant_id ORDER BY position) AS o" \
  ") AS b ON true"                                                                       \
  " LEFT JOIN LATERAL (SELECT array_agg(o.store_id::text) AS stores,"                    \
  " array_agg(o.currency_code) AS currencies, array_agg(o.amount_minor) AS amounts,"     \
  " array_agg(o.price_per) AS pers"                                                      \
  " FROM (SELECT store_id, currency_code, amount_minor, price_per FROM prices"           \
  " WHERE tenant_id = v.tenant_id AND variant_id = v.variant_id AND to_version IS NULL"  \
  " ORDER BY store_id, currency_code) AS o) AS c ON true"

constexpr pg::Query kSelectProducts{"select_products", CLOUDPOS_PRODUCT_COLUMNS
                                    " FROM products p" CLOUDPOS_PRODUCT_PARTS
                                    " WHERE p.tenant_id = $1"
                                    " AND p.product_id = ANY($2::uuid[])"
                                    " ORDER BY p.product_id, v.position"};

// The variant with a barcode by one of the keys in $2, else the one with the SKU $3, else null. (No
// LIMIT: it invites plans that walk through all barcodes of the tenant in order.)
#define CLOUDPOS_OWNER_OF_CODE                                           \
  "WITH owner AS MATERIALIZED (SELECT coalesce("                         \
  "(SELECT (array_agg(variant_id ORDER BY lookup_key))[1] FROM barcodes" \
  " WHERE tenant_id = $1 AND lookup_key = ANY($2::text[])),"             \
  " (SELECT variant_id FROM variants WHERE tenant_id = $1 AND sku = $3)) AS variant_id) "

constexpr pg::Query kSelectOwnerOfCode{"select_owner_of_code", CLOUDPOS_OWNER_OF_CODE
                                       "SELECT variant_id FROM owner WHERE variant_id IS NOT NULL"};

// Step by step, by key, whatever the statistics say.
constexpr pg::Query kSelectProductOfCode{
    "select_product_of_code", CLOUDPOS_OWNER_OF_CODE CLOUDPOS_PRODUCT_COLUMNS
    ", (SELECT variant_id FROM owner) AS owner_id FROM products p" CLOUDPOS_PRODUCT_PARTS
    " WHERE p.tenant_id = $1 AND p.product_id = (SELECT product_id FROM variants"
    " WHERE tenant_id = $1 AND variant_id = (SELECT variant_id FROM owner))"
    " ORDER BY v.position"};

constexpr pg::Query kSelectProductIdOfVariant{"select_product_id_of_variant", R"sql(
  SELECT product_id FROM variants WHERE tenant_id = $1 AND variant_id = $2)sql"};

constexpr pg::Query kSelectProductKeys{"select_product_keys", R"sql(
  SELECT product_id, name FROM products
  WHERE tenant_id = $1 AND (name, product_id) > ($2::text, $3::uuid) AND ($4 OR NOT archived)
  ORDER BY name, product_id LIMIT $5)sql"};

constexpr pg::Query kSelectProductKeysOfCategory{"select_product_keys_of_category", R"sql(
  SELECT product_id, name FROM products
  WHERE tenant_id = $1 AND (name, product_id) > ($2::text, $3::uuid) AND ($4 OR NOT archived)
    AND category_id = $6
  ORDER BY name, product_id LIMIT $5)sql"};

constexpr pg::Query kSelectCreatedProducts{"select_created_products", R"sql(
  SELECT product_id, request_hash, created_at, created_version
  FROM products WHERE tenant_id = $1 AND product_id = ANY($2::uuid[]))sql"};

constexpr pg::Query kSelectCreatedVariants{"select_created_variants", R"sql(
  SELECT variant_id, product_id, coalesce(request_hash, '') AS request_hash, created_at,
    created_version
  FROM variants WHERE tenant_id = $1 AND variant_id = ANY($2::uuid[]))sql"};

constexpr pg::Query kSelectSkuOwners{"select_sku_owners", R"sql(
  SELECT sku, variant_id FROM variants WHERE tenant_id = $1 AND sku = ANY($2::text[]))sql"};

constexpr pg::Query kSelectBarcodeOwners{"select_barcode_owners", R"sql(
  SELECT lookup_key, variant_id FROM barcodes
  WHERE tenant_id = $1 AND lookup_key = ANY($2::text[]))sql"};

constexpr pg::Query kSelectPriceHistory{"select_price_history", R"sql(
  SELECT from_version, store_id, currency_code, amount_minor, price_per, to_version, valid_from,
    valid_to, actor_id
  FROM prices
  WHERE tenant_id = $1 AND variant_id = $2
    AND ($3::bigint IS NULL OR (from_version, store_id, currency_code)
      < ($3::bigint, $4::uuid, $5::text))
  ORDER BY from_version DESC, store_id DESC, currency_code DESC LIMIT $6)sql"};

Product ProductOf(const pg::Row& row) {
  Product product;
  product.id = row.Get<base::Uuid>("product_id");
  product.version = row.Get<int64_t>("version");
  product.name = row.Get<std::string>("name");
  product.description = row.Get<std::string>("description");
  product.category = row.Get<std::optional<base::Uuid>>("category_id").value_or(base::Uuid());
  product.tax_category = row.Get<std::string>("tax_category");
  product.archived = row.Get<bool>("archived");
  product.created_at = row.Get<absl::Time>("created_at");
  product.updated_at = row.Get<absl::Time>("updated_at");
  return product;
}

void AddBarcodes(const pg::Row& row, Variant* variant) {
  const auto codes = row.Get<std::vector<std::string>>("codes");
  const auto symbologies = row.Get<std::vector<int64_t>>("symbologies");
  const auto keys = row.Get<std::vector<std::string>>("lookup_keys");
  for (size_t i = 0; i < codes.size(); ++i) {
    variant->barcodes.push_back({.code = codes[i],
                                 .symbology = static_cast<Symbology>(symbologies[i]),
                                 .lookup_key = keys[i]});
  }
}

void AddPrices(const pg::Row& row, Variant* variant) {
  const auto stores = row.Get<std::vector<std::string>>("stores");
  const auto currencies = row.Get<std::vector<std::string>>("currencies");
  const auto amounts = row.Get<std::vector<int64_t>>("amounts");
  const auto pers = row.Get<std::vector<int64_t>>("pers");
  for (size_t i = 0; i < stores.size(); ++i) {
    variant->prices.push_back({.store = base::Uuid::Parse(stores[i]).value_or(base::Uuid()),
                               .currency = currencies[i],
                               .amount = amounts[i],
                               .per = pers[i]});
  }
}

Variant VariantOf(const pg::Row& row) {
  Variant variant;
  variant.id = row.Get<base::Uuid>("variant_id");
  variant.product = row.Get<base::Uuid>("product_id");
  variant.position = row.Get<int32_t>("position");
  variant.version = row.Get<int64_t>("variant_version");
  variant.sku = row.Get<std::string>("sku");
  variant.name = row.Get<std::string>("variant_name");
  const auto names = row.Get<std::vector<std::string>>("option_names");
  const auto values = row.Get<std::vector<std::string>>("option_values");
  for (size_t i = 0; i < std::min(names.size(), values.size()); ++i) {
    variant.options.push_back({.name = names[i], .value = values[i]});
  }
  variant.stocked = row.Get<bool>("stocked");
  variant.negative_stock = static_cast<NegativeStock>(row.Get<int32_t>("negative_stock_policy"));
  variant.archived = row.Get<bool>("variant_archived");
  variant.created_at = row.Get<absl::Time>("variant_created_at");
  variant.updated_at = row.Get<absl::Time>("variant_updated_at");
  AddBarcodes(row, &variant);
  AddPrices(row, &variant);
  return variant;
}

Price PriceOf(const pg::Row& row) {
  return {.store = row.Get<base::Uuid>("store_id"),
          .currency = row.Get<std::string>("currency_code"),
          .amount = row.Get<int64_t>("amount_minor"),
          .per = row.Get<int64_t>("price_per")};
}

/// The products of kSelectProducts' rows, in the order of `ids`.
std::vector<Product> ProductsOf(const pg::Result& rows, const std::vector<base::Uuid>& ids) {
  std::map<base::Uuid, Product> by_id;
  for (const pg::Row row : rows) {
    const auto id = row.Get<base::Uuid>("product_id");
    auto found = by_id.find(id);
    if (found == by_id.end()) found = by_id.emplace(id, ProductOf(row)).first;
    if (!row.is_null("variant_id")) found->second.variants.push_back(VariantOf(row));
  }
  std::vector<Product> products;
  for (const base::Uuid& id : ids) {
    const auto found = by_id.find(id);
    if (found != by_id.end()) products.push_back(std::move(found->second));
  }
  return products;
}

std::optional<Product> FirstOf(std::vector<Product> products) {
  return products.empty() ? std::nullopt : std::optional(std::move(products.front()));
}

absl::StatusOr<std::map<std::string, base::Uuid>> SelectOwners(
    pg::Tx& tx, const pg::Query& query, const char* column, const base::Uuid& tenant,
    const std::vector<std::string>& keys) {
  std::map<std::string, base::Uuid> owners;
  if (keys.empty()) return owners;
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows, tx.Exec(query, tenant, keys));
  for (const pg::Row row : rows) {
    owners[row.Get<std::string>(column)] = row.Get<base::Uuid>("variant_id");
  }
  return owners;
}

Created CreatedOf(const pg::Row& row) {
  return {.request_hash = row.Get<pg::Bytes>("request_hash").value,
          .created_at = row.Get<absl::Time>("created_at"),
          .created_version = row.Get<int64_t>("created_version")};
}

}  // namespace

absl::StatusOr<std::vector<Product>> SelectProducts(pg::Tx& tx, const base::Uuid& tenant,
                                                    const std::vector<base::Uuid>& ids) {
  if (ids.empty()) return std::vector<Product>();
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows, tx.Exec(kSelectProducts, tenant, ids));
  return ProductsOf(rows, ids);
}

absl::StatusOr<std::optional<Product>> SelectProduct(pg::Tx& tx, const base::Uuid& tenant,
                                                     const base::Uuid& id) {
  CLOUDPOS_ASSIGN_OR_RETURN(std::vector<Product> found, SelectProducts(tx, tenant, {id}));
  return FirstOf(std::move(found));
}

absl::StatusOr<std::optional<Product>> LoadProduct(pg::Pool& pool, const pg::CallOptions& options,
                                                   const base::Uuid& id) {
  const std::vector<base::Uuid> ids = {id};
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows,
                            pool.Exec(options, kSelectProducts, options.tenant, ids));
  return FirstOf(ProductsOf(rows, ids));
}

absl::StatusOr<std::optional<base::Uuid>> SelectOwnerOfCode(pg::Tx& tx, const base::Uuid& tenant,
                                                            const std::string& code) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows,
                            tx.Exec(kSelectOwnerOfCode, tenant, LookupKeys(code), code));
  if (rows.empty()) return std::optional<base::Uuid>();
  return std::optional(rows[0].Get<base::Uuid>("variant_id"));
}

absl::StatusOr<std::optional<ProductOfCode>> LoadProductOfCode(pg::Pool& pool,
                                                               const pg::CallOptions& options,
                                                               const std::string& code) {
  CLOUDPOS_ASSIGN_OR_RETURN(
      const pg::Result rows,
      pool.Exec(options, kSelectProductOfCode, options.tenant, LookupKeys(code), code));
  if (rows.empty()) return std::optional<ProductOfCode>();
  ProductOfCode found{.product = ProductOf(rows[0]),
                      .variant = rows[0].Get<base::Uuid>("owner_id")};
  for (const pg::Row row : rows) found.product.variants.push_back(VariantOf(row));
  return std::optional(std::move(found));
}

absl::StatusOr<std::optional<Product>> SelectProductOfVariant(pg::Tx& tx, const base::Uuid& tenant,
                                                              const base::Uuid& variant) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows,
                            tx.Exec(kSelectProductIdOfVariant, tenant, variant));
  if (rows.empty()) return std::optional<Product>();
  return SelectProduct(tx, tenant, rows[0].Get<base::Uuid>("product_id"));
}

absl::StatusOr<std::vector<NameKey>> SelectProductKeys(pg::Tx& tx, const base::Uuid& tenant,
                                                       const ProductFilter& filter, int limit) {
  const NameKey from = filter.after.value_or(NameKey{});
  absl::StatusOr<pg::Result> rows =
      filter.category
          ? tx.Exec(kSelectProductKeysOfCategory, tenant, from.name, from.id, filter.archived_too,
                    limit, *filter.category)
          : tx.Exec(kSelectProductKeys, tenant, from.name, from.id, filter.archived_too, limit);
  CLOUDPOS_RETURN_IF_ERROR(rows.status());
  std::vector<NameKey> keys;
  for (const pg::Row row : *rows) {
    keys.push_back({.name = row.Get<std::string>("name"), .id = row.Get<base::Uuid>("product_id")});
  }
  return keys;
}

absl::StatusOr<std::map<base::Uuid, Created>> SelectCreatedProducts(
    pg::Tx& tx, const base::Uuid& tenant, const std::vector<base::Uuid>& ids) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows, tx.Exec(kSelectCreatedProducts, tenant, ids));
  std::map<base::Uuid, Created> created;
  for (const pg::Row row : rows) created[row.Get<base::Uuid>("product_id")] = CreatedOf(row);
  return created;
}

absl::StatusOr<std::map<base::Uuid, CreatedVariant>> SelectCreatedVariants(
    pg::Tx& tx, const base::Uuid& tenant, const std::vector<base::Uuid>& ids) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows, tx.Exec(kSelectCreatedVariants, tenant, ids));
  std::map<base::Uuid, CreatedVariant> created;
  for (const pg::Row row : rows) {
    created[row.Get<base::Uuid>("variant_id")] = {.product = row.Get<base::Uuid>("product_id"),
                                                  .created = CreatedOf(row)};
  }
  return created;
}

absl::StatusOr<std::map<std::string, base::Uuid>> SelectSkuOwners(
    pg::Tx& tx, const base::Uuid& tenant, const std::vector<std::string>& skus) {
  return SelectOwners(tx, kSelectSkuOwners, "sku", tenant, skus);
}

absl::StatusOr<std::map<std::string, base::Uuid>> SelectBarcodeOwners(
    pg::Tx& tx, const base::Uuid& tenant, const std::vector<std::string>& keys) {
  return SelectOwners(tx, kSelectBarcodeOwners, "lookup_key", tenant, keys);
}

absl::StatusOr<std::vector<PricePeriod>> SelectPriceHistory(pg::Tx& tx, const base::Uuid& tenant,
                                                            const base::Uuid& variant,
                                                            const std::optional<PeriodKey>& after,
                                                            int limit) {
  std::optional<int64_t> version;
  if (after) version = after->from_version;
  const PeriodKey from = after.value_or(PeriodKey{});
  CLOUDPOS_ASSIGN_OR_RETURN(
      const pg::Result rows,
      tx.Exec(kSelectPriceHistory, tenant, variant, version, from.store, from.currency, limit));
  std::vector<PricePeriod> periods;
  for (const pg::Row row : rows) {
    periods.push_back({.price = PriceOf(row),
                       .from_version = row.Get<int64_t>("from_version"),
                       .to_version = row.Get<std::optional<int64_t>>("to_version"),
                       .valid_from = row.Get<absl::Time>("valid_from"),
                       .valid_to = row.Get<std::optional<absl::Time>>("valid_to"),
                       .actor = row.Get<base::Uuid>("actor_id")});
  }
  return periods;
}

}  // namespace cloudpos::inventory
