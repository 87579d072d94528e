#include "tests/chaos/check/rollups.h"

#include <vector>

#include "libs/base/status_macros.h"
#include "tests/chaos/check/sum.h"
#include "tests/chaos/check/views.h"

namespace cloudpos::chaos {
namespace {

constexpr int64_t kMicrosPerMinute = 60'000'000;
constexpr int64_t kMicrosPerHour = 60 * kMicrosPerMinute;

#define FROM_LIVE_SET(table)                \
  " FROM reporting." table                  \
  " AS r WHERE r.tenant_id = $1::uuid AND " \
  "r.set_id = (SELECT s.set_id FROM reporting.report_sets AS s WHERE s.state = 'LIVE')"
#define FIGURES                                                                     \
  " sales_minor, returns_minor, gross_minor, discount_minor, net_minor, tax_minor," \
  " units_sold_milli, units_returned_milli, sale_count, return_count,"              \
  " business_date::text, store_id, currency_code"

constexpr Query kDays{"rollup_days", "SELECT" FIGURES FROM_LIVE_SET("rollup_days")};
constexpr Query kHours{
    "rollup_hours",
    "SELECT" FIGURES
    ", register_id, operator_id, hour_start, utc_offset_min" FROM_LIVE_SET("rollup_hours")};
constexpr Query kProducts{"rollup_products",
                          "SELECT" FIGURES
                          ", product_id, category_id" FROM_LIVE_SET("rollup_products")};
constexpr Query kCustomers{"rollup_customers",
                           "SELECT" FIGURES ", customer_ref" FROM_LIVE_SET("rollup_customers")};
constexpr Query kTaxes{
    "rollup_taxes",
    "SELECT base_minor, tax_minor, returned_base_minor, returned_tax_minor, business_date::text,"
    " store_id, currency_code, jurisdiction, treatment, rate_ppm, fixed_per_unit_minor, tax_id,"
    " inclusive" FROM_LIVE_SET("rollup_taxes")};
constexpr Query kStock{"rollup_stock",
                       "SELECT on_hand_milli, store_id, variant_id" FROM_LIVE_SET("rollup_stock")};

/// First of the columns after the figures and the day's.
constexpr int kKeyColumn = 13;

std::string DayKey(std::string_view date, std::string_view store, std::string_view currency) {
  std::string key = "day=";
  key.append(date).append(" store=").append(store).append(" currency=").append(currency);
  return key;
}

std::string DayKey(const Row& row, int column) {
  return DayKey(row.Text(column), row.Id(column + 1).ToString(), row.Text(column + 2));
}

Figures FiguresOf(const Row& row) {
  return {.sales = row.Int(0),
          .returns = row.Int(1),
          .gross = row.Int(2),
          .discount = row.Int(3),
          .net = row.Int(4),
          .tax = row.Int(5),
          .units_sold = row.Int(6),
          .units_returned = row.Int(7),
          .sale_count = row.Int(8),
          .return_count = row.Int(9)};
}

/// The rest of an hour's key.
template <typename Out>
void TellHour(const base::Uuid& reg, const base::Uuid& op, int64_t start, int64_t offset,
              Out& out) {
  out("register", reg);
  out("operator", op);
  out("hour_start", start);
  out("utc_offset", offset);
}

/// A tax of a line as reports count it. treatment: 1 taxed, 2 zero-rated, 3 exempt.
struct LineTax {
  std::string_view jurisdiction, tax_id;
  int64_t treatment = 0, rate = 0, fixed = 0, base = 0, tax = 0;
  bool inclusive = false;
};

LineTax LineTaxOf(const journal::EntryTax& tax, const journal::EntryLine& line) {
  const bool is_taxed = !tax.exempt && (tax.rate_ppm != 0 || tax.fixed_per_unit != 0);
  return {.jurisdiction = tax.jurisdiction,
          .tax_id = tax.tax_id,
          .treatment = tax.exempt ? 3
                       : is_taxed ? 1
                                  : 2,
          .rate = tax.rate_ppm,
          .fixed = tax.fixed_per_unit,
          .base = is_taxed ? tax.base : line.net,
          .tax = tax.amount,
          .inclusive = tax.inclusive};
}

std::vector<LineTax> LineTaxesOf(const journal::EntryLine& line) {
  std::vector<LineTax> taxes;
  for (const journal::EntryTax& tax : line.taxes) taxes.push_back(LineTaxOf(tax, line));
  // What carries no tax at all is zero-rated.
  if (taxes.empty()) taxes.push_back({.treatment = 2, .base = line.net});
  return taxes;
}

template <typename Out>
void TellTax(const LineTax& tax, Out& out) {
  out("jurisdiction", tax.jurisdiction);
  out("treatment", tax.treatment);
  out("rate_ppm", tax.rate);
  out("fixed", tax.fixed);
  out("tax_id", tax.tax_id);
  out("inclusive", tax.inclusive);
}

std::string StockKey(std::string_view store, std::string_view variant) {
  return "store=" + std::string(store) + " variant=" + std::string(variant);
}

Figures LineFigures(const journal::EntryLine& line, int64_t sign) {
  int64_t inclusive = 0;
  for (const journal::EntryTax& tax : line.taxes) {
    if (tax.inclusive) inclusive += tax.amount;
  }
  const bool is_sale = sign > 0;
  return {.sales = is_sale ? line.total : 0,
          .returns = is_sale ? 0 : -line.total,
          .gross = sign * line.gross,
          .discount = sign * (line.gross - line.net - inclusive),
          .net = sign * line.net,
          .tax = sign * (line.total - line.net),
          .units_sold = is_sale ? line.quantity_milli : 0,
          .units_returned = is_sale ? 0 : line.quantity_milli,
          .sale_count = is_sale ? 1 : 0,
          .return_count = is_sale ? 0 : 1};
}

std::string Told(const Figures& figures) { return WordsOf(figures); }
std::string Told(const std::array<int64_t, 4>& sums) {
  Words words;
  words("base", sums[0]);
  words("tax", sums[1]);
  words("returned_base", sums[2]);
  words("returned_tax", sums[3]);
  return words.text();
}
std::string Told(int64_t quantity) { return "on_hand=" + std::to_string(quantity); }

/// Rows of one table against the sums expected; what is left in `expected` has no row.
template <typename Sums>
class Comparison {
 public:
  Comparison(const char* table, const Sums& expected, Report* report)
      : table_(table), left_(expected), report_(*report) {}

