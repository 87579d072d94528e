#include "libs/pricing/allocate.h"

#include <algorithm>
#include <numeric>

#include "libs/pricing/internal.h"

namespace cloudpos::pricing {
namespace internal {
namespace {

struct Part {
  Int128 remainder = 0;
  Int128 numerator = 0;
  std::uint32_t index = 0;
};

// The largest remainders first, ties by the lowest index. A whole order, so that any sort gives
// the same answer.
bool Before(const Part& a, const Part& b) {
  return a.remainder != b.remainder ? a.remainder > b.remainder : a.index < b.index;
}

void TraceShares(std::span<const Part> ranked, Int128 weight_sum, std::int64_t left, bool negative,
                 std::span<const std::int64_t> shares, const ShareContext& context) {
  const std::size_t start = context.trace->size();
  context.trace->resize(start + ranked.size());
  for (std::size_t rank = 0; rank < ranked.size(); ++rank) {
    const Part& part = ranked[rank];
    TraceStep& step = (*context.trace)[start + part.index];
    step.stage = context.stage;
    step.line = context.lines != nullptr ? context.lines[part.index]
                                         : static_cast<std::int32_t>(part.index);
    step.index = context.index;
    step.numerator = negative ? -part.numerator : part.numerator;
    step.denominator = weight_sum;
    step.result = shares[part.index];
    step.mode = RoundingMode::kDown;
    step.rank = part.remainder > 0 ? static_cast<std::int32_t>(rank) + 1 : 0;
    step.extra = static_cast<std::int64_t>(rank) < left;
  }
}

// Divides all weights by their greatest common divisor, for weights too large to multiply.
Error AllocateReduced(std::int64_t total, std::span<const Int128> weights,
                      std::span<std::int64_t> shares, const ShareContext& context) {
  Int128 divisor = 0;
  for (Int128 weight : weights) {
    while (weight != 0) {
      const Int128 rest = divisor % weight;
      divisor = weight;
      weight = rest;
    }
  }
  if (divisor <= 1) return {ErrorCode::kOverflow};
  SmallArray<Int128> reduced(weights.size());
  for (std::size_t i = 0; i < weights.size(); ++i) reduced[i] = weights[i] / divisor;
  return AllocateExact(total, reduced.span(), shares, context);
}

}  // namespace

Error AllocateExact(std::int64_t total, std::span<const Int128> weights,
                    std::span<std::int64_t> shares, const ShareContext& context) {
  const std::size_t count = weights.size();
  if (count == 0) return {};
  const bool negative = total < 0;
  const std::int64_t magnitude = negative ? -total : total;
  Int128 weight_sum = 0;
  for (const Int128 weight : weights) {
    if (!Add(weight_sum, weight, &weight_sum)) return {ErrorCode::kOverflow};
  }
  const bool equal = weight_sum == 0;
  if (equal) weight_sum = static_cast<Int128>(count);

  SmallArray<Part> parts(count);
  std::int64_t left = magnitude;
  for (std::size_t i = 0; i < count; ++i) {
    Part& part = parts[i];
    part.index = static_cast<std::uint32_t>(i);
    if (!Mul(magnitude, equal ? Int128{1} : weights[i], &part.numerator)) {
      return AllocateReduced(total, weights, shares, context);
    }
    const auto floor =
        static_cast<std::int64_t>(RoundDiv(part.numerator, weight_sum, RoundingMode::kDown));
    part.remainder = part.numerator - floor * weight_sum;
    shares[i] = floor;
    left -= floor;
  }
  // What is left is the sum of the remainders / weight_sum, so fewer than have one.
  const std::span<Part> ranked = parts.span();
  if (context.trace != nullptr) {
    std::sort(ranked.begin(), ranked.end(), Before);
  } else if (left > 0) {
    std::nth_element(ranked.begin(), ranked.begin() + left, ranked.end(), Before);
  }
  for (std::int64_t k = 0; k < left; ++k) shares[ranked[static_cast<std::size_t>(k)].index] += 1;
  if (negative) {
    for (std::int64_t& share : shares) share = -share;
  }
  if (context.trace != nullptr) {
    TraceShares(ranked, weight_sum, left, negative, shares, context);
  }
  return {};
}

}  // namespace internal

Error Allocate(std::int64_t total, std::span<const std::int64_t> weights,
               std::span<std::int64_t> shares) {
  if (weights.size() != shares.size() || total > kMaxAmount || total < -kMaxAmount) {
    return {ErrorCode::kOutOfRange};
  }
  internal::SmallArray<Int128> wide(weights.size());
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] < 0 || weights[i] > kMaxAmount) {
      return internal::ErrorAt(ErrorCode::kOutOfRange, i);
    }
    wide[i] = weights[i];
  }
  return internal::AllocateExact(total, wide.span(), shares, {});
}

}  // namespace cloudpos::pricing
