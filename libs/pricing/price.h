// Prices a basket: gross, discounts, taxes, totals (features 5.1-5.4). Pure: no clock, no locale,
// no floating point, no state. Server, tests and register (WebAssembly) call these functions.
//
// Order of calculation (features 5.2):
//   1. gross = unit_price x quantity_milli / (1000 x price_per), HALF_UP
//   2. discounts, percent before fixed, each on what the ones before it left, in list order:
//        kPercentFirst (default; Square's): line %, order %, line fixed, order fixed
//        kLineFirst:                        line %, line fixed, order %, order fixed
//      An order discount is computed once on the sum of what is left of the discountable lines and
//      allocated to them by largest remainder. No discount takes more than is left: the result
//      says how much each one took.
//   3. taxes (features 5.3) on amount = gross - discounts: the inclusive ones are taken out of it,
//      the exclusive ones then computed on what is left (net), in the order of PriceRequest::taxes.
//      At level kPerRateGroup each percent tax is rounded once for the document and given back to
//      its lines by largest remainder; taxes per unit are counted per line at either level.
// Guaranteed for every result:
//   line:     gross - line_discount - order_discount = amount = net + inclusive taxes
//             net + tax = total;  tax = sum of taxes[].amount
//   document: every total is the sum of its lines; sum of shares = order discount;
//             sum of line taxes of tax t = document tax t (both rounding levels)
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "libs/pricing/error.h"
#include "libs/pricing/rounding.h"
#include "libs/pricing/trace.h"

