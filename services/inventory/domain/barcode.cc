#include "services/inventory/domain/barcode.h"

#include <algorithm>

#include "libs/base/error.h"

namespace cloudpos::inventory {
namespace {

using namespace common::v1;  // error codes

constexpr size_t kGtinDigits = 14;
constexpr size_t kCode128Max = 48;

bool IsDigits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool IsGtin(std::string_view code) {
  return !code.empty() && code.back() == CheckDigit(code.substr(0, code.size() - 1));
}

std::string GtinKey(std::string_view code) {
  return std::string(kGtinDigits - code.size(), '0') + std::string(code);
}

bool IsCode128Text(std::string_view code) {
  return !code.empty() && code.size() <= kCode128Max && code.front() != ' ' && code.back() != ' ' &&
         std::all_of(code.begin(), code.end(), [](char c) { return c >= ' ' && c < 0x7f; });
}

size_t LengthOf(Symbology symbology) {
  switch (symbology) {
    case Symbology::kEan8:
    case Symbology::kUpcE:
      return 8;
    case Symbology::kUpcA:
      return 12;
    case Symbology::kEan13:
      return 13;
    case Symbology::kItf14:
      return 14;
    default:
      return 0;
  }
}

Symbology SymbologyOf(std::string_view code) {
  if (!IsDigits(code)) return Symbology::kCode128;
  switch (code.size()) {
    case 8:
      // Either form; the EAN-8 wins where both check digits fit.
      return !IsGtin(code) && IsGtin(ExpandUpcE(code)) ? Symbology::kUpcE : Symbology::kEan8;
    case 12:
      return Symbology::kUpcA;
    case 13:
      return Symbology::kEan13;
    case 14:
      return Symbology::kItf14;
    default:
      return Symbology::kCode128;
  }
}

absl::StatusOr<std::string> ParseGtin(std::string_view code, Symbology symbology,
                                      std::string_view field) {
  const size_t length = LengthOf(symbology);
  if (code.size() != length || !IsDigits(code)) {
    return base::Fail(INVALID_BARCODE, field, "must be " + std::to_string(length) + " digits");
  }
  const std::string full = symbology == Symbology::kUpcE ? ExpandUpcE(code) : std::string(code);
  if (full.empty()) return base::Fail(INVALID_BARCODE, field, "a UPC-E begins with 0 or 1");
  if (!IsGtin(full)) {
    const char expected = CheckDigit(std::string_view(full).substr(0, full.size() - 1));
    return base::Fail(INVALID_BARCODE, field,
                      std::string("the check digit is wrong: it should be ") + expected);
  }
  return GtinKey(full);
}

// What a Code-128 scans as may also be the digits of a GTIN: then it is that one.
std::string KeyOfText(std::string_view code) {
  const Symbology symbology = SymbologyOf(code);
  if (symbology == Symbology::kCode128) return std::string(code);
  return ParseGtin(code, symbology, "").value_or(std::string(code));
}

}  // namespace

char CheckDigit(std::string_view digits) {
  int sum = 0;
  int weight = 3;
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) {
    sum += (*digit - '0') * weight;
    weight = 4 - weight;
  }
  return static_cast<char>('0' + (10 - sum % 10) % 10);
}

std::string ExpandUpcE(std::string_view code) {
  if (code.size() != 8 || !IsDigits(code) || code[0] > '1') return {};
  const std::string_view d = code.substr(1, 6);
  std::string body;
  switch (d[5]) {
    case '0':
    case '1':
    case '2':
      body = std::string(d.substr(0, 2)) + d[5] + "0000" + std::string(d.substr(2, 3));
      break;
    case '3':
      body = std::string(d.substr(0, 3)) + "00000" + std::string(d.substr(3, 2));
      break;
    case '4':
      body = std::string(d.substr(0, 4)) + "00000" + d[4];
      break;
    default:
      body = std::string(d.substr(0, 5)) + "0000" + d[5];
  }
  return code[0] + body + code[7];
}

absl::StatusOr<Barcode> ParseBarcode(std::string_view code, Symbology symbology,
                                     std::string_view field) {
  if (code.empty()) return base::Fail(FIELD_REQUIRED, field, "is required");
  if (symbology == Symbology::kUnspecified) symbology = SymbologyOf(code);
  Barcode barcode{.code = std::string(code), .symbology = symbology, .lookup_key = {}};
  if (symbology == Symbology::kCode128) {
    if (!IsCode128Text(code)) {
      return base::Fail(INVALID_BARCODE, field,
                        "must be 1 to 48 ASCII characters without blanks around them");
    }
    barcode.lookup_key = KeyOfText(code);
    return barcode;
  }
  auto key = ParseGtin(code, symbology, field);
  if (!key.ok()) return std::move(key).status();
  barcode.lookup_key = *std::move(key);
  return barcode;
}

std::vector<std::string> LookupKeys(std::string_view code) {
  std::vector<std::string> keys{std::string(code)};
  const auto add = [&keys](std::string key) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(std::move(key));
  };
  if (SymbologyOf(code) == Symbology::kCode128) return keys;
  if (IsGtin(code)) add(GtinKey(code));
  const std::string upc = ExpandUpcE(code);
  if (!upc.empty() && IsGtin(upc)) add(GtinKey(upc));
  return keys;
}

}  // namespace cloudpos::inventory
