#include "libs/pricing/inclusive.h"

#include <algorithm>
#include <numeric>

namespace cloudpos::pricing::internal {
namespace {

// The g and h of one line's inclusive taxes over the common denominator `unit`^`depth`.
class LinearForm {
 public:
  LinearForm(const PriceRequest& request, const PriceLine& line) : request_(request), line_(line) {}

  // False on overflow. `fixed` holds the amounts per unit by position.
  bool Build(bool reduce, const std::array<std::int64_t, kMaxTaxesPerLine>& fixed) {
    MeasureDepth();
    unit_ = kOneMillionPpm;
    if (reduce || depth_ > 1) unit_ /= CommonDivisor();
    scale_ = kOneMillionPpm / unit_;
    denominator_ = 1;
    for (int k = 0; k < depth_; ++k) {
      if (!Mul(denominator_, unit_, &denominator_)) return false;
    }
    g_sum_ = h_sum_ = g_base_ = h_base_ = 0;
    has_percent_h_ = false;
    for (std::size_t j = 0; j < line_.taxes.size(); ++j) {
      if (!AddTax(j, fixed[j])) return false;
    }
    return true;
  }

  // The taxes per unit, and percentages on them, over the common denominator.
  Int128 h_sum() const { return h_sum_; }
  Int128 denominator() const { return denominator_; }

  bool Solve(std::int64_t amount, std::int64_t fixed_sum, InclusiveLine* exact) const {
    const Int128 divisor = denominator_ + g_sum_;
    if (!Mul(amount, denominator_, &exact->net_numerator)) return false;
    exact->net_numerator -= h_sum_;
    exact->net_denominator = divisor;
    exact->denominator = divisor;
    if (has_percent_h_ && !Mul(denominator_, divisor, &exact->denominator)) return false;
    for (std::size_t j = 0; j < line_.taxes.size(); ++j) {
      if (!IsInclusivePercent(j)) continue;
      Int128* numerator = &exact->numerator[j];
      if (!has_percent_h_) {
        // h_j = 0 and H = fixed_sum * denominator: the denominator cancels.
        if (!Mul(g_[j], amount - fixed_sum, numerator)) return false;
        continue;
      }
      Int128 from_h = 0;
      if (!Mul(g_[j], exact->net_numerator, numerator) || !Mul(h_[j], divisor, &from_h) ||
          !Add(*numerator, from_h, numerator)) {
        return false;
      }
    }
    return true;
  }

  bool IsInclusivePercent(std::size_t j) const {
    return TaxAt(j).inclusive && TaxAt(j).kind == TaxKind::kPercent;
  }

 private:
  const Tax& TaxAt(std::size_t j) const {
    return request_.taxes[static_cast<std::size_t>(line_.taxes[j])];
  }

  // The longest chain of percent taxes on percent taxes: a power of the unit for each.
  void MeasureDepth() {
    depth_ = 0;
    int below = 0;
    for (std::size_t j = 0; j < line_.taxes.size(); ++j) {
      if (!IsInclusivePercent(j)) continue;
      const int depth = 1 + (TaxAt(j).compound ? below : 0);
      depth_ = std::max(depth_, depth);
      if (TaxAt(j).affects_base) below = std::max(below, depth);
    }
  }

  std::int64_t CommonDivisor() const {
    std::int64_t divisor = kOneMillionPpm;
    for (std::size_t j = 0; j < line_.taxes.size(); ++j) {
      if (IsInclusivePercent(j)) divisor = std::gcd(divisor, TaxAt(j).rate_ppm);
    }
    return divisor;
  }

