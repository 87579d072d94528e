#include "libs/pricing/trace.h"

#include <charconv>

namespace cloudpos::pricing {
namespace {

constexpr int kFractionDigits = 6;  // shown of an exact value, beyond the currency's own

void AppendNumber(std::int64_t value, std::string* out) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
  out->append(digits, end);
}

// numerator / denominator minor units in major units: exact digits, cut after a few.
void AppendExact(Int128 numerator, Int128 denominator, int exponent, std::string* out) {
  if (numerator < 0) {
    out->push_back('-');
    numerator = -numerator;
  }
  std::string digits;
  Int128 whole = numerator / denominator;
  Int128 rest = numerator % denominator;
  do {
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(whole % 10)));
    whole /= 10;
  } while (whole > 0);
  const auto least = static_cast<std::size_t>(exponent) + 1;
  if (digits.size() < least) digits.insert(0, least - digits.size(), '0');
  const std::size_t major = digits.size() - static_cast<std::size_t>(exponent);
  std::string fraction = digits.substr(major);
  for (int k = 0; k < kFractionDigits && rest != 0; ++k) {
    // Denominators above 2^123 would overflow here; their digits are cut instead.
    if (denominator > (Int128{1} << 123)) break;
    rest *= 10;
    fraction.push_back(static_cast<char>('0' + static_cast<int>(rest / denominator)));
    rest %= denominator;
  }
  out->append(digits, 0, major);
  if (!fraction.empty()) out->append(".").append(fraction);
  if (rest != 0) out->append("...");
}

void AppendPlace(const TraceStep& step, std::string* out) {
  if (step.line >= 0) {
    out->append("line ");
    AppendNumber(step.line + 1, out);
    out->append(", ");
  }
  switch (step.stage) {
    case TraceStage::kGross:
      out->append("gross");
      return;
    case TraceStage::kNet:
      out->append("net");
      return;
    case TraceStage::kLineDiscount:
      out->append("discount ");
      break;
    case TraceStage::kOrderDiscount:
      out->append("order discount ");
      break;
    case TraceStage::kOrderShare:
      out->append("share of order discount ");
      break;
    case TraceStage::kTax:
      out->append("tax ");
      break;
    case TraceStage::kGroupTax:
      out->append("document tax ");
      break;
    case TraceStage::kTaxShare:
      out->append("share of document tax ");
      break;
  }
  AppendNumber(step.index + 1, out);
}

}  // namespace

std::string Explain(const TraceStep& step, int exponent) {
  std::string text;
  AppendPlace(step, &text);
  text.append(": ");
  AppendExact(step.result, 1, exponent, &text);
  if (step.numerator % step.denominator == 0 && !step.capped && step.rank == 0) {
    return text.append(", exact");
  }
  text.append(" = ");
  AppendExact(step.numerator, step.denominator, exponent, &text);
  if (step.capped) return text.append(", capped at what is left");
  if (step.rank == 0) {
    text.append(" rounded ");
    return text.append(RoundingModeName(step.mode));
  }
  text.append(step.extra ? " rounded up, remainder rank " : " rounded down, remainder rank ");
  AppendNumber(step.rank, &text);
  return text;
}

}  // namespace cloudpos::pricing
