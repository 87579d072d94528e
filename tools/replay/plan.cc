#include "tools/replay/plan.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "libs/base/clock.h"
#include "libs/base/encoding.h"
#include "libs/base/status_macros.h"
#include "libs/pricing/rounding.h"
#include "tools/replay/rows.h"

namespace cloudpos::replay {
namespace {

constexpr size_t kLinesMax = 2'000;
constexpr int64_t kQuantityMax = 1'000'000'000;  // thousandths, of a line
constexpr size_t kNameMax = 200;
constexpr int64_t kE5PerPenny = 1'000;

// Ids that stand for no time of their own share one, so that every slice of the data makes the
// same: midnight of the data set's first day.
absl::Time Epoch() { return absl::FromUnixSeconds(1'291'161'600); }

base::Uuid IdOf(absl::Time time, std::string_view kind, const std::string& name) {
  return base::DeriveUuidV7(time, "cloudpos-replay/" + std::string(kind) + "/" + name);
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

/// Goods are numbered ("85123A"), with two families of letters ("DCGS0003", "SP1002"). Everything
/// else is a service or a bookkeeping code: POST, DOT, C2, M, D, S, BANK CHARGES, AMAZONFEE, CRUK,
/// PADS, gift_0001_20 ...
bool IsGoods(const std::string& code) {
  if (IsDigit(code.front()) || code.starts_with("DCGS")) return true;
  return code.size() > 2 && code.starts_with("SP") && IsDigit(code[2]);
}

/// A description fit to be a name: without control characters and outer blanks, at most 200
/// characters; empty when nothing is left.
std::string NameFrom(const std::string& description) {
  std::string name;
  for (const char c : description) {
    const bool is_control = static_cast<unsigned char>(c) < ' ' || c == 0x7F;
    const bool is_blank = is_control || c == ' ';
    if (is_blank && (name.empty() || name.back() == ' ')) continue;
    name.push_back(is_blank ? ' ' : c);
  }
  while (name.ends_with(' ')) name.pop_back();
  while (base::Utf8Length(name) > kNameMax) {
    // From the end of a character: bytes 10xxxxxx go on with it.
    while ((static_cast<unsigned char>(name.back()) & 0xC0) == 0x80) name.pop_back();
    name.pop_back();
  }
  return base::IsPrintableText(name) ? name : std::string();
}

int64_t RoundedDiv(pricing::Int128 n, int64_t d) {
  return static_cast<int64_t>(pricing::RoundDiv(n, d, pricing::RoundingMode::kHalfUp));
}

class Planner {
 public:
  absl::Status Add(const InvoiceRow& row);
  Plan Finish();
  absl::Status Check() const;

 private:
  size_t ProductOf(const InvoiceRow& row);
  /// Why no document can hold the row; empty: one can.
  static std::string Unfit(const InvoiceRow& row, Kind kind);

  Plan plan_;
  std::unordered_map<std::string, size_t> products_;              // by code
  std::map<std::pair<std::string, Kind>, size_t> documents_;      // by invoice
};

size_t Planner::ProductOf(const InvoiceRow& row) {
  const auto [found, is_new] = products_.try_emplace(row.code, plan_.products.size());
  if (is_new) {
    plan_.products.push_back({.code = row.code,
                              .price_minor = RoundedDiv(std::max<int64_t>(row.price_e5, 0),
                                                        kE5PerPenny),
                              .is_stocked = IsGoods(row.code)});
  }
  Product& product = plan_.products[found->second];
  if (product.name.empty()) product.name = NameFrom(row.description);
  return found->second;
}

std::string Planner::Unfit(const InvoiceRow& row, Kind kind) {
  if (row.quantity_milli == 0) return "the quantity is zero";
  if (std::abs(row.quantity_milli) > kQuantityMax) return "the quantity is too large";
  if (kind == Kind::kCorrection) return {};
  if (kind == Kind::kReturn && row.quantity_milli > 0) {
    return "a credit note takes a positive quantity";
  }
  if (row.price_e5 < 0) return "the price is negative: neither a sale nor a return";
  return {};
}

absl::Status Planner::Add(const InvoiceRow& row) {
  const Kind kind = row.invoice.starts_with("C")  ? Kind::kReturn
                    : row.quantity_milli < 0 ? Kind::kCorrection
                                             : Kind::kSale;
  const std::string unfit = Unfit(row, kind);
  if (!unfit.empty()) {
    plan_.skipped.push_back("line " + std::to_string(row.line) + ", invoice " + row.invoice +
                            ", code " + row.code + ": " + unfit);
    return absl::OkStatus();
  }
  const size_t index = ProductOf(row);
  const auto [found, is_new] =
      documents_.try_emplace({row.invoice, kind}, plan_.documents.size());
  if (is_new) {
    plan_.documents.push_back({.kind = kind,
                               .invoice = row.invoice,
                               .at = row.at,
                               .customer = row.customer,
                               .lines = {}});
  }
  Document& document = plan_.documents[found->second];
  // A few invoices were written over two minutes: the first one counts.
  document.at = std::min(document.at, row.at);
  Line line{.product = index, .quantity_milli = std::abs(row.quantity_milli)};
  if (kind == Kind::kCorrection) {
    line.quantity_milli = row.quantity_milli;
  } else {
    line.is_fine = row.price_e5 % kE5PerPenny != 0;
    line.unit_price_minor = line.is_fine ? row.price_e5 * kFinePer / kE5PerPenny
                                         : row.price_e5 / kE5PerPenny;
    line.total_minor =
        RoundedDiv(static_cast<pricing::Int128>(row.price_e5) * line.quantity_milli,
                   kE5PerPenny * 1000);
    if (line.is_fine && !plan_.products[index].has_fine) {
      plan_.products[index].has_fine = true;
      plan_.products[index].fine_price_minor = line.unit_price_minor;
    }
  }
  document.total_minor += line.total_minor;
  document.lines.push_back(line);
  return absl::OkStatus();
}

absl::Status Planner::Check() const {
  for (const Document& document : plan_.documents) {
    if (document.lines.size() > kLinesMax) {
      return absl::InvalidArgumentError("invoice " + document.invoice + " has " +
                                        std::to_string(document.lines.size()) +
                                        " lines; a document holds 2,000 at most");
    }
  }
  return absl::OkStatus();
}

void AddTo(const Document& document, DayFigures* day) {
  int64_t units = 0;
  for (const Line& line : document.lines) units += line.quantity_milli;
  switch (document.kind) {
    case Kind::kSale:
      day->sales += document.total_minor;
      day->units_sold += units;
      ++day->sale_count;
      break;
    case Kind::kReturn:
      day->returns -= document.total_minor;
      day->units_returned += units;
      ++day->credit_notes;
      break;
    case Kind::kCorrection:
      day->corrections += static_cast<int64_t>(document.lines.size());
      day->correction_units += units;
      break;
  }
}

Plan Planner::Finish() {
  for (Product& product : plan_.products) {
    if (product.name.empty()) product.name = product.code;
  }
  std::stable_sort(plan_.documents.begin(), plan_.documents.end(),
                   [](const Document& a, const Document& b) { return a.at < b.at; });
  const absl::TimeZone zone = base::LoadZone(kTimeZone, "zone").value_or(absl::UTCTimeZone());
  for (const Document& document : plan_.documents) {
    AddTo(document, &plan_.days[base::BusinessDate(document.at, zone, 0)]);
  }
  return std::move(plan_);
}

}  // namespace

base::Uuid Product::ProductId() const { return IdOf(Epoch(), "product", code); }
base::Uuid Product::VariantId() const { return IdOf(Epoch(), "variant", code); }
std::string Product::FineSku() const { return code + "/" + std::to_string(kFinePer); }
base::Uuid Product::FineVariantId() const { return IdOf(Epoch(), "variant", FineSku()); }

base::Uuid Document::Id() const {
  switch (kind) {
    case Kind::kSale: return IdOf(at, "sale", invoice);
    case Kind::kReturn: return IdOf(at, "return", invoice);
    case Kind::kCorrection: return IdOf(at, "correction", invoice);
  }
  return {};
}

std::string Document::CustomerRef() const {
  return customer.empty() ? std::string() : IdOf(Epoch(), "customer", customer).ToString();
}

absl::StatusOr<Plan> MakePlan(std::string_view csv) {
  CLOUDPOS_ASSIGN_OR_RETURN(const std::vector<InvoiceRow> rows, ReadRows(csv));
  Planner planner;
  for (const InvoiceRow& row : rows) CLOUDPOS_RETURN_IF_ERROR(planner.Add(row));
  CLOUDPOS_RETURN_IF_ERROR(planner.Check());
  return planner.Finish();
}

}  // namespace cloudpos::replay
