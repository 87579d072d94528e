// Step 3 of the order of calculation: taxes (features 5.3), level kPerLine and what both share.
#include "libs/pricing/taxes.h"

#include <algorithm>

#include "libs/pricing/inclusive.h"

namespace cloudpos::pricing::internal {

bool TaxWork::HasInclusive(std::size_t line) const {
  const std::vector<std::int32_t>& taxes = request.lines[line].taxes;
  return std::any_of(taxes.begin(), taxes.end(), [this](std::int32_t index) {
    return request.taxes[static_cast<std::size_t>(index)].inclusive;
  });
}

Error TaxWork::BaseOf(std::size_t line, std::size_t position, std::int64_t* base) const {
  const PricedLine& priced = result->lines[line];
  const Tax& tax = TaxAt(line, position);
  Int128 sum = priced.net;
  if (tax.kind == TaxKind::kFixedPerUnit) sum = 0;
  if (tax.kind == TaxKind::kPercent && tax.compound) {
    for (std::size_t j = 0; j < position; ++j) {
      const Tax& before = TaxAt(line, j);
      if (before.affects_base && (before.inclusive || !tax.inclusive)) {
        sum += priced.taxes[j].amount;
      }
    }
  }
  if (!Fit(sum, base)) return ErrorAt(ErrorCode::kOverflow, line, position);
  if (sum < 0 && tax.kind == TaxKind::kPercent && !tax.inclusive) {
    return ErrorAt(ErrorCode::kOutOfRange, line, position);
  }
  return {};
}

void TaxWork::TakeNet(std::size_t line) const {
  PricedLine& priced = result->lines[line];
  priced.net = priced.amount;
  for (std::size_t j = 0; j < priced.taxes.size(); ++j) {
    if (TaxAt(line, j).inclusive) priced.net -= priced.taxes[j].amount;
  }
}

void TaxWork::TraceTax(std::size_t line, std::size_t position, Int128 numerator, Int128 denominator,
                       RoundingMode mode) const {
  if (trace == nullptr) return;
  TraceStep step{.stage = TraceStage::kTax, .line = static_cast<std::int32_t>(line)};
  step.index = request.lines[line].taxes[position];
  step.numerator = numerator;
  step.denominator = denominator;
  step.result = result->lines[line].taxes[position].amount;
  step.mode = mode;
  trace->push_back(step);
}

namespace {

// kRoundTax: each inclusive percent tax of the line is rounded, the net is what they leave.
void RoundInclusive(const TaxWork& work, std::size_t line, const InclusiveLine& exact) {
  PricedLine& priced = work.result->lines[line];
  std::int64_t left = priced.amount - exact.fixed;
  for (std::size_t j = 0; j < priced.taxes.size(); ++j) {
    const Tax& tax = work.TaxAt(line, j);
    if (!tax.inclusive || tax.kind != TaxKind::kPercent) continue;
    const RoundingMode mode = work.ModeOf(tax);
    const auto rounded =
        static_cast<std::int64_t>(RoundDiv(exact.numerator[j], exact.denominator, mode));
    // Several taxes rounded up may ask for more than a tiny amount holds.
    priced.taxes[j].amount = std::min(rounded, left);
    left -= priced.taxes[j].amount;
    work.TraceTax(line, j, exact.numerator[j], exact.denominator, mode);
  }
}

// kRoundNet: the net is rounded (by the rule of the first inclusive percent tax) and the taxes
// share what it leaves.
Error RoundInclusiveNet(const TaxWork& work, std::size_t line, const InclusiveLine& exact) {
  PricedLine& priced = work.result->lines[line];
  std::array<Int128, kMaxTaxesPerLine> weights{};
  std::array<std::int64_t, kMaxTaxesPerLine> shares{};
  std::array<std::size_t, kMaxTaxesPerLine> positions{};
  std::size_t count = 0;
  for (std::size_t j = 0; j < priced.taxes.size(); ++j) {
    const Tax& tax = work.TaxAt(line, j);
    if (!tax.inclusive || tax.kind != TaxKind::kPercent) continue;
    positions[count] = j;
    weights[count++] = exact.numerator[j];
  }
  const RoundingMode mode = work.ModeOf(work.TaxAt(line, positions[0]));
  const auto net =
      static_cast<std::int64_t>(RoundDiv(exact.net_numerator, exact.net_denominator, mode));
  if (work.trace != nullptr) {
    TraceStep step{.stage = TraceStage::kNet, .line = static_cast<std::int32_t>(line)};
    step.numerator = exact.net_numerator;
    step.denominator = exact.net_denominator;
    step.result = net;
    step.mode = mode;
    work.trace->push_back(step);
  }
  const Error error = AllocateExact(priced.amount - exact.fixed - net, {weights.data(), count},
                                    {shares.data(), count}, {});
  if (!error.ok()) return error;
  for (std::size_t k = 0; k < count; ++k) {
    priced.taxes[positions[k]].amount = shares[k];
    work.TraceTax(line, positions[k], shares[k], 1, RoundingMode::kDown);
  }
  return {};
}

Error InclusivePerLine(const TaxWork& work, std::size_t line) {
  InclusiveLine exact;
  PricedLine& priced = work.result->lines[line];
  const Error error = TakeApart(work.request, line, false, &priced, &exact);
  if (!error.ok() || exact.percents == 0) return error;
  if (work.request.policy.inclusive_rounding == InclusiveRounding::kRoundNet) {
    return RoundInclusiveNet(work, line, exact);
  }
  RoundInclusive(work, line, exact);
  return {};
}

Error ExclusivePerLine(const TaxWork& work, std::size_t line) {
  PricedLine& priced = work.result->lines[line];
  for (std::size_t j = 0; j < priced.taxes.size(); ++j) {
    const Tax& tax = work.TaxAt(line, j);
    if (tax.inclusive || tax.kind != TaxKind::kPercent) continue;
    std::int64_t base = 0;
    if (const Error error = work.BaseOf(line, j, &base); !error.ok()) return error;
    const Int128 exact = static_cast<Int128>(base) * tax.rate_ppm;
    const RoundingMode mode = work.ModeOf(tax);
    if (!Fit(RoundDiv(exact, kOneMillionPpm, mode), &priced.taxes[j].amount)) {
      return ErrorAt(ErrorCode::kOverflow, line, j);
    }
    work.TraceTax(line, j, exact, kOneMillionPpm, mode);
  }
  return {};
}

// Names the taxes of the line and computes those per unit that come on top of the price.
Error StartLine(const TaxWork& work, std::size_t line) {
  PricedLine& priced = work.result->lines[line];
  for (std::size_t j = 0; j < priced.taxes.size(); ++j) {
    priced.taxes[j] = LineTax{.tax = work.request.lines[line].taxes[j]};
    const Tax& tax = work.TaxAt(line, j);
    if (tax.inclusive || tax.kind != TaxKind::kFixedPerUnit) continue;
    const Error error = FixedTax(work.request, line, j, &priced.taxes[j].amount);
    if (!error.ok()) return error;
    work.TraceTax(
        line, j, static_cast<Int128>(tax.amount_per_unit) * work.request.lines[line].quantity_milli,
        1000, work.ModeOf(tax));
  }
  return {};
}

Error FinishLine(const TaxWork& work, std::size_t line) {
  PricedLine& priced = work.result->lines[line];
  Int128 sum = 0;
  for (std::size_t j = 0; j < priced.taxes.size(); ++j) {
    const Error error = work.BaseOf(line, j, &priced.taxes[j].base);
    if (!error.ok()) return error;
    sum += priced.taxes[j].amount;
  }
  if (!Fit(sum, &priced.tax) || !Fit(sum + priced.net, &priced.total)) {
    return ErrorAt(ErrorCode::kOverflow, line);
  }
  return {};
}

}  // namespace

Error ApplyTaxes(const PriceRequest& request, PriceResult* result, Trace* trace) {
  const TaxWork work{request, result, trace};
  const bool per_line = request.policy.rounding_level == RoundingLevel::kPerLine;
  for (std::size_t i = 0; i < request.lines.size(); ++i) {
    Error error = StartLine(work, i);
    if (error.ok() && per_line) {
      if (work.HasInclusive(i)) error = InclusivePerLine(work, i);
      if (error.ok()) work.TakeNet(i);
      if (error.ok()) error = ExclusivePerLine(work, i);
    }
    if (!error.ok()) return error;
  }
  if (!per_line) {
    if (const Error error = ApplyTaxesPerRateGroup(work); !error.ok()) return error;
  }
  for (std::size_t i = 0; i < request.lines.size(); ++i) {
    if (const Error error = FinishLine(work, i); !error.ok()) return error;
  }
  return {};
}

}  // namespace cloudpos::pricing::internal
