#include "services/inventory/domain/movements.h"

#include <algorithm>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"

namespace cloudpos::inventory {
namespace {

using namespace common::v1;  // error codes

LocationKind LocationOf(std::string_view disposition) {
  if (disposition == "DAMAGED") return LocationKind::kDamaged;
  if (disposition == "TO_VENDOR") return LocationKind::kToVendor;
  return LocationKind::kSalesFloor;
}

}  // namespace

base::Uuid LocationId(const base::Uuid& store, LocationKind kind) {
  return base::DeriveUuidV5(
      store, std::string("stock location ") + std::to_string(static_cast<int>(kind)));
}

std::string_view LocationName(LocationKind kind) {
  switch (kind) {
    case LocationKind::kDamaged:
      return "Damaged";
    case LocationKind::kToVendor:
      return "To vendor";
    default:
      return "Sales floor";
  }
}

absl::StatusOr<EntryEffect> EffectOf(const journal::SaleEntry& entry) {
  EntryEffect effect;
  const int sign = journal::EntrySign(entry);
  if (sign == 0) return effect;
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid tenant,
                            base::Uuid::ParseField(entry.tenant, "tenant"));
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid document,
                            base::Uuid::ParseField(entry.sale_id, "saleId"));
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid store, base::Uuid::ParseField(entry.store, "store"));
  const bool is_return = sign < 0;
  for (const journal::EntryLine& line : entry.lines) {
    if (!line.stocked || line.quantity_milli == 0) continue;
    if (line.line_no < 1 || line.line_no > INT32_MAX) {
      return base::Fail(INVALID_ARGUMENT, "lines.lineNo", "is out of range");
    }
    CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid variant,
                              base::Uuid::ParseField(line.variant_id, "lines.variantId"));
    const LocationKind place = is_return ? LocationOf(line.disposition) : LocationKind::kSalesFloor;
    const StockLocation location{
        .tenant = tenant, .id = LocationId(store, place), .store = store, .kind = place};
    effect.movements.push_back(
        {.tenant = tenant,
         .document = document,
         .line_no = static_cast<int>(line.line_no),
         .kind = is_return ? MovementKind::kReturn : MovementKind::kSale,
         .location = location.id,
         .variant = variant,
         .quantity_milli = is_return ? line.quantity_milli : -line.quantity_milli,
         .reason_code = line.return_reason,
         .actor = base::Uuid::Parse(entry.operator_id),
         .occurred_at = absl::FromUnixMicros(entry.occurred_at_us)});
    if (std::find(effect.locations.begin(), effect.locations.end(), location) ==
        effect.locations.end()) {
      effect.locations.push_back(location);
    }
  }
  return effect;
}

void See(JournalProgress& progress, int64_t number) {
  if (number <= progress.contiguous_to) return;
  const auto place = std::lower_bound(progress.ahead.begin(), progress.ahead.end(), number);
  if (place != progress.ahead.end() && *place == number) return;
  if (number != progress.contiguous_to + 1 && progress.ahead.size() >= kAheadMax) return;
  progress.ahead.insert(place, number);
  size_t joined = 0;
  while (joined < progress.ahead.size() && progress.ahead[joined] == progress.contiguous_to + 1) {
    ++progress.contiguous_to;
    ++joined;
  }
  progress.ahead.erase(progress.ahead.begin(),
                       progress.ahead.begin() + static_cast<std::ptrdiff_t>(joined));
}

}  // namespace cloudpos::inventory
