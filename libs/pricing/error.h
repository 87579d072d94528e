// The errors of libs/pricing: a code and the place it points at. No exceptions, no allocation, so
// that the same code runs natively and in WebAssembly.
#pragma once

#include <cstdint>
#include <string_view>

namespace cloudpos::pricing {

enum class ErrorCode : std::uint8_t {
  kOk = 0,
  kOutOfRange,     // a value lies outside the range its field documents
  kBadQuantity,    // a quantity is zero, negative or too large
  kBadTaxOrder,    // a line's tax indices do not ascend or name no tax of the request
  kLimitExceeded,  // more lines, taxes, discounts or tenders than the limits below
  kOverflow,       // an amount or an intermediate does not fit
  kOverTender,     // a tender other than cash exceeds what is due, or nothing is due any more
  kReturnExceeds,  // more is returned than was sold
};

// UPPER_CASE name of a code, e.g. "OVERFLOW": stable, for JSON and logs.
std::string_view ErrorName(ErrorCode code);

// What went wrong and where. `line` is the index into the request's lines (or tenders) and `item`
// the index of the discount or tax within; -1 where it does not apply.
struct [[nodiscard]] Error {
  ErrorCode code = ErrorCode::kOk;
  std::int32_t line = -1;
  std::int32_t item = -1;

  bool ok() const { return code == ErrorCode::kOk; }
};

// Money is a whole count of minor units. The bound is what JSON numbers carry exactly.
inline constexpr std::int64_t kMaxAmount = (std::int64_t{1} << 53) - 1;
// Quantities are thousandths of the unit: a billion units.
inline constexpr std::int64_t kMaxQuantityMilli = 1'000'000'000'000;
inline constexpr std::int64_t kMaxPricePer = 1'000'000;
// Rates are parts per million of the base: up to 1000 %, withholding down to -100 %.
inline constexpr std::int32_t kMaxRatePpm = 10'000'000;
inline constexpr std::int32_t kOneMillionPpm = 1'000'000;

inline constexpr std::int32_t kMaxLines = 2'000;
inline constexpr std::int32_t kMaxTaxesPerLine = 16;
inline constexpr std::int32_t kMaxTaxes = 256;  // distinct taxes of one document
inline constexpr std::int32_t kMaxDiscountsPerLine = 16;
inline constexpr std::int32_t kMaxOrderDiscounts = 16;
inline constexpr std::int32_t kMaxTenders = 64;

}  // namespace cloudpos::pricing
