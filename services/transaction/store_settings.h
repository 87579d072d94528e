#pragma once

// Taxes, tax categories and store policies. Writes take the version they replace (0 = create) and
// answer STALE_VERSION with the stored one otherwise.

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cloudpos/transaction/v1/settings.pb.h"
#include "libs/base/ids.h"
#include "libs/pg/pg.h"

namespace cloudpos::transaction {

/// Sets tax->version to the new one.
absl::Status PutTax(pg::Tx& tx, const base::Uuid& tenant, v1::Tax* tax);
absl::StatusOr<std::vector<v1::Tax>> SelectTaxes(pg::Pool& pool, const base::Uuid& tenant,
                                                 absl::Time deadline);
/// NOT_FOUND when a tax it names does not exist.
absl::Status PutTaxCategory(pg::Tx& tx, const base::Uuid& tenant, v1::TaxCategory* category);
absl::StatusOr<std::vector<v1::TaxCategory>> SelectTaxCategories(pg::Pool& pool,
                                                                 const base::Uuid& tenant,
                                                                 absl::Time deadline);
absl::Status PutStorePolicy(pg::Tx& tx, const base::Uuid& tenant, v1::StorePolicy* policy);
/// The defaults, with version 0, when none is stored.
absl::StatusOr<v1::StorePolicy> SelectStorePolicy(pg::Pool& pool, const base::Uuid& tenant,
                                                  const base::Uuid& store, absl::Time deadline);

}  // namespace cloudpos::transaction
