#include "libs/pricing/rounding.h"

#include <cassert>
#include <limits>

namespace cloudpos::pricing {
namespace {

__extension__ using UInt128 = unsigned __int128;

// Whether |n| / d, being q and a remainder r, moves away from zero.
template <typename U>
bool MovesAway(U q, U r, U d, RoundingMode mode) {
  const U rest = d - r;  // r >= rest is 2r >= d without the overflow
  switch (mode) {
    case RoundingMode::kHalfUp:
      return r >= rest;
    case RoundingMode::kHalfEven:
      return r > rest || (r == rest && (q & 1) != 0);
    case RoundingMode::kHalfDown:
      return r > rest;
    case RoundingMode::kDown:
      return false;
    case RoundingMode::kUp:
      return r > 0;
  }
  return false;
}

}  // namespace

Int128 RoundDiv(Int128 n, Int128 d, RoundingMode mode) {
  assert(d > 0);
  const bool negative = n < 0;
  const UInt128 magnitude = negative ? -static_cast<UInt128>(n) : static_cast<UInt128>(n);
  const UInt128 divisor = static_cast<UInt128>(d);
  Int128 rounded = 0;
  // 128-bit division is a library call of some 30 ns; nearly every basket fits into 64 bits.
  if ((magnitude | divisor) <= std::numeric_limits<std::uint64_t>::max()) {
    const auto m = static_cast<std::uint64_t>(magnitude);
    const auto v = static_cast<std::uint64_t>(divisor);
    const std::uint64_t q = m / v;
    rounded = static_cast<Int128>(q) + (MovesAway(q, m % v, v, mode) ? 1 : 0);
  } else {
    const UInt128 q = magnitude / divisor;
    const UInt128 r = magnitude - q * divisor;
    rounded = static_cast<Int128>(q) + (MovesAway(q, r, divisor, mode) ? 1 : 0);
  }
  return negative ? -rounded : rounded;
}

std::int64_t RoundToIncrement(std::int64_t amount, std::int64_t increment, RoundingMode mode) {
  return static_cast<std::int64_t>(RoundDiv(amount, increment, mode) * increment);
}

}  // namespace cloudpos::pricing
