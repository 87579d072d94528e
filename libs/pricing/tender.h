// Tenders, change and cash rounding (features 5.6, 5.7), and what a drawer should hold.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "libs/pricing/error.h"
#include "libs/pricing/rounding.h"

namespace cloudpos::pricing {

// Rounding of the amount paid in cash to the smallest coin, after tax, never on cards. The modes
// differ by direction in some countries (DK, SE).
struct CashRounding {
  std::int64_t increment = 1;                        // minor units, 1..1'000'000; 1: none
  RoundingMode due_mode = RoundingMode::kHalfUp;     // customer pays
  RoundingMode payout_mode = RoundingMode::kHalfUp;  // shop pays: change and refunds
};

struct Tender {
  bool cash = false;
  // Sale: what the customer hands over (cash) or pays (others). Refund: what is given back.
  // Minor units, 0..kMaxAmount.
  std::int64_t amount = 0;
};

// tendered - change = applied + rounding, always: the money that really moved.
struct SettledTender {
  std::int64_t tendered = 0;
  std::int64_t applied = 0;   // the part of the total it settles
  std::int64_t change = 0;    // cash only
  std::int64_t rounding = 0;  // cash only; positive: more moved than was due
};

// Sums. sum(applied) + due_left = total;  cash_moved = drawer delta (negate it for a refund);
// sum(tendered - change) = total - due_left + rounding.
struct Settlement {
  std::vector<SettledTender> tenders;
  std::int64_t due_left = 0;
  std::int64_t change = 0;
  std::int64_t rounding = 0;
  std::int64_t cash_moved = 0;

  bool complete() const { return due_left == 0; }
};

// Applies the tenders of a sale to `total` in order. Cash that covers the rounded rest settles all
// of it, the difference being rounding and the surplus change; cash between the rest and the
// rounded rest, which no coins make, settles it too, what it is over being rounding; less cash is
// applied as it is. An incomplete settlement is not an error: see due_left. Errors: kOutOfRange,
// kLimitExceeded, kOverTender (non-cash beyond what is due, or an amount although nothing is due);
// `line` is the tender's index.
Error Settle(std::int64_t total, std::span<const Tender> tenders, const CashRounding& rounding,
             Settlement* settlement);

// The same for money going back. Cash equal to the rest or to the rounded rest settles all of it
// and pays out the rounded rest (payout_mode); other cash must be less and is paid as it is.
// Amounts are positive. Errors as Settle; kOverTender for cash beyond the rest, too.
Error SettleRefund(std::int64_t total, std::span<const Tender> tenders,
                   const CashRounding& rounding, Settlement* settlement);

// What a drawer should hold. All amounts positive, direction by name; `opening` is what was counted
// at open. Errors: kOutOfRange, kOverflow.
struct DrawerMoves {
  std::int64_t opening = 0;
  std::int64_t cash_sales = 0;    // sum of Settlement::cash_moved of sales
  std::int64_t cash_refunds = 0;  // the same of refunds
  std::int64_t paid_in = 0;
  std::int64_t paid_out = 0;
  std::int64_t drops = 0;
  std::int64_t loans = 0;
};
Error ExpectedCash(const DrawerMoves& moves, std::int64_t* expected);

}  // namespace cloudpos::pricing
