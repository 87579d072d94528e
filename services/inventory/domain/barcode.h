#pragma once

// Barcodes (C-03): check digits, and one key for all ways to write the same code.

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace cloudpos::inventory {

/// Numbers as in inventory.proto.
enum class Symbology {
  kUnspecified = 0,
  kEan8 = 1,
  kEan13 = 2,
  kUpcA = 3,
  kUpcE = 4,
  kItf14 = 5,
  kCode128 = 6,
};

struct Barcode {
  std::string code;  // as given
  Symbology symbology = Symbology::kUnspecified;
  /// Equal for codes that are the same: 14 digits for what is a GTIN (UPC-E expanded), else the
  /// text.
  std::string lookup_key;
  friend bool operator==(const Barcode&, const Barcode&) = default;
};

/// The last digit of a GTIN whose other digits are `digits`: weights 3, 1, 3 ... from the right.
char CheckDigit(std::string_view digits);

/// The UPC-A that an 8-digit UPC-E is short for, with its check digit as given; empty when `code`
/// is not of that form.
std::string ExpandUpcE(std::string_view code);

/// Checks `code`, named `field` in refusals. Unspecified, the symbology follows from the form:
/// FIELD_REQUIRED, INVALID_BARCODE.
absl::StatusOr<Barcode> ParseBarcode(std::string_view code, Symbology symbology,
                                     std::string_view field);

/// The keys that a scanned text may stand for (8 digits may be an EAN-8 or a UPC-E). Anything is
/// accepted; what is no code has no key but its own text.
std::vector<std::string> LookupKeys(std::string_view code);

}  // namespace cloudpos::inventory
