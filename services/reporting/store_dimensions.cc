#include "services/reporting/store_dimensions.h"

#include "libs/base/ids.h"
#include "libs/base/status_macros.h"
#include "services/reporting/store_columns.h"

namespace cloudpos::reporting {
namespace {

constexpr pg::Query kUpsertStore{"upsert_store", R"sql(
  INSERT INTO stores AS s (set_id, tenant_id, store_id, version, name, time_zone, currency_code,
    cutoff_minutes, archived)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
  ON CONFLICT (tenant_id, set_id, store_id) DO UPDATE SET version = excluded.version,
    name = excluded.name, time_zone = excluded.time_zone, currency_code = excluded.currency_code,
    cutoff_minutes = excluded.cutoff_minutes, archived = excluded.archived
  WHERE s.version < excluded.version)sql"};

constexpr pg::Query kUpsertRegister{"upsert_register", R"sql(
  INSERT INTO registers AS r (set_id, tenant_id, register_id, version, store_id, name)
  VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT (tenant_id, set_id, register_id) DO UPDATE SET version = excluded.version,
    store_id = excluded.store_id, name = excluded.name
  WHERE r.version < excluded.version)sql"};

// A batch may hold several variants of a product: the newest names it.
constexpr pg::Query kUpsertProducts{"upsert_products", R"sql(
  INSERT INTO products AS p (set_id, tenant_id, product_id, version, name)
  SELECT DISTINCT ON (u.tenant_id, u.product_id) $1::smallint, u.tenant_id, u.product_id,
    u.version, u.name
  FROM unnest($2::uuid[], $3::uuid[], $4::bigint[], $5::text[])
    AS u (tenant_id, product_id, version, name)
  ORDER BY u.tenant_id, u.product_id, u.version DESC
  ON CONFLICT (tenant_id, set_id, product_id) DO UPDATE SET version = excluded.version,
    name = excluded.name
  WHERE p.version < excluded.version)sql"};

constexpr pg::Query kUpsertVariants{"upsert_variants", R"sql(
  INSERT INTO variants AS v (set_id, tenant_id, variant_id, version, name, sku, stocked, archived)
  SELECT DISTINCT ON (u.tenant_id, u.variant_id) $1::smallint, u.tenant_id, u.variant_id,
    u.version, u.name, u.sku, u.stocked, u.archived
  FROM unnest($2::uuid[], $3::uuid[], $4::bigint[], $5::text[], $6::text[], $7::boolean[],
    $8::boolean[]) AS u (tenant_id, variant_id, version, name, sku, stocked, archived)
  ORDER BY u.tenant_id, u.variant_id, u.version DESC
  ON CONFLICT (tenant_id, set_id, variant_id) DO UPDATE SET version = excluded.version,
    name = excluded.name, sku = excluded.sku, stocked = excluded.stocked,
    archived = excluded.archived
  WHERE v.version < excluded.version)sql"};

constexpr pg::Query kUpsertCategories{"upsert_categories", R"sql(
  INSERT INTO categories AS c (set_id, tenant_id, category_id, version, name)
  SELECT DISTINCT ON (u.tenant_id, u.category_id) $1::smallint, u.tenant_id, u.category_id,
    u.version, u.name
  FROM unnest($2::uuid[], $3::uuid[], $4::bigint[], $5::text[])
    AS u (tenant_id, category_id, version, name)
  ORDER BY u.tenant_id, u.category_id, u.version DESC
  ON CONFLICT (tenant_id, set_id, category_id) DO UPDATE SET version = excluded.version,
    name = excluded.name
  WHERE c.version < excluded.version)sql"};

/// Columns of kUpsertProducts and kUpsertCategories.
struct NameColumns {
  std::vector<base::Uuid> tenants, ids;
  std::vector<int64_t> versions;
  std::vector<std::string> names;

  absl::Status Add(const std::string& tenant, const std::string& id, const char* id_field,
                   int64_t version, const std::string& name) {
    CLOUDPOS_ASSIGN_OR_RETURN(tenants.emplace_back(), base::Uuid::ParseField(tenant, "tenantId"));
    CLOUDPOS_ASSIGN_OR_RETURN(ids.emplace_back(), base::Uuid::ParseField(id, id_field));
    versions.push_back(version);
    names.push_back(name);
    return absl::OkStatus();
  }

  absl::Status Exec(pg::Tx& tx, int set, const pg::Query& query) const {
    if (ids.empty()) return absl::OkStatus();
    return Params(set).Add(tenants).Add(ids).Add(versions).Add(names).Exec(tx, query).status();
  }
};

}  // namespace

absl::Status UpsertStore(pg::Tx& tx, int set, const auth::v1::StoreChanged& event) {
  return tx
      .Exec(kUpsertStore, set, event.tenant_id(), event.store_id(), event.version(), event.name(),
            event.time_zone(), event.currency_code(), event.cutoff_minutes(), event.archived())
      .status();
}

absl::Status UpsertRegister(pg::Tx& tx, int set, const auth::v1::RegisterChanged& event) {
  return tx
      .Exec(kUpsertRegister, set, event.tenant_id(), event.register_id(), event.version(),
            event.store_id(), event.name())
      .status();
}

absl::Status UpsertVariants(pg::Tx& tx, int set,
                            const std::vector<inventory::v1::VariantChanged>& events) {
  if (events.empty()) return absl::OkStatus();
  NameColumns products, variants;
  std::vector<std::string> skus;
  std::vector<bool> stocked, archived;
  for (const inventory::v1::VariantChanged& event : events) {
    const std::string name = event.variant_name().empty()
                                 ? event.product_name()
                                 : event.product_name() + ", " + event.variant_name();
    CLOUDPOS_RETURN_IF_ERROR(products.Add(event.tenant_id(), event.product_id(), "productId",
                                          event.version(), event.product_name()));
    CLOUDPOS_RETURN_IF_ERROR(variants.Add(event.tenant_id(), event.variant_id(), "variantId",
                                          event.version(), name));
    skus.push_back(event.sku());
    stocked.push_back(event.stocked());
    archived.push_back(event.archived());
  }
  Params params(set);
  params.Add(variants.tenants).Add(variants.ids).Add(variants.versions).Add(variants.names);
  params.Add(skus).Add(stocked).Add(archived);
  CLOUDPOS_RETURN_IF_ERROR(params.Exec(tx, kUpsertVariants).status());
  return products.Exec(tx, set, kUpsertProducts);
}

absl::Status UpsertCategories(pg::Tx& tx, int set,
                              const std::vector<inventory::v1::CategoryChanged>& events) {
  NameColumns columns;
  for (const inventory::v1::CategoryChanged& event : events) {
    CLOUDPOS_RETURN_IF_ERROR(columns.Add(event.tenant_id(), event.category_id(), "categoryId",
                                         event.version(), event.name()));
  }
  return columns.Exec(tx, set, kUpsertCategories);
}

}  // namespace cloudpos::reporting
