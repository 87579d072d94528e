#include "services/inventory/store_catalogue.h"

#include "libs/base/status_macros.h"

namespace cloudpos::inventory {
namespace {

constexpr pg::Query kInsertCatalogueVersion{"insert_catalogue_version", R"sql(
  INSERT INTO catalogue_versions (tenant_id) VALUES ($1) ON CONFLICT DO NOTHING)sql"};

constexpr pg::Query kSelectCatalogueVersionForUpdate{"select_catalogue_version_for_update", R"sql(
  SELECT version FROM catalogue_versions WHERE tenant_id = $1 FOR UPDATE)sql"};

constexpr pg::Query kSelectCatalogueVersion{"select_catalogue_version", R"sql(
  SELECT version FROM catalogue_versions WHERE tenant_id = $1)sql"};

constexpr pg::Query kUpdateCatalogueVersion{"update_catalogue_version", R"sql(
  UPDATE catalogue_versions SET version = $2 WHERE tenant_id = $1)sql"};

constexpr pg::Query kInsertChanges{"insert_catalogue_changes", R"sql(
  INSERT INTO catalogue_changes (tenant_id, version, is_category, entity_id, payload)
  SELECT $1::uuid, e.version, e.is_category, e.entity_id, e.payload
  FROM unnest($2::bigint[], $3::boolean[], $4::uuid[], $5::bytea[])
    AS e (version, is_category, entity_id, payload))sql"};

constexpr pg::Query kSelectChanges{"select_catalogue_changes", R"sql(
  SELECT version, is_category, entity_id, payload
  FROM (
    SELECT version, is_category, entity_id, payload,
      coalesce(sum(length(payload)) OVER (
        ORDER BY version ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS bytes_before
    FROM (
      SELECT version, is_category, entity_id, payload FROM catalogue_changes
      WHERE tenant_id = $1 AND version > $2 AND version <= $3 ORDER BY version LIMIT $4) AS page
  ) AS sized
  WHERE bytes_before < $5::bigint
  ORDER BY version)sql"};

constexpr pg::Query kSelectLatestChanges{"select_latest_catalogue_changes", R"sql(
  SELECT version, is_category, entity_id, payload
  FROM (
    SELECT c.version, c.is_category, c.entity_id, c.payload,
      coalesce(sum(length(c.payload)) OVER (
        ORDER BY c.version ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS bytes_before
    FROM (
      SELECT version FROM (
        (SELECT version FROM variants
         WHERE tenant_id = $1 AND version > $2 AND version <= $3 ORDER BY version LIMIT $4)
        UNION ALL
        (SELECT version FROM categories
         WHERE tenant_id = $1 AND version > $2 AND version <= $3 ORDER BY version LIMIT $4)
      ) AS both_kinds ORDER BY version LIMIT $4
    ) AS page
    JOIN catalogue_changes AS c ON c.tenant_id = $1 AND c.version = page.version
  ) AS sized
  WHERE bytes_before < $5::bigint
  ORDER BY version)sql"};

constexpr pg::Query kSelectCreatedCategory{"select_created_category", R"sql(
  SELECT request_hash, created_at, created_version FROM categories
  WHERE tenant_id = $1 AND category_id = $2)sql"};

constexpr pg::Query kSelectCategory{"select_category", R"sql(
  SELECT category_id, version, name, parent_category_id, archived, created_at, updated_at
  FROM categories WHERE tenant_id = $1 AND category_id = $2)sql"};

constexpr pg::Query kSelectCategoryIds{"select_category_ids", R"sql(
  SELECT category_id FROM categories WHERE tenant_id = $1 AND category_id = ANY($2::uuid[]))sql"};

constexpr pg::Query kCountCategories{"count_categories", R"sql(
  SELECT count(*) AS count FROM categories WHERE tenant_id = $1)sql"};

constexpr pg::Query kInsertCategory{"insert_category", R"sql(
  INSERT INTO categories (tenant_id, category_id, version, name, parent_category_id, archived,
    created_at, updated_at, created_version, request_hash)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $3, $8))sql"};

constexpr pg::Query kUpdateCategory{"update_category", R"sql(
  UPDATE categories SET version = $3, name = $4, parent_category_id = $5, archived = $6,
    updated_at = $7
  WHERE tenant_id = $1 AND category_id = $2)sql"};

constexpr pg::Query kSelectCategories{"select_categories", R"sql(
  SELECT category_id, version, name, parent_category_id, archived, created_at, updated_at
  FROM categories
  WHERE tenant_id = $1 AND (name, category_id) > ($2::text, $3::uuid) AND ($4 OR NOT archived)
  ORDER BY name, category_id LIMIT $5)sql"};

Category CategoryOf(const pg::Row& row) {
  Category category;
  category.id = row.Get<base::Uuid>("category_id");
  category.version = row.Get<int64_t>("version");
  category.name = row.Get<std::string>("name");
  category.parent = row.Get<std::optional<base::Uuid>>("parent_category_id").value_or(base::Uuid());
  category.archived = row.Get<bool>("archived");
  category.created_at = row.Get<absl::Time>("created_at");
  category.updated_at = row.Get<absl::Time>("updated_at");
  return category;
}

std::optional<base::Uuid> OrNull(const base::Uuid& id) {
  return id.is_nil() ? std::nullopt : std::optional(id);
}

}  // namespace

absl::StatusOr<int64_t> LockCatalogue(pg::Tx& tx, const base::Uuid& tenant) {
  CLOUDPOS_ASSIGN_OR_RETURN(pg::Result rows, tx.Exec(kSelectCatalogueVersionForUpdate, tenant));
  if (rows.empty()) {
    CLOUDPOS_RETURN_IF_ERROR(tx.Exec(kInsertCatalogueVersion, tenant).status());
    CLOUDPOS_ASSIGN_OR_RETURN(rows, tx.Exec(kSelectCatalogueVersionForUpdate, tenant));
  }
  return rows[0].Get<int64_t>("version");
}

absl::Status UpdateCatalogueVersion(pg::Tx& tx, const base::Uuid& tenant, int64_t version) {
  return tx.Exec(kUpdateCatalogueVersion, tenant, version).status();
}

absl::Status InsertChanges(pg::Tx& tx, const base::Uuid& tenant,
                           const std::vector<CatalogueChange>& changes) {
  std::vector<int64_t> versions;
  std::vector<bool> kinds;
  std::vector<base::Uuid> entities;
  std::vector<pg::Bytes> payloads;
  for (const CatalogueChange& change : changes) {
    versions.push_back(change.version);
    kinds.push_back(change.is_category);
    entities.push_back(change.entity);
    payloads.push_back({change.payload});
  }
  return tx.Exec(kInsertChanges, tenant, versions, kinds, entities, payloads).status();
}

absl::StatusOr<int64_t> SelectCatalogueVersion(pg::Tx& tx, const base::Uuid& tenant) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows, tx.Exec(kSelectCatalogueVersion, tenant));
  return rows.empty() ? 0 : rows[0].Get<int64_t>("version");
}

absl::StatusOr<std::vector<CatalogueChange>> SelectChanges(pg::Tx& tx, const base::Uuid& tenant,
                                                           const ChangeRange& range) {
  CLOUDPOS_ASSIGN_OR_RETURN(
      const pg::Result rows,
      tx.Exec(range.latest_only ? kSelectLatestChanges : kSelectChanges, tenant, range.since,
              range.until, range.limit, range.bytes_max));
  std::vector<CatalogueChange> changes;
  for (const pg::Row row : rows) {
    changes.push_back({.version = row.Get<int64_t>("version"),
                       .is_category = row.Get<bool>("is_category"),
                       .entity = row.Get<base::Uuid>("entity_id"),
                       .payload = row.Get<pg::Bytes>("payload").value});
  }
  return changes;
}

absl::StatusOr<std::optional<Created>> SelectCreatedCategory(pg::Tx& tx, const base::Uuid& tenant,
                                                             const base::Uuid& id) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows, tx.Exec(kSelectCreatedCategory, tenant, id));
  if (rows.empty()) return std::optional<Created>();
  return std::optional(Created{.request_hash = rows[0].Get<pg::Bytes>("request_hash").value,
                               .created_at = rows[0].Get<absl::Time>("created_at"),
                               .created_version = rows[0].Get<int64_t>("created_version")});
}

