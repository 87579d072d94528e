// Shared by the .cc files of libs/pricing; not for others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "libs/pricing/error.h"
#include "libs/pricing/price.h"
#include "libs/pricing/rounding.h"
#include "libs/pricing/trace.h"

namespace cloudpos::pricing::internal {

// Fits an exact value into an amount; false beyond kMaxAmount.
inline bool Fit(Int128 value, std::int64_t* amount) {
  if (value > kMaxAmount || value < -kMaxAmount) return false;
  *amount = static_cast<std::int64_t>(value);
  return true;
}

inline bool Mul(Int128 a, Int128 b, Int128* product) {
  return !__builtin_mul_overflow(a, b, product);
}
inline bool Add(Int128 a, Int128 b, Int128* sum) { return !__builtin_add_overflow(a, b, sum); }

// An array that needs no heap for the baskets of everyday: up to kInline elements.
template <typename T, std::size_t kInline = 16>
class SmallArray {
 public:
  explicit SmallArray(std::size_t size) : size_(size) {
    if (size > kInline) heap_ = std::make_unique<T[]>(size);
  }
  T* data() { return heap_ ? heap_.get() : inline_; }
  T& operator[](std::size_t i) { return data()[i]; }
  std::span<T> span() { return {data(), size_}; }

 private:
  std::size_t size_;
  std::unique_ptr<T[]> heap_;
  T inline_[kInline] = {};
};

// Where the steps of an allocation belong in the trace.
struct ShareContext {
  Trace* trace = nullptr;
  TraceStage stage = TraceStage::kOrderShare;
  std::int32_t index = -1;
  // Line of each weight; null: the weights are the lines.
  const std::int32_t* lines = nullptr;
};

// Allocate (allocate.h) for weights of 128 bits, which must not be negative. kOverflow if
// |total| x weight does not fit.
Error AllocateExact(std::int64_t total, std::span<const Int128> weights,
                    std::span<std::int64_t> shares, const ShareContext& context);

// Steps 2 and 3 of Price(). Both expect `result` sized for the request; discounts reduce
// PricedLine::amount in place, taxes fill net, tax, total and taxes.
Error ApplyDiscounts(const PriceRequest& request, PriceResult* result, Trace* trace);
Error ApplyTaxes(const PriceRequest& request, PriceResult* result, Trace* trace);

inline Error ErrorAt(ErrorCode code, std::size_t line, std::size_t item) {
  return {code, static_cast<std::int32_t>(line), static_cast<std::int32_t>(item)};
}
inline Error ErrorAt(ErrorCode code, std::size_t line) {
  return {code, static_cast<std::int32_t>(line), -1};
}

}  // namespace cloudpos::pricing::internal
