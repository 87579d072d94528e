// Pricing. The first byte chooses: a basket made from the bytes, priced, compared with the model in
// exact rationals, returned in parts and paid; or a call of the JSON interface that the register
// uses (its name, a line end, the request).

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "libs/journal/canonical.h"
#include "libs/pricing/price.h"
#include "libs/pricing/refund.h"
#include "libs/pricing/tender.h"
#include "libs/pricing/wasm/api.h"
#include "tests/fuzz/bytes.h"
#include "tests/fuzz/target.h"
#include "tests/support/price_model.h"
#include "tests/support/price_rules.h"

namespace cloudpos::fuzz {
namespace {

using namespace pricing;

Discount TakeDiscount(Bytes* bytes) {
  Discount discount;
  if (bytes->Flip()) {
    discount.kind = Discount::Kind::kFixed;
    discount.amount = bytes->Between(0, kMaxAmount);
  } else {
    discount.rate_ppm = static_cast<int32_t>(bytes->Between(0, kOneMillionPpm));
  }
  return discount;
}

Tax TakeTax(Bytes* bytes) {
  Tax tax;
  tax.kind = static_cast<TaxKind>(bytes->Below(3));
  tax.inclusive = bytes->Flip();
  tax.affects_base = bytes->Flip();
  tax.compound = bytes->Flip();
  tax.rate_ppm = static_cast<int32_t>(bytes->Between(-kOneMillionPpm, kMaxRatePpm));
  tax.amount_per_unit = bytes->Between(0, kMaxAmount);
  if (bytes->Flip()) tax.rounding = static_cast<RoundingMode>(bytes->Below(5));
  return tax;
}

PriceLine TakeLine(Bytes* bytes, size_t taxes) {
  PriceLine line;
  line.quantity_milli = bytes->Between(1, kMaxQuantityMilli);
  line.unit_price = bytes->Between(0, kMaxAmount);
  if (bytes->Flip()) line.price_per = bytes->Between(1, kMaxPricePer);
  line.discountable = bytes->Flip();
  for (int n = bytes->Below(4); n > 0; --n) line.discounts.push_back(TakeDiscount(bytes));
  const uint8_t chosen = bytes->Byte();
  for (size_t t = 0; t < taxes; ++t) {
    if ((chosen >> t & 1) != 0) line.taxes.push_back(static_cast<int32_t>(t));
  }
  return line;
}

PriceRequest TakeRequest(Bytes* bytes) {
  PriceRequest request;
  request.policy.tax_rounding = static_cast<RoundingMode>(bytes->Below(5));
  request.policy.rounding_level = static_cast<RoundingLevel>(bytes->Below(2));
  request.policy.inclusive_rounding = static_cast<InclusiveRounding>(bytes->Below(2));
  request.policy.discount_order = static_cast<DiscountOrder>(bytes->Below(2));
  request.policy.discount_rounding = static_cast<RoundingMode>(bytes->Below(5));
  for (int n = bytes->Below(6); n > 0; --n) request.taxes.push_back(TakeTax(bytes));
  for (int n = bytes->Below(8); n > 0; --n) {
    request.lines.push_back(TakeLine(bytes, request.taxes.size()));
  }
  for (int n = bytes->Below(4); n > 0; --n) {
    request.order_discounts.push_back(TakeDiscount(bytes));
  }
  return request;
}

void CheckPrices(const PriceRequest& request, const PriceResult& result) {
  Check(result.lines.size() == request.lines.size(), "prices: a line each");
  for (const PricedLine& line : result.lines) {
    const std::string rule = LineRule(request, line);
    Check(rule.empty(), "prices: a line's rule", rule);
    Check(line.gross >= 0 && line.gross <= kMaxAmount, "prices: gross in range");
  }
  const std::string rule = DocumentRule(request, result);
  Check(rule.empty(), "prices: the document's rule", rule);
  const std::string difference = DifferenceFromModel(request, result);
  Check(difference.empty(), "prices: as the model says", difference);
}

/// Returned in two parts, a line gives back exactly what was paid.
void CheckRefund(const PriceRequest& request, const PriceResult& result, Bytes* bytes) {
  for (size_t i = 0; i < result.lines.size(); ++i) {
    const PricedLine& line = result.lines[i];
    SoldLine sold{
        request.lines[i].quantity_milli, line.gross, line.line_discount, line.order_discount, {}};
    for (const LineTax& tax : line.taxes) {
      sold.taxes.push_back({tax.amount, request.taxes[static_cast<size_t>(tax.tax)].inclusive});
    }
    const int64_t first = bytes->Between(1, sold.quantity_milli);
    RefundedLine one;
    RefundedLine two;
    if (!Refund(sold, 0, first, &one).ok()) continue;
    Check(first >= 1 && first <= sold.quantity_milli, "refund: no more than was sold");
    Check(one.total == one.net + one.tax, "refund: net and tax");
    Check(one.gross - one.line_discount - one.order_discount == one.amount, "refund: amount");
    if (first == sold.quantity_milli) {
      Check(one.total == line.total, "refund: all of it");
      continue;
    }
    Check(Refund(sold, first, sold.quantity_milli - first, &two).ok(), "refund: the rest");
    Check(one.total + two.total == line.total && one.tax + two.tax == line.tax &&
              one.net + two.net == line.net && one.gross + two.gross == line.gross,
          "refund: the parts are the whole");
  }
}

void CheckSettlement(int64_t total, bool is_refund, Bytes* bytes) {
  CashRounding rounding;
  rounding.increment = bytes->Between(1, 1'000'000);
  rounding.due_mode = static_cast<RoundingMode>(bytes->Below(5));
  rounding.payout_mode = static_cast<RoundingMode>(bytes->Below(5));
  std::vector<Tender> tenders;
  for (int n = bytes->Below(5); n > 0; --n) {
    tenders.push_back({bytes->Flip(), bytes->Between(0, std::max<int64_t>(total, 1) * 2)});
  }
  Settlement settled;
  const Error error = is_refund ? SettleRefund(total, tenders, rounding, &settled)
                                : Settle(total, tenders, rounding, &settled);
  if (!error.ok()) return;
  int64_t applied = 0;
  int64_t moved = 0;
  int64_t cash = 0;
  for (size_t i = 0; i < tenders.size(); ++i) {
    const SettledTender& tender = settled.tenders[i];
    Check(tender.tendered - tender.change == tender.applied + tender.rounding, "tender: moved");
    Check(tenders[i].cash || (tender.change == 0 && tender.rounding == 0), "tender: no coins");
    Check(tender.applied >= 0 && tender.change >= 0, "tender: not negative");
    Check(tender.change <= tender.tendered, "tender: no more change than was given");
    applied += tender.applied;
    moved += tender.tendered - tender.change;
    if (tenders[i].cash) cash += tender.tendered - tender.change;
  }
  Check(settled.due_left >= 0 && applied + settled.due_left == total, "settled: what was due");
  Check(moved == total - settled.due_left + settled.rounding, "settled: moved");
  Check(cash == settled.cash_moved, "settled: cash");
}

void RunBasket(Bytes bytes) {
  const PriceRequest request = TakeRequest(&bytes);
  PriceResult result;
  Trace trace;
  const Error error = Price(request, &result, &trace);
  PriceResult without_trace;
  Check(Price(request, &without_trace).code == error.code, "prices: a trace changes nothing");
  if (!error.ok()) return;
  Check(without_trace.totals.total == result.totals.total, "prices: a trace changes no sum");
  CheckPrices(request, result);
  for (const TraceStep& step : trace) Check(!Explain(step, 2).empty(), "prices: explained");
  CheckRefund(request, result, &bytes);
  if (result.totals.total >= 0) {
    CheckSettlement(result.totals.total, bytes.Flip(), &bytes);
  }
}

void RunCall(std::string_view input) {
  const size_t end = std::min(input.find('\n'), input.size());
  const std::string answer =
      api::Call(input.substr(0, end), input.substr(std::min(end + 1, input.size())));
  // The answer of "canonical" may be any value; all answers are canonical.
  Check(journal::CheckCanonical(answer).ok(), "call: a canonical answer", answer);
}

void Run(std::string_view input) {
  if (input.empty()) return;
  if (input[0] == '{') return RunCall(input.substr(1));
  RunBasket(Bytes(input));
}

/// Calls of the JSON interface; baskets come by themselves.
std::string Invent(std::string_view, unsigned seed) {
  static const char* const kCalls[] = {
      R"({price
{"lines":[{"quantityMilli":1000,"unitPrice":250,"taxes":[0]}],"taxes":[{"ratePpm":190000}]})",
      "{refund\n{\"sold\":{\"quantityMilli\":2000,\"gross\":500},\"quantityMilli\":1000}",
      "{settle\n{\"total\":100,\"tenders\":[{\"cash\":true,\"amount\":150}]}",
      "{drawer\n{\"opening\":100,\"cashSales\":5}",
      "{allocate\n{\"total\":100,\"weights\":[1,2,3]}",
      "{round\n{\"numerator\":5,\"denominator\":2,\"mode\":\"HALF_EVEN\"}",
      "{cashRound\n{\"amount\":103,\"increment\":5,\"mode\":\"HALF_UP\"}",
      "{canonical\n{\"b\":1,\"a\":[true,\"\\u00e4\"]}",
      "{chain\n{\"payloads\":[\"{}\",\"{\\\"a\\\":1}\"]}",
      "{verify\n{\"bytes\":\"\"}",
      "{entry\n{\"kind\":\"SALE\",\"n\":1,\"v\":1}",
  };
  return kCalls[seed % std::size(kCalls)];
}

}  // namespace

const Target kPricing{.run = Run, .invent = Invent};

}  // namespace cloudpos::fuzz
