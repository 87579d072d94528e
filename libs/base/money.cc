#include "libs/base/money.h"

#include <algorithm>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"

namespace cloudpos::base {
namespace {

// ISO 4217, active codes by number of minor digits; sorted, separated by blanks. Precious metals,
// bond units and test codes are left out: nothing is sold in them.
constexpr std::string_view kExponent0 =
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
constexpr std::string_view kExponent2 =
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD "
    "CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL "
    "GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR "
    "LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD "
    "PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC "
    "SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW "
    "ZWG";
constexpr std::string_view kExponent3 = "BHD IQD JOD KWD LYD OMR TND";
constexpr std::string_view kExponent4 = "CLF UYW";

bool Contains(std::string_view codes, std::string_view code) {
  for (size_t at = 0; at + 3 <= codes.size(); at += 4) {
    if (codes.substr(at, 3) == code) return true;
  }
  return false;
}

std::optional<int> ExponentOf(std::string_view code) {
  if (code.size() != 3) return std::nullopt;
  if (Contains(kExponent2, code)) return 2;
  if (Contains(kExponent0, code)) return 0;
  if (Contains(kExponent3, code)) return 3;
  if (Contains(kExponent4, code)) return 4;
  return std::nullopt;
}

std::optional<int64_t> Safe(int64_t value) {
  if (!IsSafeInteger(value)) return std::nullopt;
  return value;
}

}  // namespace

std::optional<int64_t> CheckedAdd(int64_t a, int64_t b) {
  int64_t result = 0;
  if (__builtin_add_overflow(a, b, &result)) return std::nullopt;
  return Safe(result);
}

std::optional<int64_t> CheckedSub(int64_t a, int64_t b) {
  int64_t result = 0;
  if (__builtin_sub_overflow(a, b, &result)) return std::nullopt;
  return Safe(result);
}

std::optional<int64_t> CheckedMul(int64_t a, int64_t b) {
  int64_t result = 0;
  if (__builtin_mul_overflow(a, b, &result)) return std::nullopt;
  return Safe(result);
}

Currency::Currency(std::string_view code, int exponent) : exponent_(exponent) {
  std::copy_n(code.begin(), code_.size(), code_.begin());
}

std::optional<Currency> Currency::Parse(std::string_view code) {
  const auto exponent = ExponentOf(code);
  if (!exponent) return std::nullopt;
  return Currency(code, *exponent);
}

absl::StatusOr<Currency> Currency::ParseField(std::string_view code, std::string_view field) {
  if (code.empty()) return Fail(common::v1::FIELD_REQUIRED, field, "is required");
  if (const auto currency = Parse(code)) return *currency;
  return Fail(common::v1::INVALID_ARGUMENT, field, "must be an ISO 4217 currency code such as GBP");
}

std::string FormatMinor(int64_t minor, int exponent) {
  // Unsigned negation is defined for the smallest value too.
  const uint64_t size = minor < 0 ? 0 - static_cast<uint64_t>(minor) : static_cast<uint64_t>(minor);
  std::string digits = std::to_string(size);
  const auto decimals = static_cast<size_t>(std::max(exponent, 0));
  if (digits.size() <= decimals) digits.insert(0, decimals + 1 - digits.size(), '0');
  if (decimals > 0) digits.insert(digits.size() - decimals, 1, '.');
  return minor < 0 ? "-" + digits : digits;
}

std::optional<int64_t> ParseMinor(std::string_view text, int exponent) {
  const bool is_negative = text.starts_with('-');
  if (is_negative) text.remove_prefix(1);
  const size_t point = std::min(text.find('.'), text.size());
  const std::string_view whole = text.substr(0, point);
  const std::string_view decimals =
      point < text.size() ? text.substr(point + 1) : std::string_view();
  const auto places = static_cast<size_t>(std::max(exponent, 0));
  if (whole.empty() || decimals.size() > places) return std::nullopt;
  if (point < text.size() && decimals.empty()) return std::nullopt;
  std::string digits(whole);
  digits.append(decimals).append(places - decimals.size(), '0');
  int64_t value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    const auto next = CheckedMul(value, 10);
    if (!next || !IsSafeInteger(*next + (c - '0'))) return std::nullopt;
    value = *next + (c - '0');
  }
  return is_negative ? -value : value;
}

std::string Money::ToString() const {
  return FormatMinor(minor, currency.exponent()) + " " + currency.code();
}

std::optional<Money> Add(const Money& a, const Money& b) {
  const auto sum = CheckedAdd(a.minor, b.minor);
  if (!sum || a.currency != b.currency) return std::nullopt;
  return Money{a.currency, *sum};
}

std::optional<Money> Subtract(const Money& a, const Money& b) {
  const auto difference = CheckedSub(a.minor, b.minor);
  if (!difference || a.currency != b.currency) return std::nullopt;
  return Money{a.currency, *difference};
}

absl::StatusOr<Money> MoneyFromProto(const common::v1::Money& message, std::string_view field) {
  CLOUDPOS_ASSIGN_OR_RETURN(
      const Currency currency,
      Currency::ParseField(message.currency_code(), std::string(field) + ".currencyCode"));
  if (!IsSafeInteger(message.minor_units())) {
    return Fail(common::v1::OVERFLOW, std::string(field) + ".minorUnits",
                "must be within 9007199254740991");
  }
  return Money{currency, message.minor_units()};
}

absl::StatusOr<int64_t> MinorFromProto(const common::v1::Money& message, const Currency& expected,
                                       std::string_view field) {
  CLOUDPOS_ASSIGN_OR_RETURN(const Money money, MoneyFromProto(message, field));
  if (money.currency == expected) return money.minor;
  return Fail(common::v1::CURRENCY_MISMATCH, std::string(field) + ".currencyCode",
              "must be " + expected.code());
}

common::v1::Money MoneyToProto(const Money& money) {
  common::v1::Money message;
  SetMoney(money.currency.code(), money.minor, &message);
  return message;
}

void SetMoney(std::string_view currency_code, int64_t minor, common::v1::Money* message) {
  message->set_currency_code(currency_code.data(), currency_code.size());
  message->set_minor_units(minor);
}

}  // namespace cloudpos::base
