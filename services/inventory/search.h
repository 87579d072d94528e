#pragma once

// The search itself: words, candidates, ranking.

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/pg/pg.h"
#include "services/inventory/domain/catalogue.h"

namespace cloudpos::inventory {

struct Hit {
  base::Uuid product;
  base::Uuid variant;
};

/// Best first, at most `most`.
absl::StatusOr<std::vector<Hit>> Search(pg::Tx& tx, const base::Uuid& tenant,
                                        const std::string& text, bool archived_too, size_t most);

}  // namespace cloudpos::inventory
