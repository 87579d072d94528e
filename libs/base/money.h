#pragma once

// Money: a whole count of the currency's minor unit, never floating point. Results of arithmetic
// stay within 2^53-1 (what any JSON reader holds exactly) or are nullopt.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "cloudpos/common/v1/money.pb.h"

namespace cloudpos::base {

/// 2^53-1: the largest integer every JSON reader keeps.
constexpr int64_t kMaxSafeInteger = 9'007'199'254'740'991;

constexpr bool IsSafeInteger(int64_t value) {
  return value >= -kMaxSafeInteger && value <= kMaxSafeInteger;
}

/// nullopt when the result (or an operand) is not a safe integer.
std::optional<int64_t> CheckedAdd(int64_t a, int64_t b);
std::optional<int64_t> CheckedSub(int64_t a, int64_t b);
std::optional<int64_t> CheckedMul(int64_t a, int64_t b);

/// An active ISO 4217 currency.
class Currency {
 public:
  /// nullopt unless `code` is the upper-case code of an active currency.
  static std::optional<Currency> Parse(std::string_view code);
  /// FIELD_REQUIRED when empty, INVALID_ARGUMENT when not a currency.
  static absl::StatusOr<Currency> ParseField(std::string_view code, std::string_view field);

  std::string code() const { return {code_.data(), code_.size()}; }
  /// Digits after the decimal point: JPY 0, USD 2, KWD 3.
  int exponent() const { return exponent_; }

  friend bool operator==(const Currency&, const Currency&) = default;

 private:
  Currency(std::string_view code, int exponent);
  std::array<char, 3> code_;
  int exponent_;
};

/// For people, without the code: 1234 with exponent 2 is "12.34", -5 is "-0.05", 7 with 0 is "7".
std::string FormatMinor(int64_t minor, int exponent);
/// The reverse, exactly: "12.34" -> 1234. nullopt for more digits than the exponent has, signs
/// other than a leading minus, blanks, or a value that is not a safe integer.
std::optional<int64_t> ParseMinor(std::string_view text, int exponent);

/// An amount in one currency.
struct Money {
  Currency currency;
  int64_t minor = 0;

  std::string ToString() const;  // "12.34 EUR"
  friend bool operator==(const Money&, const Money&) = default;
};

/// nullopt on overflow or when the currencies differ.
std::optional<Money> Add(const Money& a, const Money& b);
std::optional<Money> Subtract(const Money& a, const Money& b);

/// Reads a message field named `field`: its currency must be active and the amount a safe integer
/// (OVERFLOW).
absl::StatusOr<Money> MoneyFromProto(const common::v1::Money& message, std::string_view field);
/// The same where only `expected` will do: CURRENCY_MISMATCH otherwise.
absl::StatusOr<int64_t> MinorFromProto(const common::v1::Money& message, const Currency& expected,
                                       std::string_view field);
common::v1::Money MoneyToProto(const Money& money);
void SetMoney(std::string_view currency_code, int64_t minor, common::v1::Money* message);

}  // namespace cloudpos::base
