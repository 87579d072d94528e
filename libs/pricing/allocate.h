// Splitting an amount so that the parts add up by construction (features 5.4).
#pragma once

#include <cstdint>
#include <span>

#include "libs/pricing/error.h"

namespace cloudpos::pricing {

// Splits `total` over `weights` by largest remainder: each share is floor(|total| * w / W), the
// minor units left go to the largest remainders, ties to the lowest index; the sign of `total` is
// kept. If all weights are zero they count as equal. No weights: nothing is written.
// Errors: kOutOfRange (a weight is negative or beyond kMaxAmount, as is |total|, or the spans
// differ in size).
Error Allocate(std::int64_t total, std::span<const std::int64_t> weights,
               std::span<std::int64_t> shares);

}  // namespace cloudpos::pricing
