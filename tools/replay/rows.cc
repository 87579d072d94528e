#include "tools/replay/rows.h"

#include <algorithm>
#include <array>
#include <map>

#include "absl/time/civil_time.h"
#include "libs/base/clock.h"
#include "libs/base/encoding.h"
#include "libs/base/status_macros.h"
#include "tools/replay/csv.h"
#include "tools/replay/plan.h"

namespace cloudpos::replay {
namespace {

enum Column { kInvoice, kCode, kDescription, kQuantity, kDate, kPrice, kCustomer, kColumns };
constexpr std::array<const char*, kColumns> kNames = {
    "InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"};

constexpr int kQuantityDigits = 3;
constexpr int kPriceDigits = 5;
// 10^15 hundred-thousandths of a pound are ten billion pounds.
constexpr int64_t kNumberMax = 1'000'000'000'000'000;

absl::Status Bad(int line, const std::string& what) {
  return absl::InvalidArgumentError("line " + std::to_string(line) + ": " + what);
}

absl::StatusOr<std::array<size_t, kColumns>> FindColumns(const std::vector<std::string>& header) {
  std::array<size_t, kColumns> places{};
  for (size_t i = 0; i < places.size(); ++i) {
    const auto found = std::find(header.begin(), header.end(), kNames[i]);
    if (found == header.end()) return Bad(1, std::string("there is no column ") + kNames[i]);
    places[i] = static_cast<size_t>(found - header.begin());
  }
  return places;
}

const absl::TimeZone& Zone() {
  static const absl::TimeZone zone =
      base::LoadZone(kTimeZone, "zone").value_or(absl::UTCTimeZone());
  return zone;
}

absl::StatusOr<InvoiceRow> RowOf(const std::array<std::string, kColumns>& field, int line) {
  InvoiceRow row{.line = line,
                 .invoice = ToUtf8(field[kInvoice]),
                 .code = ToUtf8(field[kCode]),
                 .description = ToUtf8(field[kDescription]),
                 .customer = ToUtf8(field[kCustomer])};
  if (row.invoice.empty()) return Bad(line, "InvoiceNo is empty");
  if (row.code.empty()) return Bad(line, "StockCode is empty");
  const auto quantity = ParseDecimal(field[kQuantity], kQuantityDigits);
  if (!quantity) return Bad(line, "Quantity \"" + field[kQuantity] + "\" is not a number");
  const auto price = ParseDecimal(field[kPrice], kPriceDigits);
  if (!price) return Bad(line, "UnitPrice \"" + field[kPrice] + "\" is not a price");
  const auto at = ParseLocalTime(field[kDate]);
  if (!at) return Bad(line, "InvoiceDate \"" + field[kDate] + "\" is not a date and time");
  row.quantity_milli = *quantity;
  row.price_e5 = *price;
  row.at = *at;
  return row;
}

}  // namespace

std::optional<int64_t> ParseDecimal(std::string_view text, int digits) {
  const bool is_negative = text.starts_with("-");
  if (is_negative) text.remove_prefix(1);
  int64_t value = 0;
  int after_point = -1;  // digits seen after the point; -1: no point yet
  bool has_digit = false;
  for (const char c : text) {
    if (c == '.' && after_point < 0) {
      after_point = 0;
      continue;
    }
    if (c < '0' || c > '9') return std::nullopt;
    has_digit = true;
    if (after_point == digits) {
      if (c != '0') return std::nullopt;
      continue;
    }
    if (after_point >= 0) ++after_point;
    value = value * 10 + (c - '0');
    if (value > kNumberMax) return std::nullopt;
  }
  if (!has_digit) return std::nullopt;
  for (int i = std::max(after_point, 0); i < digits; ++i) {
    value *= 10;
    if (value > kNumberMax) return std::nullopt;
  }
  return is_negative ? -value : value;
}

std::optional<absl::Time> ParseLocalTime(const std::string& text) {
  for (const char* format : {"%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S",
                             "%m/%d/%Y %H:%M", "%m/%d/%y %H:%M"}) {
    absl::Time time;
    if (absl::ParseTime(format, text, Zone(), &time, nullptr)) return time;
  }
  return std::nullopt;
}

std::string ToUtf8(const std::string& text) {
  if (base::IsValidUtf8(text)) return text;
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out.push_back(c);
    } else {
      out.push_back(static_cast<char>(0xC0 | (byte >> 6)));
      out.push_back(static_cast<char>(0x80 | (byte & 0x3F)));
    }
  }
  return out;
}

absl::StatusOr<std::vector<InvoiceRow>> ReadRows(std::string_view csv) {
  CsvReader reader(csv);
  std::vector<std::string> record;
  CLOUDPOS_ASSIGN_OR_RETURN(const bool has_header, reader.Next(&record));
  if (!has_header) return Bad(1, "the file is empty");
  const size_t width = record.size();
  CLOUDPOS_ASSIGN_OR_RETURN(const auto places, FindColumns(record));
  std::vector<InvoiceRow> rows;
  while (true) {
    CLOUDPOS_ASSIGN_OR_RETURN(const bool has_more, reader.Next(&record));
    if (!has_more) return rows;
    if (record.size() == 1 && record[0].empty()) continue;  // an empty line
    if (record.size() != width) {
      return Bad(reader.line(), "has " + std::to_string(record.size()) + " fields, the header " +
                                    std::to_string(width));
    }
    std::array<std::string, kColumns> fields;
    for (size_t i = 0; i < fields.size(); ++i) fields[i] = record[places[i]];
    CLOUDPOS_ASSIGN_OR_RETURN(rows.emplace_back(), RowOf(fields, reader.line()));
  }
}

}  // namespace cloudpos::replay