  bool AddTax(std::size_t j, std::int64_t fixed) {
    const Tax& tax = TaxAt(j);
    g_[j] = h_[j] = 0;
    if (!tax.inclusive || tax.kind == TaxKind::kExempt) return true;
    if (tax.kind == TaxKind::kFixedPerUnit) {
      if (!Mul(fixed, denominator_, &h_[j])) return false;
    } else {
      const Int128 rate = tax.rate_ppm / scale_;
      // Every g and h below is a multiple of the unit as long as a tax can stand on it.
      if (!Mul(rate, (denominator_ + (tax.compound ? g_base_ : 0)) / unit_, &g_[j])) return false;
      if (tax.compound && !Mul(rate, h_base_ / unit_, &h_[j])) return false;
      has_percent_h_ = has_percent_h_ || h_[j] != 0;
    }
    if (tax.affects_base && (!Add(g_base_, g_[j], &g_base_) || !Add(h_base_, h_[j], &h_base_))) {
      return false;
    }
    return Add(g_sum_, g_[j], &g_sum_) && Add(h_sum_, h_[j], &h_sum_);
  }

  const PriceRequest& request_;
  const PriceLine& line_;
  int depth_ = 0;
  std::int64_t unit_ = kOneMillionPpm;
  std::int64_t scale_ = 1;
  Int128 denominator_ = 1;
  std::array<Int128, kMaxTaxesPerLine> g_{};
  std::array<Int128, kMaxTaxesPerLine> h_{};
  Int128 g_sum_ = 0, h_sum_ = 0;
  Int128 g_base_ = 0, h_base_ = 0;  // of the taxes so far that affect later ones
  bool has_percent_h_ = false;
};

using Fixed = std::array<std::int64_t, kMaxTaxesPerLine>;

Error FixedInside(const PriceRequest& request, std::size_t index, Fixed* fixed) {
  const PriceLine& line = request.lines[index];
  for (std::size_t j = 0; j < line.taxes.size(); ++j) {
    const Tax& tax = request.taxes[static_cast<std::size_t>(line.taxes[j])];
    if (!tax.inclusive || tax.kind != TaxKind::kFixedPerUnit) continue;
    if (const Error error = FixedTax(request, index, j, &(*fixed)[j]); !error.ok()) return error;
  }
  return {};
}

}  // namespace

Error FixedTax(const PriceRequest& request, std::size_t line, std::size_t position,
               std::int64_t* amount) {
  const auto index = static_cast<std::size_t>(request.lines[line].taxes[position]);
  const Tax& tax = request.taxes[index];
  const Int128 exact =
      static_cast<Int128>(tax.amount_per_unit) * request.lines[line].quantity_milli;
  const RoundingMode mode = tax.rounding.value_or(request.policy.tax_rounding);
  if (!Fit(RoundDiv(exact, 1000, mode), amount)) {
    return ErrorAt(ErrorCode::kOverflow, line, position);
  }
  return {};
}

Error TakeApart(const PriceRequest& request, std::size_t index, bool reduce, PricedLine* priced,
                InclusiveLine* exact) {
  const PriceLine& line = request.lines[index];
  Fixed fixed{};
  if (const Error error = FixedInside(request, index, &fixed); !error.ok()) return error;
  LinearForm form(request, line);
  Int128 scaled_amount = 0;
  if (!form.Build(reduce, fixed) || !Mul(priced->amount, form.denominator(), &scaled_amount)) {
    return ErrorAt(ErrorCode::kOverflow, index);
  }
  if (form.h_sum() > scaled_amount) {
    // A deposit inside a price that discounts have taken away: it can only be what is left.
    for (std::int64_t& amount : fixed) {
      Int128 share = 0;
      if (!Mul(amount, scaled_amount, &share)) return ErrorAt(ErrorCode::kOverflow, index);
      amount = static_cast<std::int64_t>(share / form.h_sum());
    }
    if (!form.Build(reduce, fixed)) return ErrorAt(ErrorCode::kOverflow, index);
  }
  exact->fixed = 0;
  exact->percents = 0;
  for (std::size_t j = 0; j < line.taxes.size(); ++j) {
    exact->fixed += fixed[j];
    if (fixed[j] != 0) priced->taxes[j].amount = fixed[j];
    if (form.IsInclusivePercent(j)) ++exact->percents;
  }
  if (!form.Solve(priced->amount, exact->fixed, exact)) {
    return ErrorAt(ErrorCode::kOverflow, index);
  }
  return {};
}

}  // namespace cloudpos::pricing::internal
