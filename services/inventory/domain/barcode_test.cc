#include "services/inventory/domain/barcode.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "libs/base/error.h"

namespace cloudpos::inventory {
namespace {

using common::v1::ErrorCode;

std::string KeyOf(std::string_view code, Symbology symbology = Symbology::kUnspecified) {
  const auto barcode = ParseBarcode(code, symbology, "code");
  INFO(code);
  REQUIRE(barcode.ok());
  return barcode->lookup_key;
}

ErrorCode RefusalOf(std::string_view code, Symbology symbology = Symbology::kUnspecified) {
  return base::CodeOf(ParseBarcode(code, symbology, "code").status());
}

bool IsFound(std::string_view scanned, const std::string& key) {
  const auto keys = LookupKeys(scanned);
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

}  // namespace

TEST_CASE("CheckDigit: published codes", "[inventory][domain]") {
  CHECK(CheckDigit("400638133393") == '1');   // EAN-13
  CHECK(CheckDigit("03600029145") == '2');    // UPC-A
  CHECK(CheckDigit("7351353") == '7');        // EAN-8
  CHECK(CheckDigit("1540014128876") == '3');  // ITF-14
  CHECK(CheckDigit("000000000000") == '0');
}

TEST_CASE("ExpandUpcE: every form of the last digit", "[inventory][domain]") {
  CHECK(ExpandUpcE("04252614") == "042100005264");
  CHECK(ExpandUpcE("01234505") == "012000003455");
  CHECK(ExpandUpcE("01234523") == "012200003453");
  CHECK(ExpandUpcE("01234531") == "012300000451");
  CHECK(ExpandUpcE("01234543") == "012340000053");
  CHECK(ExpandUpcE("01234558") == "012345000058");
  CHECK(ExpandUpcE("01234597") == "012345000097");
  CHECK(ExpandUpcE("21234597").empty());
  CHECK(ExpandUpcE("0123459").empty());
  CHECK(ExpandUpcE("0123459x").empty());
}

TEST_CASE("ParseBarcode: the symbology follows from the form", "[inventory][domain]") {
  const auto symbology = [](std::string_view code) {
    return ParseBarcode(code, Symbology::kUnspecified, "code")->symbology;
  };
  CHECK(symbology("73513537") == Symbology::kEan8);
  CHECK(symbology("04252614") == Symbology::kUpcE);
  CHECK(symbology("036000291452") == Symbology::kUpcA);
  CHECK(symbology("4006381333931") == Symbology::kEan13);
  CHECK(symbology("15400141288763") == Symbology::kItf14);
  CHECK(symbology("SHELF 7") == Symbology::kCode128);
  CHECK(symbology("12345") == Symbology::kCode128);
}

TEST_CASE("ParseBarcode: one key for all ways to write a code", "[inventory][domain]") {
  CHECK(KeyOf("036000291452") == KeyOf("0036000291452"));
  CHECK(KeyOf("04252614") == KeyOf("042100005264"));
  CHECK(KeyOf("0042100005264") == KeyOf("042100005264"));
  CHECK(KeyOf("00036000291452") == KeyOf("036000291452"));
  CHECK(KeyOf("15400141288763") != KeyOf("5400141288766"));  // a case is not what it holds
  CHECK(KeyOf("036000291452", Symbology::kCode128) == KeyOf("036000291452"));
  CHECK(KeyOf("A-1") == "A-1");
  CHECK(KeyOf("a-1") != KeyOf("A-1"));
}

TEST_CASE("ParseBarcode: what is refused", "[inventory][domain]") {
  CHECK(RefusalOf("") == ErrorCode::FIELD_REQUIRED);
  for (const char* wrong : {"4006381333930", "036000291453", "73513536", "15400141288764"}) {
    INFO(wrong);
    CHECK(RefusalOf(wrong) == ErrorCode::INVALID_BARCODE);
  }
  CHECK(RefusalOf("4006381333931", Symbology::kEan8) == ErrorCode::INVALID_BARCODE);
  CHECK(RefusalOf("400638133393x", Symbology::kEan13) == ErrorCode::INVALID_BARCODE);
  CHECK(RefusalOf("94252614", Symbology::kUpcE) == ErrorCode::INVALID_BARCODE);
  CHECK(RefusalOf(" A") == ErrorCode::INVALID_BARCODE);
  CHECK(RefusalOf("A\n") == ErrorCode::INVALID_BARCODE);
  CHECK(RefusalOf("\xC3\xA9") == ErrorCode::INVALID_BARCODE);
  CHECK(RefusalOf(std::string(48, 'A')) == common::v1::ERROR_CODE_UNSPECIFIED);
  CHECK(RefusalOf(std::string(49, 'A')) == ErrorCode::INVALID_BARCODE);
  // Its check digit does not fit an EAN-13, but as a Code-128 it has none.
  CHECK(KeyOf("4006381333930", Symbology::kCode128) == "4006381333930");
}

TEST_CASE("LookupKeys: whatever was stored is found", "[inventory][domain]") {
  CHECK(IsFound("0036000291452", KeyOf("036000291452")));
  CHECK(IsFound("036000291452", KeyOf("0036000291452")));
  CHECK(IsFound("04252614", KeyOf("042100005264")));
  CHECK(IsFound("73513537", KeyOf("73513537")));
  CHECK(IsFound("SHELF 7", KeyOf("SHELF 7")));
  CHECK(IsFound("4006381333930", KeyOf("4006381333930", Symbology::kCode128)));
  CHECK_FALSE(IsFound("036000291453", KeyOf("036000291452")));
  // 8 digits that fit both ways may be either.
  const std::string both = [] {
    for (int i = 0; i < 1'000'000; ++i) {
      std::string body = std::to_string(i);
      body = "0" + std::string(6 - body.size(), '0') + body;
      const std::string code = body + CheckDigit(body);
      const std::string upc = ExpandUpcE(code);
      if (upc.back() == CheckDigit(std::string_view(upc).substr(0, 11))) return code;
    }
    return std::string();
  }();
  REQUIRE_FALSE(both.empty());
  CHECK(IsFound(both, KeyOf(both, Symbology::kEan8)));
  CHECK(IsFound(both, KeyOf(both, Symbology::kUpcE)));
}

}  // namespace cloudpos::inventory
