#pragma once

// Invoices of the "Online Retail" data set as what a shop would have recorded: products, sales,
// returns and stock corrections. Pure: the same file always makes the same plan, ids included.
//
// Rules (README.md): a row of an invoice C... is returned; a row of another invoice is sold or,
// with a negative quantity, a stock correction. Rows that none of these can hold are skipped, with
// a reason each.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "libs/base/ids.h"

namespace cloudpos::replay {

/// The store's clock and currency, as auth provisions them for the tenant of replays.
constexpr const char* kTimeZone = "Europe/London";
constexpr const char* kCurrency = "GBP";
/// Units that the price of a variant "<code>/1000" is for: prices below a penny need one.
constexpr int64_t kFinePer = 1000;

/// A distinct StockCode.
struct Product {
  std::string code;  // its bytes; valid UTF-8
  std::string name;
  int64_t price_minor = 0;  // the first one seen
  bool is_stocked = true;
  /// A price of parts of a penny was seen: pennies for kFinePer units.
  bool has_fine = false;
  int64_t fine_price_minor = 0;

  base::Uuid ProductId() const;
  base::Uuid VariantId() const;
  std::string FineSku() const;
  base::Uuid FineVariantId() const;
};

struct Line {
  size_t product = 0;  // index in Plan::products
  int64_t quantity_milli = 0;
  int64_t unit_price_minor = 0;
  bool is_fine = false;  // the price is for kFinePer units
  int64_t total_minor = 0;
};

enum class Kind { kSale, kReturn, kCorrection };

struct Document {
  Kind kind = Kind::kSale;
  std::string invoice;
  absl::Time at;
  std::string customer;  // may be empty
  std::vector<Line> lines;
  int64_t total_minor = 0;

  /// From its time and its invoice number.
  base::Uuid Id() const;
  /// A reference for the customer, made of his number; empty without one.
  std::string CustomerRef() const;
};

/// What a report must answer for a day (money in pennies, quantities in thousandths).
struct DayFigures {
  int64_t sales = 0;
  int64_t returns = 0;  // zero or negative
  int64_t units_sold = 0;
  int64_t units_returned = 0;
  int64_t sale_count = 0;
  int64_t credit_notes = 0;
  int64_t corrections = 0;
  int64_t correction_units = 0;
  friend bool operator==(const DayFigures&, const DayFigures&) = default;
};

struct Plan {
  std::vector<Product> products;    // in order of first appearance
  std::vector<Document> documents;  // by time
  std::vector<std::string> skipped;  // "line 17: ..." each
  /// By business date: what the figures of these documents alone are.
  std::map<absl::CivilDay, DayFigures> days;
};

/// INVALID_ARGUMENT, naming the line, for what is no such file: a column missing, a number, date or
/// CSV that cannot be read, an invoice of more than 2,000 lines.
absl::StatusOr<Plan> MakePlan(std::string_view csv);

}  // namespace cloudpos::replay
