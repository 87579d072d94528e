// Names of the enums: stored on sales, carried by JSON. They never change.
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "libs/pricing/error.h"
#include "libs/pricing/price.h"
#include "libs/pricing/rounding.h"
#include "libs/pricing/trace.h"

namespace cloudpos::pricing {
namespace {

constexpr std::array<std::string_view, 8> kErrors = {
    "OK",       "OUT_OF_RANGE", "BAD_QUANTITY",       "BAD_TAX_ORDER", "LIMIT_EXCEEDED",
    "OVERFLOW", "OVER_TENDER",  "RETURN_EXCEEDS_SOLD"};
constexpr std::array<std::string_view, 5> kRoundingModes = {"HALF_UP", "HALF_EVEN", "HALF_DOWN",
                                                            "DOWN", "UP"};
constexpr std::array<std::string_view, 2> kRoundingLevels = {"PER_LINE", "PER_RATE_GROUP"};
constexpr std::array<std::string_view, 2> kInclusiveRoundings = {"ROUND_TAX", "ROUND_NET"};
constexpr std::array<std::string_view, 2> kDiscountOrders = {"PERCENT_FIRST", "LINE_FIRST"};
constexpr std::array<std::string_view, 3> kTaxKinds = {"PERCENT", "FIXED_PER_UNIT", "EXEMPT"};
constexpr std::array<std::string_view, 8> kTraceStages = {
    "GROSS", "LINE_DISCOUNT", "ORDER_DISCOUNT", "ORDER_SHARE",
    "TAX",   "GROUP_TAX",     "TAX_SHARE",      "NET"};

template <typename Enum, std::size_t kSize>
std::string_view NameOf(const std::array<std::string_view, kSize>& names, Enum value) {
  const auto index = static_cast<std::size_t>(value);
  return index < kSize ? names[index] : std::string_view("UNKNOWN");
}

template <typename Enum, std::size_t kSize>
std::optional<Enum> Lookup(const std::array<std::string_view, kSize>& names,
                           std::string_view name) {
  for (std::size_t i = 0; i < kSize; ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string_view ErrorName(ErrorCode code) { return NameOf(kErrors, code); }

std::string_view RoundingModeName(RoundingMode mode) { return NameOf(kRoundingModes, mode); }
std::optional<RoundingMode> ParseRoundingMode(std::string_view name) {
  return Lookup<RoundingMode>(kRoundingModes, name);
}

std::string_view RoundingLevelName(RoundingLevel level) { return NameOf(kRoundingLevels, level); }
std::optional<RoundingLevel> ParseRoundingLevel(std::string_view name) {
  return Lookup<RoundingLevel>(kRoundingLevels, name);
}

std::string_view InclusiveRoundingName(InclusiveRounding rounding) {
  return NameOf(kInclusiveRoundings, rounding);
}
std::optional<InclusiveRounding> ParseInclusiveRounding(std::string_view name) {
  return Lookup<InclusiveRounding>(kInclusiveRoundings, name);
}

std::string_view DiscountOrderName(DiscountOrder order) { return NameOf(kDiscountOrders, order); }
std::optional<DiscountOrder> ParseDiscountOrder(std::string_view name) {
  return Lookup<DiscountOrder>(kDiscountOrders, name);
}

std::string_view TaxKindName(TaxKind kind) { return NameOf(kTaxKinds, kind); }
std::optional<TaxKind> ParseTaxKind(std::string_view name) {
  return Lookup<TaxKind>(kTaxKinds, name);
}

std::string_view TraceStageName(TraceStage stage) { return NameOf(kTraceStages, stage); }

}  // namespace cloudpos::pricing
