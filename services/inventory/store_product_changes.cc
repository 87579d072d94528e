// Writing products.

#include "libs/base/clock.h"
#include "libs/base/status_macros.h"
#include "services/inventory/store_products.h"

namespace cloudpos::inventory {
namespace {

constexpr pg::Query kInsertProducts{"insert_products", R"sql(
  INSERT INTO products (tenant_id, product_id, name, description, category_id, tax_category,
    created_at, updated_at, created_version, request_hash)
  SELECT $1::uuid, e.product_id, e.name, e.description, e.category_id, e.tax_category, e.created_at,
    e.created_at, e.created_version, e.request_hash
  FROM unnest($2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::timestamptz[],
    $8::bigint[], $9::bytea[])
    AS e (product_id, name, description, category_id, tax_category, created_at, created_version,
      request_hash))sql"};

// Option lists are of different lengths, so they travel joined by a character no text may hold.
constexpr pg::Query kInsertVariants{"insert_variants", R"sql(
  INSERT INTO variants (tenant_id, variant_id, product_id, position, version, sku, name,
    option_names, option_values, stocked, negative_stock_policy, created_at, updated_at,
    created_version, request_hash)
  SELECT $1::uuid, e.variant_id, e.product_id, e.position, e.version, e.sku, e.name,
    string_to_array(e.option_names, chr(31)), string_to_array(e.option_values, chr(31)), e.stocked,
    e.policy, e.created_at, e.created_at, e.version, $12::bytea
  FROM unnest($2::uuid[], $3::uuid[], $4::integer[], $5::bigint[], $6::text[], $7::text[],
    $8::text[], $9::text[], $10::boolean[], $11::integer[], $13::timestamptz[])
    AS e (variant_id, product_id, position, version, sku, name, option_names, option_values,
      stocked, policy, created_at))sql"};

constexpr pg::Query kInsertBarcodes{"insert_barcodes", R"sql(
  INSERT INTO barcodes (tenant_id, lookup_key, variant_id, position, code, symbology)
  SELECT $1::uuid, e.lookup_key, e.variant_id, e.position, e.code, e.symbology
  FROM unnest($2::text[], $3::uuid[], $4::integer[], $5::text[], $6::integer[])
    AS e (lookup_key, variant_id, position, code, symbology))sql"};

constexpr pg::Query kDeleteBarcodes{"delete_barcodes", R"sql(
  DELETE FROM barcodes WHERE tenant_id = $1 AND variant_id = $2)sql"};

constexpr pg::Query kInsertPrices{"insert_prices", R"sql(
  INSERT INTO prices (tenant_id, variant_id, from_version, store_id, currency_code, amount_minor,
    price_per, valid_from, actor_id)
  SELECT $1::uuid, e.variant_id, e.from_version, e.store_id, e.currency_code, e.amount_minor,
    e.price_per, e.valid_from, $9::uuid
  FROM unnest($2::uuid[], $3::bigint[], $4::uuid[], $5::text[], $6::bigint[], $7::bigint[],
    $8::timestamptz[])
    AS e (variant_id, from_version, store_id, currency_code, amount_minor, price_per,
      valid_from))sql"};

constexpr pg::Query kEndPrices{"end_prices", R"sql(
  UPDATE prices AS p SET to_version = $3, valid_to = $4
  FROM unnest($5::uuid[], $6::text[]) AS e (store_id, currency_code)
  WHERE p.tenant_id = $1 AND p.variant_id = $2 AND p.to_version IS NULL
    AND p.store_id = e.store_id AND p.currency_code = e.currency_code)sql"};

constexpr pg::Query kUpdateProduct{"update_product", R"sql(
  UPDATE products SET version = $3, name = $4, description = $5, category_id = $6,
    tax_category = $7, archived = $8, updated_at = $9
  WHERE tenant_id = $1 AND product_id = $2)sql"};

constexpr pg::Query kUpdateVariantVersions{"update_variant_versions", R"sql(
  UPDATE variants AS v SET version = e.version, updated_at = $4
  FROM unnest($2::uuid[], $3::bigint[]) AS e (variant_id, version)
  WHERE v.tenant_id = $1 AND v.variant_id = e.variant_id)sql"};

constexpr pg::Query kUpdateVariant{"update_variant", R"sql(
  UPDATE variants SET version = $3, sku = $4, name = $5, option_names = $6::text[],
    option_values = $7::text[], stocked = $8, negative_stock_policy = $9, archived = $10,
    updated_at = $11
  WHERE tenant_id = $1 AND variant_id = $2)sql"};

constexpr char kSeparator = '\x1f';

template <std::string Option::*Member>
std::string Joined(const std::vector<Option>& options) {
  std::string text;
  for (const Option& option : options) {
    if (!text.empty()) text += kSeparator;
    text += option.*Member;
  }
  return text;
}

template <std::string Option::*Member>
std::vector<std::string> Listed(const std::vector<Option>& options) {
  std::vector<std::string> texts;
  for (const Option& option : options) texts.push_back(option.*Member);
  return texts;
}

absl::Status InsertBarcodes(pg::Tx& tx, const base::Uuid& tenant,
                            const std::vector<const Variant*>& variants) {
  std::vector<std::string> keys, codes;
  std::vector<base::Uuid> ids;
  std::vector<int32_t> positions, symbologies;
  for (const Variant* variant : variants) {
    int32_t position = 0;
    for (const Barcode& barcode : variant->barcodes) {
      keys.push_back(barcode.lookup_key);
      ids.push_back(variant->id);
      positions.push_back(++position);
      codes.push_back(barcode.code);
      symbologies.push_back(static_cast<int32_t>(barcode.symbology));
    }
  }
  if (keys.empty()) return absl::OkStatus();
  return tx.Exec(kInsertBarcodes, tenant, keys, ids, positions, codes, symbologies).status();
}

/// A price to be written, with the variant whose version and time it takes.
struct NewPrice {
  const Variant* variant;
  const Price* price;
  absl::Time from;
};

absl::Status InsertPrices(pg::Tx& tx, const base::Uuid& tenant, const std::vector<NewPrice>& prices,
                          const base::Uuid& actor) {
  if (prices.empty()) return absl::OkStatus();
  std::vector<base::Uuid> variants, stores;
  std::vector<int64_t> versions, amounts, pers;
  std::vector<std::string> currencies, times;
  for (const NewPrice& price : prices) {
    variants.push_back(price.variant->id);
    versions.push_back(price.variant->version);
    stores.push_back(price.price->store);
    currencies.push_back(price.price->currency);
    amounts.push_back(price.price->amount);
    pers.push_back(price.price->per);
    times.push_back(base::FormatTime(price.from));
  }
  return tx
      .Exec(kInsertPrices, tenant, variants, versions, stores, currencies, amounts, pers, times,
            actor)
      .status();
}

std::optional<base::Uuid> OrNull(const base::Uuid& id) {
  return id.is_nil() ? std::nullopt : std::optional(id);
}

}  // namespace

absl::Status InsertProducts(pg::Tx& tx, const base::Uuid& tenant,
                            const std::vector<NewProduct>& products) {
  std::vector<base::Uuid> ids;
  std::vector<std::string> names, descriptions, tax_categories, times;
  std::vector<std::optional<base::Uuid>> categories;
  std::vector<int64_t> versions;
  std::vector<pg::Bytes> hashes;
  for (const auto& [product, hash] : products) {
    ids.push_back(product.id);
    names.push_back(product.name);
    descriptions.push_back(product.description);
    categories.push_back(OrNull(product.category));
    tax_categories.push_back(product.tax_category);
    times.push_back(base::FormatTime(product.created_at));
    versions.push_back(product.variants.front().version);
    hashes.push_back({hash});
  }
  return tx
      .Exec(kInsertProducts, tenant, ids, names, descriptions, categories, tax_categories, times,
            versions, hashes)
      .status();
}

absl::Status InsertVariants(pg::Tx& tx, const base::Uuid& tenant,
                            const std::vector<const Variant*>& variants,
                            const std::string& request_hash, const base::Uuid& actor) {
  std::vector<base::Uuid> ids, products;
  std::vector<int32_t> positions, policies;
  std::vector<int64_t> versions;
  std::vector<std::string> skus, names, option_names, option_values, times;
  std::vector<bool> stocked;
  std::vector<NewPrice> prices;
  for (const Variant* variant : variants) {
    ids.push_back(variant->id);
    products.push_back(variant->product);
    positions.push_back(variant->position);
    versions.push_back(variant->version);
    skus.push_back(variant->sku);
    names.push_back(variant->name);
    option_names.push_back(Joined<&Option::name>(variant->options));
    option_values.push_back(Joined<&Option::value>(variant->options));
    stocked.push_back(variant->stocked);
    policies.push_back(static_cast<int32_t>(variant->negative_stock));
    times.push_back(base::FormatTime(variant->created_at));
    for (const Price& price : variant->prices) {
      prices.push_back({.variant = variant, .price = &price, .from = variant->created_at});
    }
  }
  std::optional<pg::Bytes> hash;
  if (!request_hash.empty()) hash = pg::Bytes{request_hash};
  CLOUDPOS_RETURN_IF_ERROR(tx.Exec(kInsertVariants, tenant, ids, products, positions, versions,
                                   skus, names, option_names, option_values, stocked, policies,
                                   hash, times)
                               .status());
  CLOUDPOS_RETURN_IF_ERROR(InsertBarcodes(tx, tenant, variants));
  return InsertPrices(tx, tenant, prices, actor);
}

absl::Status UpdateProduct(pg::Tx& tx, const base::Uuid& tenant, const Product& product) {
  return tx
      .Exec(kUpdateProduct, tenant, product.id, product.version, product.name, product.description,
            OrNull(product.category), product.tax_category, product.archived, product.updated_at)
      .status();
}

absl::Status UpdateVariantVersions(pg::Tx& tx, const base::Uuid& tenant, const Product& product) {
  std::vector<base::Uuid> ids;
  std::vector<int64_t> versions;
  for (const Variant& variant : product.variants) {
    ids.push_back(variant.id);
    versions.push_back(variant.version);
  }
  return tx.Exec(kUpdateVariantVersions, tenant, ids, versions, product.updated_at).status();
}

absl::Status UpdateVariant(pg::Tx& tx, const base::Uuid& tenant, const Variant& variant) {
  return tx
      .Exec(kUpdateVariant, tenant, variant.id, variant.version, variant.sku, variant.name,
            Listed<&Option::name>(variant.options), Listed<&Option::value>(variant.options),
            variant.stocked, static_cast<int32_t>(variant.negative_stock), variant.archived,
            variant.updated_at)
      .status();
}

absl::Status ReplaceBarcodes(pg::Tx& tx, const base::Uuid& tenant, const Variant& variant) {
  CLOUDPOS_RETURN_IF_ERROR(tx.Exec(kDeleteBarcodes, tenant, variant.id).status());
  return InsertBarcodes(tx, tenant, {&variant});
}

absl::Status ReplacePrices(pg::Tx& tx, const base::Uuid& tenant, const Variant& variant,
                           const std::vector<Price>& ended, const std::vector<Price>& begun,
                           const base::Uuid& actor) {
  std::vector<base::Uuid> stores;
  std::vector<std::string> currencies;
  for (const Price& price : ended) {
    stores.push_back(price.store);
    currencies.push_back(price.currency);
  }
  CLOUDPOS_RETURN_IF_ERROR(tx.Exec(kEndPrices, tenant, variant.id, variant.version,
                                   variant.updated_at, stores, currencies)
                               .status());
  std::vector<NewPrice> prices;
  for (const Price& price : begun) {
    prices.push_back({.variant = &variant, .price = &price, .from = variant.updated_at});
  }
  return InsertPrices(tx, tenant, prices, actor);
}

}  // namespace cloudpos::inventory
