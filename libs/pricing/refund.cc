#include "libs/pricing/refund.h"

#include "libs/pricing/internal.h"

namespace cloudpos::pricing {
namespace {

using internal::ErrorAt;
using internal::Fit;

bool IsAmount(std::int64_t value) { return value >= 0 && value <= kMaxAmount; }

Error Check(const SoldLine& sold, std::int64_t returned, std::int64_t quantity) {
  if (sold.taxes.size() > kMaxTaxesPerLine) return {ErrorCode::kLimitExceeded};
  if (sold.quantity_milli < 1 || sold.quantity_milli > kMaxQuantityMilli || returned < 0 ||
      quantity < 1) {
    return {ErrorCode::kBadQuantity};
  }
  if (returned > sold.quantity_milli || quantity > sold.quantity_milli - returned) {
    return {ErrorCode::kReturnExceeds};
  }
  if (!IsAmount(sold.gross) || !IsAmount(sold.line_discount) || !IsAmount(sold.order_discount) ||
      sold.line_discount + sold.order_discount > sold.gross) {
    return {ErrorCode::kOutOfRange};
  }
  for (std::size_t k = 0; k < sold.taxes.size(); ++k) {
    std::int64_t ignored = 0;
    if (!Fit(sold.taxes[k].amount, &ignored)) {
      return {ErrorCode::kOutOfRange, -1, static_cast<std::int32_t>(k)};
    }
  }
  return {};
}

// The part of stored amounts that falls to the units from `from` to `to` of `of`.
struct Part {
  std::int64_t from, to, of;

  std::int64_t Of(std::int64_t amount, RoundingMode mode) const {
    return static_cast<std::int64_t>(RoundDiv(static_cast<Int128>(amount) * to, of, mode) -
                                     RoundDiv(static_cast<Int128>(amount) * from, of, mode));
  }
};

}  // namespace

Error Refund(const SoldLine& sold, std::int64_t returned_milli, std::int64_t quantity_milli,
             RefundedLine* refunded) {
  if (const Error error = Check(sold, returned_milli, quantity_milli); !error.ok()) return error;
  const Part part{returned_milli, returned_milli + quantity_milli, sold.quantity_milli};
  const std::int64_t discount = sold.line_discount + sold.order_discount;
  // Half a discount given back is half less of the amount: the mirror of HALF_UP (see refund.h).
  const RoundingMode amount_mode = discount == 0 ? RoundingMode::kHalfUp : RoundingMode::kHalfDown;
  refunded->gross = part.Of(sold.gross, RoundingMode::kHalfUp);
  refunded->amount = part.Of(sold.gross - discount, amount_mode);
  const std::int64_t discount_part = refunded->gross - refunded->amount;
  refunded->order_discount =
      sold.line_discount == 0 ? discount_part : part.Of(sold.order_discount, RoundingMode::kHalfUp);
  refunded->line_discount = discount_part - refunded->order_discount;
  refunded->taxes.assign(sold.taxes.size(), 0);
  refunded->net = refunded->amount;
  Int128 tax_sum = 0;
  for (std::size_t k = 0; k < sold.taxes.size(); ++k) {
    const std::int64_t tax = part.Of(sold.taxes[k].amount, RoundingMode::kHalfUp);
    refunded->taxes[k] = tax;
    tax_sum += tax;
    if (sold.taxes[k].inclusive) refunded->net -= tax;
  }
  if (!Fit(tax_sum, &refunded->tax) || !Fit(tax_sum + refunded->net, &refunded->total)) {
    return {ErrorCode::kOverflow};
  }
  return {};
}

}  // namespace cloudpos::pricing
