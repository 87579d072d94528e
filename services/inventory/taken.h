#pragma once

// What a new or changed variant refers to or claims. The catalogue's lock is held, so that what is
// free now stays free; the unique keys of the tables are the second line.

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "libs/pg/pg.h"
#include "services/inventory/domain/catalogue.h"

namespace cloudpos::inventory {

/// NOT_FOUND naming the category of the product at `at[i]`.
absl::Status CheckCategories(pg::Tx& tx, const base::Uuid& tenant,
                             const std::vector<const Product*>& products,
                             const std::vector<std::string>& at);

/// ALREADY_EXISTS (id), SKU_TAKEN, BARCODE_TAKEN for variants to be made. `single` names the one
/// variant's field where the request has no list of them.
absl::Status CheckNotTaken(pg::Tx& tx, const base::Uuid& tenant,
                           const std::vector<const Product*>& products,
                           const std::vector<std::string>& at, const std::string& single = "");

/// SKU_TAKEN, BARCODE_TAKEN by another variant than this one.
absl::Status CheckNotTakenByOthers(pg::Tx& tx, const base::Uuid& tenant, const Variant& variant);

}  // namespace cloudpos::inventory
