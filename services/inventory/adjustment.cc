#include "services/inventory/adjustment.h"

#include <algorithm>

#include "libs/base/encoding.h"
#include "libs/base/status_macros.h"
#include "libs/base/timestamp.h"
#include "services/inventory/convert.h"

namespace cloudpos::inventory {
namespace {

using namespace common::v1;  // error codes

constexpr int kLinesMax = 2'000;
constexpr size_t kNoteMax = 500;
constexpr int64_t kQuantityMax = 1'000'000'000'000;
constexpr absl::Duration kClockSkewMax = absl::Minutes(5);

bool IsReasonCode(const std::string& code) {
  return code.size() <= 32 && std::all_of(code.begin(), code.end(), [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
         });
}

absl::Status ParseReason(const v1::AdjustStockRequest& request, Adjustment* adjustment) {
  if (request.reason_code().empty()) {
    return base::Fail(REASON_REQUIRED, "reasonCode", "is required");
  }
  if (!IsReasonCode(request.reason_code())) {
    return base::Fail(INVALID_ARGUMENT, "reasonCode", "must be 1 to 32 of A-Z, 0-9 and _");
  }
  adjustment->reason_code = request.reason_code();
  if (!request.note().empty() &&
      (!base::IsPrintableText(request.note()) || base::Utf8Length(request.note()) > kNoteMax)) {
    return base::Fail(INVALID_ARGUMENT, "note", "must be at most 500 printable characters");
  }
  adjustment->note = request.note();
  return absl::OkStatus();
}

absl::Status ParseLines(const v1::AdjustStockRequest& request, Adjustment* adjustment) {
  if (request.lines().empty()) return base::Fail(FIELD_REQUIRED, "lines", "is required");
  if (request.lines_size() > kLinesMax) {
    return base::Fail(LIMIT_EXCEEDED, "lines", "at most 2000 are allowed");
  }
  for (int i = 0; i < request.lines_size(); ++i) {
    const std::string at = "lines[" + std::to_string(i) + "].";
    const v1::AdjustStockLine& line = request.lines(i);
    Movement movement;
    CLOUDPOS_ASSIGN_OR_RETURN(movement.variant,
                              base::Uuid::ParseField(line.variant_id(), at + "variantId"));
    movement.quantity_milli = line.quantity_milli();
    if (movement.quantity_milli == 0 || movement.quantity_milli > kQuantityMax ||
        movement.quantity_milli < -kQuantityMax) {
      return base::Fail(OUT_OF_RANGE, at + "quantityMilli", "must be 1 to 10^12, or less than 0");
    }
    movement.line_no = i + 1;
    movement.kind = MovementKind::kAdjustment;
    adjustment->lines.push_back(std::move(movement));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Adjustment> ParseAdjustment(const v1::AdjustStockRequest& request, absl::Time now) {
  Adjustment adjustment;
  CLOUDPOS_ASSIGN_OR_RETURN(adjustment.id,
                            base::Uuid::ParseField(request.adjustment_id(), "adjustmentId"));
  CLOUDPOS_ASSIGN_OR_RETURN(adjustment.store,
                            base::Uuid::ParseField(request.store_id(), "storeId"));
  CLOUDPOS_ASSIGN_OR_RETURN(adjustment.location, OptionalId(request.location_id(), "locationId"));
  if (adjustment.location.is_nil()) {
    adjustment.location = LocationId(adjustment.store, LocationKind::kSalesFloor);
  }
  CLOUDPOS_RETURN_IF_ERROR(ParseReason(request, &adjustment));
  adjustment.recorded_at = adjustment.occurred_at = now;
  if (request.has_occurred_at()) {
    CLOUDPOS_ASSIGN_OR_RETURN(adjustment.occurred_at,
                              ParseTimestamp(request.occurred_at(), "occurredAt"));
    if (adjustment.occurred_at > now + kClockSkewMax) {
      return base::Fail(OUT_OF_RANGE, "occurredAt", "is in the future");
    }
  }
  CLOUDPOS_RETURN_IF_ERROR(ParseLines(request, &adjustment));
  adjustment.request_hash = RequestHash(request);
  return adjustment;
}

v1::StockAdjustment ToProto(const Adjustment& adjustment) {
  v1::StockAdjustment out;
  out.set_adjustment_id(adjustment.id.ToString());
  out.set_store_id(adjustment.store.ToString());
  out.set_location_id(adjustment.location.ToString());
  out.set_reason_code(adjustment.reason_code);
  out.set_note(adjustment.note);
  base::SetTime(adjustment.occurred_at, out.mutable_occurred_at());
  base::SetTime(adjustment.recorded_at, out.mutable_recorded_at());
  out.set_actor_id(adjustment.actor.ToString());
  for (const Movement& line : adjustment.lines) {
    v1::AdjustStockLine* added = out.add_lines();
    added->set_variant_id(line.variant.ToString());
    added->set_quantity_milli(line.quantity_milli);
  }
  return out;
}

v1::StockAdjusted ToEvent(const Adjustment& adjustment) {
  v1::StockAdjusted out;
  out.set_tenant_id(adjustment.tenant.ToString());
  out.set_adjustment_id(adjustment.id.ToString());
  out.set_store_id(adjustment.store.ToString());
  out.set_location_id(adjustment.location.ToString());
  out.set_actor_id(adjustment.actor.ToString());
  out.set_reason_code(adjustment.reason_code);
  base::SetTime(adjustment.occurred_at, out.mutable_occurred_at());
  base::SetTime(adjustment.recorded_at, out.mutable_recorded_at());
  for (const Movement& line : adjustment.lines) {
    v1::StockAdjustedLine* added = out.add_lines();
    added->set_line_no(line.line_no);
    added->set_variant_id(line.variant.ToString());
    added->set_quantity_milli(line.quantity_milli);
  }
  return out;
}

}  // namespace cloudpos::inventory
