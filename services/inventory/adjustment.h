#pragma once

// A stock adjustment between request, event and answer.

#include "absl/status/statusor.h"
#include "cloudpos/inventory/v1/events.pb.h"
#include "cloudpos/inventory/v1/stock.pb.h"
#include "services/inventory/store_stock.h"

namespace cloudpos::inventory {

/// The fields of a request, without what the caller adds (tenant, actor, times' defaults).
/// FIELD_REQUIRED, INVALID_ARGUMENT, OUT_OF_RANGE, LIMIT_EXCEEDED.
absl::StatusOr<Adjustment> ParseAdjustment(const v1::AdjustStockRequest& request, absl::Time now);

v1::StockAdjustment ToProto(const Adjustment& adjustment);
v1::StockAdjusted ToEvent(const Adjustment& adjustment);

}  // namespace cloudpos::inventory