absl::StatusOr<std::optional<Category>> SelectCategory(pg::Tx& tx, const base::Uuid& tenant,
                                                       const base::Uuid& id) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows, tx.Exec(kSelectCategory, tenant, id));
  if (rows.empty()) return std::optional<Category>();
  return std::optional(CategoryOf(rows[0]));
}

absl::StatusOr<std::vector<base::Uuid>> SelectCategoryIds(pg::Tx& tx, const base::Uuid& tenant,
                                                          const std::vector<base::Uuid>& ids) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows, tx.Exec(kSelectCategoryIds, tenant, ids));
  std::vector<base::Uuid> found;
  for (const pg::Row row : rows) found.push_back(row.Get<base::Uuid>("category_id"));
  return found;
}

absl::StatusOr<int64_t> CountCategories(pg::Tx& tx, const base::Uuid& tenant) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows, tx.Exec(kCountCategories, tenant));
  return rows[0].Get<int64_t>("count");
}

absl::Status InsertCategory(pg::Tx& tx, const base::Uuid& tenant, const Category& category,
                            const std::string& request_hash) {
  return tx
      .Exec(kInsertCategory, tenant, category.id, category.version, category.name,
            OrNull(category.parent), category.archived, category.created_at,
            pg::Bytes{request_hash})
      .status();
}

absl::Status UpdateCategory(pg::Tx& tx, const base::Uuid& tenant, const Category& category) {
  return tx
      .Exec(kUpdateCategory, tenant, category.id, category.version, category.name,
            OrNull(category.parent), category.archived, category.updated_at)
      .status();
}

absl::StatusOr<std::vector<Category>> SelectCategories(pg::Tx& tx, const base::Uuid& tenant,
                                                       bool archived_too,
                                                       const std::optional<NameKey>& after,
                                                       int limit) {
  const NameKey from = after.value_or(NameKey{});
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows, tx.Exec(kSelectCategories, tenant, from.name,
                                                           from.id, archived_too, limit));
  std::vector<Category> categories;
  for (const pg::Row row : rows) categories.push_back(CategoryOf(row));
  return categories;
}

}  // namespace cloudpos::inventory
