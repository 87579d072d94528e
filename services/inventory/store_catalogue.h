#pragma once

// SQL of catalogue versions, the log of changes, and categories.

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/pg/pg.h"
#include "services/inventory/domain/catalogue.h"

namespace cloudpos::inventory {

/// Locks the tenant's catalogue until the transaction ends and answers its version. First in every
/// transaction that writes it: so versions are dense, and what was read stays true.
absl::StatusOr<int64_t> LockCatalogue(pg::Tx& tx, const base::Uuid& tenant);
absl::Status UpdateCatalogueVersion(pg::Tx& tx, const base::Uuid& tenant, int64_t version);

/// One row of the log.
struct CatalogueChange {
  int64_t version = 0;
  bool is_category = false;
  base::Uuid entity;
  std::string payload;  // serialised VariantChanged or CategoryChanged
};
absl::Status InsertChanges(pg::Tx& tx, const base::Uuid& tenant,
                           const std::vector<CatalogueChange>& changes);

/// 0 for a tenant without a catalogue.
absl::StatusOr<int64_t> SelectCatalogueVersion(pg::Tx& tx, const base::Uuid& tenant);

struct ChangeRange {
  int64_t since = 0;  // exclusive
  int64_t until = 0;  // inclusive
  bool latest_only = false;
  int limit = 0;
  int64_t bytes_max = 0;  // of payloads before a row
};
/// In order of versions.
absl::StatusOr<std::vector<CatalogueChange>> SelectChanges(pg::Tx& tx, const base::Uuid& tenant,
                                                           const ChangeRange& range);

/// What is stored of the request that made a thing with the same id.
struct Created {
  std::string request_hash;
  absl::Time created_at;
  int64_t created_version = 0;
};

absl::StatusOr<std::optional<Created>> SelectCreatedCategory(pg::Tx& tx, const base::Uuid& tenant,
                                                             const base::Uuid& id);
absl::StatusOr<std::optional<Category>> SelectCategory(pg::Tx& tx, const base::Uuid& tenant,
                                                       const base::Uuid& id);
/// Those of `ids` that exist.
absl::StatusOr<std::vector<base::Uuid>> SelectCategoryIds(pg::Tx& tx, const base::Uuid& tenant,
                                                          const std::vector<base::Uuid>& ids);
absl::StatusOr<int64_t> CountCategories(pg::Tx& tx, const base::Uuid& tenant);
absl::Status InsertCategory(pg::Tx& tx, const base::Uuid& tenant, const Category& category,
                            const std::string& request_hash);
absl::Status UpdateCategory(pg::Tx& tx, const base::Uuid& tenant, const Category& category);

/// Where a page by name begins: after this.
struct NameKey {
  std::string name;
  base::Uuid id;
};
absl::StatusOr<std::vector<Category>> SelectCategories(pg::Tx& tx, const base::Uuid& tenant,
                                                       bool archived_too,
                                                       const std::optional<NameKey>& after,
                                                       int limit);

}  // namespace cloudpos::inventory
