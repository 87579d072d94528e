// I1: the amounts of an entry add up.

#include <map>

#include "tests/chaos/check/books.h"

namespace cloudpos::chaos {
namespace {

__extension__ using Int128 = __int128;

/// Collects what is wrong with one document.
class Amounts {
 public:
  Amounts(const journal::SaleEntry& entry, Report* report) : entry_(entry), report_(*report) {}

  void Same(const char* what, int64_t found, int64_t expected) {
    if (found != expected) {
      Wrong(std::string(what) + " is " + std::to_string(found) + ", should be " +
            std::to_string(expected));
    }
  }
  void Require(bool holds, const char* otherwise) {
    if (!holds) Wrong(otherwise);
  }

 private:
  void Wrong(const std::string& what) {
    report_.Broken(Rule::kAmounts, entry_.kind + " " + entry_.sale_id + ": " + what);
  }
  const journal::SaleEntry& entry_;
  Report& report_;
};

/// Unit price times quantity, rounded half up.
int64_t GrossOf(const journal::EntryLine& line) {
  const Int128 exact = static_cast<Int128>(line.unit_price) * line.quantity_milli;
  const Int128 divisor = static_cast<Int128>(1000) * (line.price_per > 0 ? line.price_per : 1);
  return static_cast<int64_t>((2 * exact + divisor) / (2 * divisor));
}

int64_t TaxOf(const journal::EntryLine& line, bool inclusive_only) {
  int64_t sum = 0;
  for (const journal::EntryTax& tax : line.taxes) {
    if (tax.inclusive || !inclusive_only) sum += tax.amount;
  }
  return sum;
}

int64_t DiscountOf(const std::vector<journal::EntryDiscount>& discounts) {
  int64_t sum = 0;
  for (const journal::EntryDiscount& taken : discounts) sum += taken.amount;
  return sum;
}

void CheckLine(const journal::EntryLine& line, Amounts* amounts) {
  amounts->Require(line.quantity_milli > 0, "a line of no quantity");
  // A linked return carries its share of what was sold: I12 holds that against the sale.
  if (line.source_line_no == 0) amounts->Same("a line's gross", line.gross, GrossOf(line));
  const int64_t after_discounts = line.gross - DiscountOf(line.discounts) - line.order_discount;
  amounts->Same("a line's net and inclusive tax", line.net + TaxOf(line, true), after_discounts);
  amounts->Same("a line's total", line.total, line.net + TaxOf(line, false));
}

void CheckTotals(const journal::SaleEntry& entry, Amounts* amounts) {
  int64_t gross = 0, discount = 0, order_discount = 0, net = 0, tax = 0;
  std::map<std::string, int64_t> by_tax;
  for (const journal::EntryLine& line : entry.lines) {
    gross += line.gross;
    discount += DiscountOf(line.discounts) + line.order_discount;
    order_discount += line.order_discount;
    net += line.net;
    tax += TaxOf(line, false);
    for (const journal::EntryTax& of : line.taxes) by_tax[of.tax_id] += of.amount;
  }
  for (const journal::EntryTax& of : entry.taxes) by_tax[of.tax_id] -= of.amount;
  for (const auto& [id, left] : by_tax) amounts->Same("a tax less its lines'", left, 0);
  amounts->Same("gross", entry.totals.gross, gross);
  amounts->Same("discount", entry.totals.discount, discount);
  amounts->Same("net", entry.totals.net, net);
  amounts->Same("tax", entry.totals.tax, tax);
  amounts->Same("total", entry.totals.total, net + tax);
  if (!entry.order_discounts.empty()) {
    amounts->Same("the lines' share of the order's discounts", order_discount,
                  DiscountOf(entry.order_discounts));
  }
}

void CheckTenders(const journal::SaleEntry& entry, Amounts* amounts) {
  int64_t applied = 0, change = 0, rounding = 0;
  const int64_t increment = entry.policy.cash_increment;
  for (const journal::EntryTender& tender : entry.tenders) {
    applied += tender.amount;
    change += tender.change;
    rounding += tender.rounding;
    amounts->Same("what a tender left in the drawer", tender.tendered - tender.change,
                  tender.amount + tender.rounding);
    const bool is_cash = tender.type == "CASH";
    amounts->Require(tender.change >= 0, "change below zero");
    amounts->Require(is_cash || (tender.change == 0 && tender.rounding == 0),
                     "change or rounding of a tender that is not cash");
    // Due and change may both be rounded.
    amounts->Require(tender.rounding > -2 * increment && tender.rounding < 2 * increment &&
                         (increment > 1 || tender.rounding == 0),
                     "rounding by more than a coin");
    amounts->Require(tender.change % increment == 0, "change that no coin can pay");
  }
  amounts->Same("the tenders' sum", applied, entry.totals.total);
  amounts->Same("change", entry.totals.change, change);
  amounts->Same("cash rounding", entry.totals.cash_rounding, rounding);
}

}  // namespace

void CheckAmounts(const journal::SaleEntry& entry, Report* report) {
  Amounts amounts(entry, report);
  report->Compared(Rule::kAmounts, 1);
  for (const journal::EntryLine& line : entry.lines) CheckLine(line, &amounts);
  CheckTotals(entry, &amounts);
  CheckTenders(entry, &amounts);
}

}  // namespace cloudpos::chaos
