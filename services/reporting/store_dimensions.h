#pragma once

// Names, zones and cut-offs of other services' things; the highest version wins.

#include <vector>

#include "absl/status/status.h"
#include "cloudpos/auth/v1/events.pb.h"
#include "cloudpos/inventory/v1/events.pb.h"
#include "libs/pg/pg.h"

namespace cloudpos::reporting {

absl::Status UpsertStore(pg::Tx& tx, int set, const auth::v1::StoreChanged& event);
absl::Status UpsertRegister(pg::Tx& tx, int set, const auth::v1::RegisterChanged& event);
/// Their products' names, too.
absl::Status UpsertVariants(pg::Tx& tx, int set,
                            const std::vector<inventory::v1::VariantChanged>& events);
absl::Status UpsertCategories(pg::Tx& tx, int set,
                              const std::vector<inventory::v1::CategoryChanged>& events);

}  // namespace cloudpos::reporting
