// Rounding of exact fractions to whole minor units (features 5.1). Symmetric: Round(-x) =
// -Round(x), so that a refund mirrors its sale. Nothing is ever rounded twice.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace cloudpos::pricing {

// 128-bit intermediates: amount (2^53) x rate (2^24) x quantity (2^40) stays below 2^127.
__extension__ using Int128 = __int128;

// How a fraction of a minor unit is settled; the sign of the value plays no part.
enum class RoundingMode : std::uint8_t {
  kHalfUp = 0,  // 0.5 -> 1, -0.5 -> -1
  kHalfEven,    // 0.5 -> 0, 1.5 -> 2
  kHalfDown,    // 0.5 -> 0, 1.5 -> 1
  kDown,        // towards zero
  kUp,          // away from zero
};

// "HALF_UP", "HALF_EVEN", "HALF_DOWN", "DOWN", "UP".
std::string_view RoundingModeName(RoundingMode mode);
std::optional<RoundingMode> ParseRoundingMode(std::string_view name);

// n / d as a whole number. Requires d > 0 and |n| < 2^126.
Int128 RoundDiv(Int128 n, Int128 d, RoundingMode mode);

// Rounds `amount` to a multiple of `increment` (features 5.7). Requires increment >= 1.
std::int64_t RoundToIncrement(std::int64_t amount, std::int64_t increment, RoundingMode mode);

}  // namespace cloudpos::pricing
