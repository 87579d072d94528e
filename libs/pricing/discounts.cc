// Step 2 of the order of calculation: discounts (features 5.2, 5.4).
#include <algorithm>

#include "libs/pricing/internal.h"

namespace cloudpos::pricing::internal {
namespace {

class Discounter {
 public:
  Discounter(const PriceRequest& request, PriceResult* result, Trace* trace)
      : request_(request), result_(result), trace_(trace) {}

  Error Run() {
    using enum Discount::Kind;
    const bool line_first = request_.policy.discount_order == DiscountOrder::kLineFirst;
    OfLines(kPercent);
    if (line_first) OfLines(kFixed);
    if (request_.order_discounts.empty()) {
      if (!line_first) OfLines(kFixed);
      return {};
    }
    if (const Error error = OfOrder(kPercent); !error.ok()) return error;
    if (!line_first) OfLines(kFixed);
    return OfOrder(kFixed);
  }

 private:
  // What `discount` takes from `left`. A rate is at most 100 %, so only fixed ones can be capped.
  std::int64_t Taken(const Discount& discount, std::int64_t left, TraceStep* step) const {
    std::int64_t taken = 0;
    if (discount.kind == Discount::Kind::kPercent) {
      step->numerator = static_cast<Int128>(left) * discount.rate_ppm;
      step->denominator = kOneMillionPpm;
      step->mode = request_.policy.discount_rounding;
      taken = static_cast<std::int64_t>(RoundDiv(step->numerator, kOneMillionPpm, step->mode));
    } else {
      step->numerator = discount.amount;
      step->capped = discount.amount > left;
      taken = std::min(discount.amount, left);
    }
    step->result = taken;
    return taken;
  }

  void OfLines(Discount::Kind kind) {
    for (std::size_t i = 0; i < request_.lines.size(); ++i) {
      const std::vector<Discount>& discounts = request_.lines[i].discounts;
      PricedLine& priced = result_->lines[i];
      for (std::size_t k = 0; k < discounts.size(); ++k) {
        if (discounts[k].kind != kind) continue;
        TraceStep step{.stage = TraceStage::kLineDiscount,
                       .line = static_cast<std::int32_t>(i),
                       .index = static_cast<std::int32_t>(k)};
        const std::int64_t taken = Taken(discounts[k], priced.amount, &step);
        priced.discounts[k] = taken;
        priced.line_discount += taken;
        priced.amount -= taken;
        if (trace_ != nullptr) trace_->push_back(step);
      }
    }
  }

  Error OfOrder(Discount::Kind kind) {
    for (std::size_t k = 0; k < request_.order_discounts.size(); ++k) {
      if (request_.order_discounts[k].kind != kind) continue;
      if (const Error error = OneOfOrder(k); !error.ok()) return error;
    }
    return {};
  }

  Error OneOfOrder(std::size_t k) {
    const std::size_t count = request_.lines.size();
    SmallArray<Int128> weights(count);
    Int128 sum = 0;
    for (std::size_t i = 0; i < count; ++i) {
      weights[i] = request_.lines[i].discountable ? result_->lines[i].amount : 0;
      sum += weights[i];
    }
    std::int64_t left = 0;
    if (!Fit(sum, &left)) return {ErrorCode::kOverflow, -1, static_cast<std::int32_t>(k)};
    TraceStep step{.stage = TraceStage::kOrderDiscount, .index = static_cast<std::int32_t>(k)};
    const std::int64_t taken = Taken(request_.order_discounts[k], left, &step);
    result_->order_discounts[k] = taken;
    if (trace_ != nullptr) trace_->push_back(step);
    if (taken == 0) return {};

    SmallArray<std::int64_t> shares(count);
    const ShareContext context{
        .trace = trace_, .stage = TraceStage::kOrderShare, .index = static_cast<std::int32_t>(k)};
    const Error error = AllocateExact(taken, weights.span(), shares.span(), context);
    if (!error.ok()) return error;
    for (std::size_t i = 0; i < count; ++i) {
      // taken <= sum of weights, so no share exceeds its weight, what is left of the line.
      PricedLine& priced = result_->lines[i];
      priced.order_shares[k] = shares[i];
      priced.order_discount += shares[i];
      priced.amount -= shares[i];
    }
    return {};
  }

  const PriceRequest& request_;
  PriceResult* result_;
  Trace* trace_;
};

}  // namespace

Error ApplyDiscounts(const PriceRequest& request, PriceResult* result, Trace* trace) {
  return Discounter(request, result, trace).Run();
}

}  // namespace cloudpos::pricing::internal
