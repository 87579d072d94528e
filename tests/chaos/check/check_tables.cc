// The tables of tables.h, and what else their rows say.

#include <algorithm>

#include "libs/base/status_macros.h"
#include "tests/chaos/check/checks.h"
#include "tests/chaos/check/compare.h"

namespace cloudpos::chaos {
namespace {

/// The number a receipt number ends with: "S1-R1-0-42".
int64_t LastNumber(std::string_view receipt_number) {
  const size_t dash = receipt_number.rfind('-');
  if (dash == std::string_view::npos) return 0;
  return IntOf(receipt_number.substr(dash + 1)).value_or(0);
}

void OnSale(const Evidence& e, const Row& row, uint32_t at) {
  constexpr int kReceiptNumber = 25;
  if (at == kNowhere) return;
  Document& document = (*e.documents)[at];
  document.has_row = true;
  const std::string_view exceptions = row.Text(kReceiptNumber + 1);
  document.exceeds_sold = exceptions.find("RETURN_EXCEEDS_SOLD") != std::string_view::npos;
  document.lacks_source = exceptions.find("UNKNOWN_SOURCE") != std::string_view::npos;
  const std::string_view receipt_number = row.Text(kReceiptNumber);
  const std::string who = std::string(NameOf(document.kind)) + " " + document.id.ToString();
  if (document.is_recorded_sale() &&
      LastNumber(receipt_number) != SaleTable::Parse(row).receipt_no) {
    e.report->Broken(Rule::kNumbers, who + ": receipt number " + std::string(receipt_number) +
                                         " does not end with its receipt_no");
  }
  if (document.acked == kNowhere && document.paper == 0) return;
  e.report->Compared(Rule::kAcknowledged, 1);
  if (HashOf(receipt_number) != document.receipt_number) {
    e.report->Broken(
        Rule::kAcknowledged,
        who + " has receipt number " + std::string(receipt_number) + ", another was acknowledged");
  }
}

class Returns {
 public:
  explicit Returns(const Evidence& e) : e_(e), left_(e.books->returned) {}

  void OnLine(const Row& row, uint32_t at) {
    constexpr int kReturnedMilli = 15;
    if (at == kNowhere) return;
    const LineTable::Row line = LineTable::Parse(row);
    const int64_t counted = row.Int(kReturnedMilli);
    e_.report->Compared(Rule::kReturns, 1);
    const auto found = left_.find({at, line.number});
    const Returned returned = found == left_.end() ? Returned{} : found->second;
    // What registers took back while offline has happened, and a manager was told.
    const bool is_excused =
        std::any_of(returned.by.begin(), returned.by.end(),
                    [this](uint32_t by) { return (*e_.documents)[by].exceeds_sold; });
    const int64_t counts =
        is_excused ? std::min(returned.quantity, line.quantity) : returned.quantity;
    if (counted != counts) {
      Wrong(at, line.number,
            "returned_milli is " + std::to_string(counted) + ", " +
                std::to_string(returned.quantity) + " came back");
    }
    if (found == left_.end()) return;
    left_.erase(found);
    CheckRefund(at, line, returned, is_excused);
  }

  void Finish() {
    for (const auto& [key, returned] : left_) {
      for (const uint32_t by : returned.by) {
        if ((*e_.documents)[by].lacks_source) continue;
        Wrong(key.first, key.second, "a return of a line that does not exist");
      }
    }
  }

 private:
  void CheckRefund(uint32_t at, const LineTable::Row& line, const Returned& returned,
                   bool is_excused) {
    const bool is_sale = (*e_.documents)[at].kind == Kind::kSale;
    if (!is_sale) Wrong(at, line.number, "goods of something that is no sale came back");
    if (returned.variant != line.variant) Wrong(at, line.number, "something else came back");
    if (is_excused) return;
    if (returned.quantity > line.quantity) Wrong(at, line.number, "more came back than was sold");
    const bool is_whole = returned.quantity == line.quantity;
    const bool is_too_much = returned.total > line.total || returned.net > line.net;
    // Taxes may be negative: then a part may be more than the whole, but never the whole itself.
    if (is_whole ? returned.total != line.total : line.tax >= 0 && is_too_much) {
      Wrong(at, line.number,
            "refunded " + std::to_string(returned.total) + " of " + std::to_string(line.total));
    }
  }

  void Wrong(uint32_t document, int64_t line, const std::string& what) {
    e_.report->Broken(Rule::kReturns, "sale " + (*e_.documents)[document].id.ToString() + " line " +
                                          std::to_string(line) + ": " + what);
  }

  const Evidence& e_;
  std::map<std::pair<uint32_t, int64_t>, Returned> left_;
};

template <typename Table>
absl::Status Compare(const Evidence& e,
                     const std::function<void(const Row&, uint32_t)>& on_row = {}) {
  return CompareTable<Table>(e.database, *e.books, e.documents, e.report, on_row);
}

}  // namespace

absl::Status CheckTables(const Evidence& e) {
  CLOUDPOS_RETURN_IF_ERROR(
      Compare<SaleTable>(e, [&e](const Row& row, uint32_t at) { OnSale(e, row, at); }));
  Returns returns(e);
  CLOUDPOS_RETURN_IF_ERROR(
      Compare<LineTable>(e, [&returns](const Row& row, uint32_t at) { returns.OnLine(row, at); }));
  returns.Finish();
  CLOUDPOS_RETURN_IF_ERROR(Compare<TenderTable>(e));
  CLOUDPOS_RETURN_IF_ERROR(Compare<MovementTable>(e));
  return Compare<FactSaleTable>(e);
}

}  // namespace cloudpos::chaos