namespace cloudpos::pricing {

enum class RoundingLevel : std::uint8_t { kPerLine = 0, kPerRateGroup };
// How an inclusive price is taken apart: round the tax and subtract (default: 24.99 @ 20 % = 20.82
// + 4.17), or round the net and subtract (2.99 @ 4 % = 2.88 + 0.11).
enum class InclusiveRounding : std::uint8_t { kRoundTax = 0, kRoundNet };
enum class DiscountOrder : std::uint8_t { kPercentFirst = 0, kLineFirst };
enum class TaxKind : std::uint8_t {
  kPercent = 0,   // rate 0 is zero-rated: reported with its rate
  kFixedPerUnit,  // eco fee, deposit
  kExempt,        // no tax, reported apart from zero-rated
};

// "PER_LINE", "PER_RATE_GROUP"; "ROUND_TAX", "ROUND_NET"; "PERCENT_FIRST", "LINE_FIRST"; "PERCENT",
// "FIXED_PER_UNIT", "EXEMPT".
std::string_view RoundingLevelName(RoundingLevel level);
std::optional<RoundingLevel> ParseRoundingLevel(std::string_view name);
std::string_view InclusiveRoundingName(InclusiveRounding rounding);
std::optional<InclusiveRounding> ParseInclusiveRounding(std::string_view name);
std::string_view DiscountOrderName(DiscountOrder order);
std::optional<DiscountOrder> ParseDiscountOrder(std::string_view name);
std::string_view TaxKindName(TaxKind kind);
std::optional<TaxKind> ParseTaxKind(std::string_view name);

// The store's rules at the time of the sale; stored on the sale.
struct PricePolicy {
  RoundingMode tax_rounding = RoundingMode::kHalfUp;  // a tax may override it
  RoundingLevel rounding_level = RoundingLevel::kPerLine;
  InclusiveRounding inclusive_rounding = InclusiveRounding::kRoundTax;
  DiscountOrder discount_order = DiscountOrder::kPercentFirst;
  RoundingMode discount_rounding = RoundingMode::kHalfUp;  // of percent discounts
};

// A tax as it applies to this document. The request's list is in order of application.
struct Tax {
  TaxKind kind = TaxKind::kPercent;
  // kPercent: parts per million of the base, 0..kMaxRatePpm (8.875 % = 88'750); an exclusive tax
  // may be negative (withholding), down to -1'000'000.
  std::int32_t rate_ppm = 0;
  // kFixedPerUnit: minor units per whole unit of quantity, 0..kMaxAmount.
  std::int64_t amount_per_unit = 0;
  // True: the price contains the tax. An inclusive fixed tax never takes more than the amount.
  bool inclusive = false;
  // True: taxes after this one that are `compound` count it into their base.
  bool affects_base = false;
  // True: the base is net + the taxes before it that affect the base. (Of those an inclusive tax
  // sees the inclusive ones only: it cannot contain what lies on top of the price.)
  bool compound = false;
  std::optional<RoundingMode> rounding;  // instead of the policy's
};

// Either a percentage or a fixed amount.
struct Discount {
  enum class Kind : std::uint8_t { kPercent = 0, kFixed };
  Kind kind = Kind::kPercent;
  std::int32_t rate_ppm = 0;  // kPercent: 0..1'000'000
  std::int64_t amount = 0;    // kFixed: minor units, 0..kMaxAmount; off the line, not per unit
};

struct PriceLine {
  std::int64_t quantity_milli = 0;  // 1..kMaxQuantityMilli
  std::int64_t unit_price = 0;      // minor units, 0..kMaxAmount, after any override
  std::int64_t price_per = 1;       // whole units that unit_price buys, 1..kMaxPricePer
  // False: order discounts pass the line by (gift cards, deposits); its own discounts still apply.
  bool discountable = true;
  std::vector<Discount> discounts;
  // Indices into PriceRequest::taxes, strictly ascending. Empty: outside the scope of any tax.
  std::vector<std::int32_t> taxes;
};

struct PriceRequest {
  PricePolicy policy;
  std::vector<Tax> taxes;
  std::vector<PriceLine> lines;  // may be empty
  std::vector<Discount> order_discounts;
};

struct LineTax {
  std::int32_t tax = 0;     // index into PriceRequest::taxes
  std::int64_t base = 0;    // what the rate was applied to, exempt: net; fixed per unit: 0
  std::int64_t amount = 0;  // may be negative (withholding)
};

// All amounts in minor units. Indices are those of the request.
struct PricedLine {
  std::int64_t gross = 0;
  std::int64_t line_discount = 0;   // sum of `discounts`
  std::int64_t order_discount = 0;  // sum of `order_shares`
  std::int64_t amount = 0;          // what is left: the price as shown, before exclusive taxes
  std::int64_t net = 0;             // amount without the inclusive taxes
  std::int64_t tax = 0;
  std::int64_t total = 0;                  // net + tax: what the customer pays for the line
  std::vector<std::int64_t> discounts;     // taken by each line discount
  std::vector<std::int64_t> order_shares;  // share of each order discount
  std::vector<LineTax> taxes;              // in the order of PriceLine::taxes
};

// Sums over the lines.
struct PriceTotals {
  std::int64_t gross = 0;
  std::int64_t line_discount = 0;
  std::int64_t order_discount = 0;
  std::int64_t net = 0;
  std::int64_t tax = 0;            // inclusive and exclusive
  std::int64_t inclusive_tax = 0;  // the part of `tax` inside the prices
  std::int64_t total = 0;          // net + tax: due before cash rounding
};

struct PriceResult {
  std::vector<PricedLine> lines;
  std::vector<std::int64_t> order_discounts;  // taken by each order discount
  std::vector<LineTax> taxes;                 // the document's taxes: those in use, by index
  PriceTotals totals;
};

// Prices `request` into `result`, which is overwritten; reusing one saves its allocations. A trace,
// if given, is appended to. On error the result means nothing.
// Errors: kLimitExceeded, kOutOfRange, kBadTaxOrder, kBadQuantity (found in the order of the
// request: taxes, order discounts, lines), then kOverflow (gross, an intermediate or a sum beyond
// kMaxAmount; also three compound inclusive rates without a common divisor on an inclusive tax per
// unit) and kOutOfRange (a compound tax whose base falls below zero).
Error Price(const PriceRequest& request, PriceResult* result, Trace* trace = nullptr);

}  // namespace cloudpos::pricing
