#pragma once

// The ledger: what a document moves.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/ids.h"
#include "libs/journal/entry.h"

namespace cloudpos::inventory {

/// Numbers as in stock.proto.
enum class MovementKind { kSale = 1, kReturn = 2, kAdjustment = 3 };
enum class LocationKind { kSalesFloor = 1, kDamaged = 2, kToVendor = 3 };

/// Of a store's location of a kind: each store has one of each, made when first needed.
base::Uuid LocationId(const base::Uuid& store, LocationKind kind);
std::string_view LocationName(LocationKind kind);

struct Movement {
  base::Uuid tenant;
  base::Uuid document;
  int line_no = 0;
  MovementKind kind = MovementKind::kSale;
  base::Uuid location;
  base::Uuid variant;
  int64_t quantity_milli = 0;
  std::string reason_code;
  std::optional<base::Uuid> actor;
  absl::Time occurred_at;
};

struct StockLocation {
  base::Uuid tenant;
  base::Uuid id;
  base::Uuid store;
  LocationKind kind = LocationKind::kSalesFloor;
  friend auto operator<=>(const StockLocation&, const StockLocation&) = default;
};

/// What a journal entry does to the stock: a sale takes its stocked lines away, a return brings
/// them back to the place its disposition says. Training and all other entries move nothing.
struct EntryEffect {
  std::vector<Movement> movements;
  std::vector<StockLocation> locations;  // those the movements need
};
/// INVALID_ARGUMENT for an entry that cannot be meant.
absl::StatusOr<EntryEffect> EffectOf(const journal::SaleEntry& entry);

/// How far a journal was seen: 1..contiguous_to, and the numbers in `ahead` (sorted).
struct JournalProgress {
  int64_t contiguous_to = 0;
  std::vector<int64_t> ahead;
};
/// Numbers kept ahead of a gap at most; beyond it the gap is known well enough.
constexpr size_t kAheadMax = 10'000;
void See(JournalProgress& progress, int64_t number);

}  // namespace cloudpos::inventory
