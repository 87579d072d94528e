#include "libs/base/money.h"

#include <catch2/catch.hpp>
#include <limits>

#include "libs/base/error.h"

namespace cloudpos::base {
namespace {

constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

TEST_CASE("Checked arithmetic: nothing beyond 2^53-1", "[base]") {
  CHECK(CheckedAdd(kMaxSafeInteger - 1, 1) == kMaxSafeInteger);
  CHECK_FALSE(CheckedAdd(kMaxSafeInteger, 1));
  CHECK_FALSE(CheckedAdd(kMax, 1));
  CHECK(CheckedSub(-kMaxSafeInteger + 1, 1) == -kMaxSafeInteger);
  CHECK_FALSE(CheckedSub(-kMaxSafeInteger, 1));
  CHECK_FALSE(CheckedSub(kMin, 1));
  CHECK(CheckedMul(94906265, 94906265) == 9007199136250225);
  CHECK_FALSE(CheckedMul(94906266, 94906266));
  CHECK_FALSE(CheckedMul(kMin, -1));
  CHECK(CheckedMul(-3, 4) == -12);
}

TEST_CASE("Currency: active ISO 4217 codes with their exponents", "[base]") {
  CHECK(Currency::Parse("GBP")->exponent() == 2);
  CHECK(Currency::Parse("AED")->exponent() == 2);
  CHECK(Currency::Parse("ZWG")->exponent() == 2);
  CHECK(Currency::Parse("JPY")->exponent() == 0);
  CHECK(Currency::Parse("KWD")->exponent() == 3);
  CHECK(Currency::Parse("CLF")->exponent() == 4);
  CHECK(Currency::Parse("EUR")->code() == "EUR");
  for (const char* code : {"", "gbp", "GB", "GBPX", "XXX", "DEM", "P Q", "BP "}) {
    INFO(code);
    CHECK_FALSE(Currency::Parse(code));
  }
  CHECK(CodeOf(Currency::ParseField("", "currency").status()) == common::v1::FIELD_REQUIRED);
  CHECK(CodeOf(Currency::ParseField("DEM", "currency").status()) == common::v1::INVALID_ARGUMENT);
}

TEST_CASE("FormatMinor and ParseMinor: each other's reverse", "[base]") {
  const struct {
    int64_t minor;
    int exponent;
    const char* text;
  } rows[] = {
      {0, 2, "0.00"},     {5, 2, "0.05"},   {-5, 2, "-0.05"},
      {1234, 2, "12.34"}, {100, 2, "1.00"}, {-1234, 3, "-1.234"},
      {7, 0, "7"},        {1, 4, "0.0001"}, {kMaxSafeInteger, 2, "90071992547409.91"},
  };
  for (const auto& row : rows) {
    CHECK(FormatMinor(row.minor, row.exponent) == row.text);
    CHECK(ParseMinor(row.text, row.exponent) == row.minor);
  }
  CHECK(FormatMinor(kMin, 2) == "-92233720368547758.08");
  CHECK(ParseMinor("2.5", 2) == 250);
  CHECK(ParseMinor("3", 2) == 300);
  for (const char* text : {"", "-", ".5", "1.", "1.234", "+1", " 1", "1e3", "1,00", "1.-1",
                           "90071992547409.92", "99999999999999999999999"}) {
    INFO(text);
    CHECK_FALSE(ParseMinor(text, 2));
  }
}

TEST_CASE("Money: one currency at a time", "[base]") {
  const Money five{*Currency::Parse("EUR"), 500};
  const Money yen{*Currency::Parse("JPY"), 500};
  CHECK(Add(five, five)->ToString() == "10.00 EUR");
  CHECK(Subtract(five, Money{five.currency, 501})->minor == -1);
  CHECK_FALSE(Add(five, yen));
  CHECK_FALSE(Add(five, Money{five.currency, kMaxSafeInteger}));
  CHECK(yen.ToString() == "500 JPY");
}

TEST_CASE("MoneyFromProto: currency first, then the amount", "[base]") {
  common::v1::Money message;
  CHECK(CodeOf(MoneyFromProto(message, "total").status()) == common::v1::FIELD_REQUIRED);
  SetMoney("EUX", kMax, &message);
  CHECK(CodeOf(MoneyFromProto(message, "total").status()) == common::v1::INVALID_ARGUMENT);
  SetMoney("EUR", kMaxSafeInteger + 1, &message);
  const auto refused = MoneyFromProto(message, "lines[0].price").status();
  CHECK(CodeOf(refused) == common::v1::OVERFLOW);
  CHECK(InfoOf(refused).fields.at(0).field == "lines[0].price.minorUnits");
  SetMoney("EUR", -1234, &message);
  const auto money = MoneyFromProto(message, "total");
  REQUIRE(money.ok());
  CHECK(MoneyToProto(*money).SerializeAsString() == message.SerializeAsString());
  CHECK(*MinorFromProto(message, *Currency::Parse("EUR"), "total") == -1234);
  CHECK(CodeOf(MinorFromProto(message, *Currency::Parse("GBP"), "total").status()) ==
        common::v1::CURRENCY_MISMATCH);
}

}  // namespace
}  // namespace cloudpos::base