  void OnRow(const std::string& key, const typename Sums::mapped_type& found) {
    report_.Compared(Rule::kEvents, 1);
    const auto expected = left_.find(key);
    if (expected == left_.end()) {
      return report_.Broken(Rule::kEvents, std::string(table_) + ": " + Told(found) +
                                               ", but the journals say nothing of " + key);
    }
    if (expected->second != found) {
      report_.Broken(Rule::kEvents, std::string(table_) + ", " + key + ": " +
                                        Difference(Told(found), Told(expected->second)));
    }
    left_.erase(expected);
  }

  void Finish() {
    for (const auto& [key, sums] : left_) {
      report_.Broken(Rule::kEvents,
                     std::string(table_) + " has no row for " + key + " (" + Told(sums) + ")");
    }
  }

 private:
  const char* table_;
  Sums left_;
  Report& report_;
};

template <typename Sums, typename KeyOf, typename SumsOf>
absl::Status Compare(Database* database, const Query& query, const Sums& expected, Report* report,
                     KeyOf key_of, SumsOf sums_of) {
  Comparison<Sums> comparison(query.name, expected, report);
  CLOUDPOS_RETURN_IF_ERROR(database->Stream(
      query, [&](const Row& row) { comparison.OnRow(key_of(row), sums_of(row)); }));
  comparison.Finish();
  return absl::OkStatus();
}

}  // namespace

void Figures::Add(const Figures& other) {
  sales += other.sales;
  returns += other.returns;
  gross += other.gross;
  discount += other.discount;
  net += other.net;
  tax += other.tax;
  units_sold += other.units_sold;
  units_returned += other.units_returned;
  sale_count += other.sale_count;
  return_count += other.return_count;
}

void Rollups::Add(const journal::SaleEntry& entry) {
  const int64_t sign = journal::EntrySign(entry);
  if (sign == 0) return;
  const std::string day = DayKey(entry.business_date, entry.store, entry.currency);
  Figures all;
  for (const journal::EntryLine& line : entry.lines) {
    const Figures figures = LineFigures(line, sign);
    all.Add(figures);
    const std::string& product = line.product_id.empty() ? line.variant_id : line.product_id;
    std::string key = day + " product=" + product;
    if (!line.category_id.empty()) key += " category=" + line.category_id;
    products[key].Add(figures);
    if (line.stocked) stock[StockKey(entry.store, line.variant_id)] -= sign * line.quantity_milli;
    AddTaxes(line, day, sign);
  }
  // Documents are counted once; their amounts are the totals, which I1 holds against the lines.
  all.sale_count = sign > 0 ? 1 : 0;
  all.return_count = sign > 0 ? 0 : 1;
  days[day].Add(all);
  const int64_t local = entry.occurred_at_us + entry.utc_offset_min * kMicrosPerMinute;
  const int64_t into_hour = ((local % kMicrosPerHour) + kMicrosPerHour) % kMicrosPerHour;
  Words hour;
  TellHour(IdOf(entry.register_id), IdOf(entry.operator_id), entry.occurred_at_us - into_hour,
           entry.utc_offset_min, hour);
  hours[day + " " + hour.text()].Add(all);
  customers[day + " customer=" + entry.customer_ref].Add(all);
}

void Rollups::AddTaxes(const journal::EntryLine& line, const std::string& day, int64_t sign) {
  for (const LineTax& tax : LineTaxesOf(line)) {
    Words key;
    TellTax(tax, key);
    std::array<int64_t, 4>& sums = taxes[day + " " + key.text()];
    sums[0] += sign * tax.base;
    sums[1] += sign * tax.tax;
    if (sign < 0) {
      sums[2] -= tax.base;
      sums[3] -= tax.tax;
    }
  }
}

void Rollups::AddCorrection(const base::Uuid& store, const base::Uuid& variant, int64_t quantity) {
  stock[StockKey(store.ToString(), variant.ToString())] += quantity;
}

absl::Status CheckRollups(Database* database, const Rollups& expected, Report* report) {
  const auto day_of = [](const Row& row) { return DayKey(row, 10); };
  CLOUDPOS_RETURN_IF_ERROR(Compare(database, kDays, expected.days, report, day_of, FiguresOf));
  const auto hour_of = [&](const Row& row) {
    Words key;
    TellHour(row.Id(kKeyColumn), row.Id(kKeyColumn + 1), row.Micros(kKeyColumn + 2),
             row.Int(kKeyColumn + 3), key);
    return day_of(row) + " " + key.text();
  };
  CLOUDPOS_RETURN_IF_ERROR(Compare(database, kHours, expected.hours, report, hour_of, FiguresOf));
  const auto product_of = [&](const Row& row) {
    Words key;
    key("product", row.Id(kKeyColumn));
    key("category", row.Id(kKeyColumn + 1));
    return day_of(row) + " " + key.text();
  };
  CLOUDPOS_RETURN_IF_ERROR(
      Compare(database, kProducts, expected.products, report, product_of, FiguresOf));
  const auto customer_of = [&](const Row& row) {
    return day_of(row) + " customer=" + std::string(row.Text(kKeyColumn));
  };
  CLOUDPOS_RETURN_IF_ERROR(
      Compare(database, kCustomers, expected.customers, report, customer_of, FiguresOf));
  const auto tax_of = [](const Row& row) {
    Words key;
    TellTax({.jurisdiction = row.Text(7),
             .tax_id = row.Text(11),
             .treatment = row.Int(8),
             .rate = row.Int(9),
             .fixed = row.Int(10),
             .inclusive = row.Bool(12)},
            key);
    return DayKey(row, 4) + " " + key.text();
  };
  const auto tax_sums = [](const Row& row) {
    return std::array<int64_t, 4>{row.Int(0), row.Int(1), row.Int(2), row.Int(3)};
  };
  CLOUDPOS_RETURN_IF_ERROR(Compare(database, kTaxes, expected.taxes, report, tax_of, tax_sums));
  const auto stock_of = [](const Row& row) {
    return StockKey(row.Id(1).ToString(), row.Id(2).ToString());
  };
  return Compare(database, kStock, expected.stock, report, stock_of,
                 [](const Row& row) { return row.Int(0); });
}

}  // namespace cloudpos::chaos
