#include "libs/pricing/tender.h"

#include <algorithm>

#include "libs/pricing/internal.h"

namespace cloudpos::pricing {
namespace {

using internal::ErrorAt;
using internal::Fit;

constexpr std::int64_t kMaxIncrement = 1'000'000;

bool IsAmount(std::int64_t value) { return value >= 0 && value <= kMaxAmount; }

Error Check(std::int64_t total, std::span<const Tender> tenders, const CashRounding& rounding) {
  if (tenders.size() > kMaxTenders) return {ErrorCode::kLimitExceeded};
  if (!IsAmount(total) || rounding.increment < 1 || rounding.increment > kMaxIncrement) {
    return {ErrorCode::kOutOfRange};
  }
  for (std::size_t i = 0; i < tenders.size(); ++i) {
    if (!IsAmount(tenders[i].amount)) return ErrorAt(ErrorCode::kOutOfRange, i);
  }
  return {};
}

// Cash of a sale that settles `due` if it covers it or the rounded due.
void TakeCash(std::int64_t due, const CashRounding& rounding, SettledTender* tender) {
  const std::int64_t rounded = RoundToIncrement(due, rounding.increment, rounding.due_mode);
  if (tender->tendered < rounded) {
    tender->applied = std::min(tender->tendered, due);
    tender->rounding = tender->tendered - tender->applied;
    return;
  }
  tender->applied = due;
  // A surplus the coins cannot express is rounded, too, and becomes part of the posting; nobody
  // gets back more than was handed over.
  tender->change = std::min(
      tender->tendered,
      RoundToIncrement(tender->tendered - rounded, rounding.increment, rounding.payout_mode));
  tender->rounding = tender->tendered - tender->change - due;
}

// Cash of a refund: the whole rest, or a part as it is.
Error GiveCash(std::int64_t due, const CashRounding& rounding, SettledTender* tender) {
  const std::int64_t rounded = RoundToIncrement(due, rounding.increment, rounding.payout_mode);
  if (tender->tendered == due || tender->tendered == rounded) {
    tender->applied = due;
    tender->tendered = rounded;
    tender->rounding = rounded - due;
    return {};
  }
  if (tender->tendered > due) return {ErrorCode::kOverTender};
  tender->applied = tender->tendered;
  return {};
}

Error Apply(bool refund, std::int64_t total, std::span<const Tender> tenders,
            const CashRounding& rounding, Settlement* settlement) {
  if (const Error error = Check(total, tenders, rounding); !error.ok()) return error;
  *settlement = {};
  settlement->due_left = total;
  settlement->tenders.reserve(tenders.size());
  for (std::size_t i = 0; i < tenders.size(); ++i) {
    const std::int64_t due = settlement->due_left;
    SettledTender settled{.tendered = tenders[i].amount};
    const bool nothing_due = due == 0 && settled.tendered > 0;
    if (nothing_due || (!tenders[i].cash && settled.tendered > due)) {
      return ErrorAt(ErrorCode::kOverTender, i);
    }
    if (!tenders[i].cash) {
      settled.applied = settled.tendered;
    } else if (!refund) {
      TakeCash(due, rounding, &settled);
    } else if (const Error error = GiveCash(due, rounding, &settled); !error.ok()) {
      return ErrorAt(error.code, i);
    }
    settlement->due_left -= settled.applied;
    settlement->change += settled.change;
    settlement->rounding += settled.rounding;
    if (tenders[i].cash) settlement->cash_moved += settled.tendered - settled.change;
    settlement->tenders.push_back(settled);
  }
  return {};
}

}  // namespace

Error Settle(std::int64_t total, std::span<const Tender> tenders, const CashRounding& rounding,
             Settlement* settlement) {
  return Apply(false, total, tenders, rounding, settlement);
}

Error SettleRefund(std::int64_t total, std::span<const Tender> tenders,
                   const CashRounding& rounding, Settlement* settlement) {
  return Apply(true, total, tenders, rounding, settlement);
}

Error ExpectedCash(const DrawerMoves& moves, std::int64_t* expected) {
  for (const std::int64_t amount : {moves.opening, moves.cash_sales, moves.cash_refunds,
                                    moves.paid_in, moves.paid_out, moves.drops, moves.loans}) {
    if (!IsAmount(amount)) return {ErrorCode::kOutOfRange};
  }
  const Int128 sum = static_cast<Int128>(moves.opening) + moves.cash_sales - moves.cash_refunds +
                     moves.paid_in - moves.paid_out - moves.drops + moves.loans;
  if (!Fit(sum, expected)) return {ErrorCode::kOverflow};
  return {};
}

}  // namespace cloudpos::pricing
