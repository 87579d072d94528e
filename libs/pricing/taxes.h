// Helpers of step 3, shared by taxes.cc (per line) and tax_groups.cc (per rate). Internal.
#pragma once

#include "libs/pricing/internal.h"

namespace cloudpos::pricing::internal {

struct TaxWork {
  const PriceRequest& request;
  PriceResult* result;
  Trace* trace;

  const Tax& TaxAt(std::size_t line, std::size_t position) const {
    const auto index = static_cast<std::size_t>(request.lines[line].taxes[position]);
    return request.taxes[index];
  }
  RoundingMode ModeOf(const Tax& tax) const {
    return tax.rounding.value_or(request.policy.tax_rounding);
  }
  bool HasInclusive(std::size_t line) const;
  // What the tax at `position` is computed on, given net and the taxes before it. Errors:
  // kOutOfRange (below zero), kOverflow.
  Error BaseOf(std::size_t line, std::size_t position, std::int64_t* base) const;
  // Sets net to what the inclusive taxes leave of the amount.
  void TakeNet(std::size_t line) const;
  void TraceTax(std::size_t line, std::size_t position, Int128 numerator, Int128 denominator,
                RoundingMode mode) const;
};

// All percent taxes of the document at level kPerRateGroup: inclusive ones, nets, exclusive ones.
// Taxes per unit outside the price are set already.
Error ApplyTaxesPerRateGroup(const TaxWork& work);

}  // namespace cloudpos::pricing::internal
