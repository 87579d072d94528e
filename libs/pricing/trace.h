// The derivation of a price (features 4.5): one step per number that was rounded or allocated, in
// the order of calculation. Asked for by passing a vector to Price(); costs nothing otherwise.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "libs/pricing/rounding.h"

namespace cloudpos::pricing {

enum class TraceStage : std::uint8_t {
  kGross = 0,      // unit price x quantity
  kLineDiscount,   // one discount of a line
  kOrderDiscount,  // one order discount as a whole
  kOrderShare,     // a line's share of an order discount
  kTax,            // one tax of a line
  kGroupTax,       // one tax of the document (PER_RATE_GROUP)
  kTaxShare,       // a line's share of a document tax
  kNet,            // the net of an inclusive line (ROUND_NET)
};

// "GROSS", "LINE_DISCOUNT", ...
std::string_view TraceStageName(TraceStage stage);

// `result` came from the exact value numerator / denominator, either by rounding with `mode` or,
// when rank > 0, as a share: rounded down, its remainder being the rank-th largest of those that
// had one; `extra` says whether it got one of the minor units left over.
struct TraceStep {
  TraceStage stage = TraceStage::kGross;
  std::int32_t line = -1;   // index of the line; -1: the document
  std::int32_t index = -1;  // index of the discount, or of the tax in PriceRequest::taxes
  Int128 numerator = 0;
  Int128 denominator = 1;
  std::int64_t result = 0;
  RoundingMode mode = RoundingMode::kHalfUp;
  std::int32_t rank = 0;
  bool extra = false;
  bool capped = false;  // the exact value was larger than what was left
};

using Trace = std::vector<TraceStep>;

// One English sentence, amounts with `exponent` decimals (ISO 4217: JPY 0, USD 2, KWD 3), e.g.
// "line 2, share of order discount 1: 0.41 = 0.412345 rounded down, remainder rank 2".
std::string Explain(const TraceStep& step, int exponent);

}  // namespace cloudpos::pricing
