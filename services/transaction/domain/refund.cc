#include "services/transaction/domain/refund.h"

#include <algorithm>

#include "libs/base/error.h"
#include "libs/pricing/refund.h"

namespace cloudpos::transaction {
namespace {

using common::v1::NOT_FOUND;
using common::v1::OVERFLOW;
using common::v1::RETURN_EXCEEDS_SOLD;

std::string Field(size_t index, const char* field) {
  return "lines[" + std::to_string(index) + "]." + field;
}

pricing::SoldLine SoldLineOf(const journal::EntryLine& line) {
  pricing::SoldLine sold{.quantity_milli = line.quantity_milli,
                         .gross = line.gross,
                         .order_discount = line.order_discount};
  for (const journal::EntryDiscount& taken : line.discounts) sold.line_discount += taken.amount;
  for (const journal::EntryTax& tax : line.taxes) sold.taxes.push_back({tax.amount, tax.inclusive});
  return sold;
}

/// The return's line: the sold line with the refunded share of each amount.
journal::EntryLine ReturnLineOf(const journal::EntryLine& sold, const LinkedReturnLine& wanted,
                                const pricing::RefundedLine& refunded, int64_t line_no) {
  journal::EntryLine line = sold;
  line.discounts.clear();
  if (refunded.line_discount != 0) {
    line.discounts.push_back({.amount = refunded.line_discount, .kind = "FIXED"});
  }
  line.disposition = wanted.disposition;
  line.gross = refunded.gross;
  line.line_no = line_no;
  line.net = refunded.net;
  line.order_discount = refunded.order_discount;
  line.quantity_milli = wanted.quantity_milli;
  line.source_line_no = wanted.source_line_no;
  for (size_t t = 0; t < line.taxes.size(); ++t) {
    line.taxes[t].amount = refunded.taxes[t];
    // The base of the part: what is left of the line without its taxes.
    line.taxes[t].base = refunded.net;
  }
  line.total = refunded.total;
  return line;
}

void AddTaxes(const journal::EntryLine& line, std::vector<journal::EntryTax>* taxes) {
  for (const journal::EntryTax& tax : line.taxes) {
    const auto same = std::find_if(taxes->begin(), taxes->end(), [&tax](const auto& t) {
      return t.tax_id == tax.tax_id && t.rate_ppm == tax.rate_ppm && t.inclusive == tax.inclusive;
    });
    if (same == taxes->end()) {
      taxes->push_back(tax);
    } else {
      same->amount += tax.amount;
      same->base += tax.base;
    }
  }
}

void AddTotals(const journal::EntryLine& line, const pricing::RefundedLine& refunded,
               journal::EntryTotals* totals) {
  totals->discount += refunded.line_discount + refunded.order_discount;
  totals->gross += line.gross;
  totals->net += line.net;
  totals->tax += refunded.tax;
  totals->total += line.total;
}

}  // namespace

absl::Status FillLinkedReturn(const journal::SaleEntry& source,
                              const std::vector<LinkedReturnLine>& lines,
                              journal::SaleEntry* entry) {
  for (size_t i = 0; i < lines.size(); ++i) {
    const LinkedReturnLine& wanted = lines[i];
    const auto sold =
        std::find_if(source.lines.begin(), source.lines.end(),
                     [&wanted](const auto& line) { return line.line_no == wanted.source_line_no; });
    if (sold == source.lines.end()) {
      return base::Fail(NOT_FOUND, Field(i, "sourceLineNo"), "the sale has no such line");
    }
    pricing::RefundedLine refunded;
    const pricing::Error error = pricing::Refund(SoldLineOf(*sold), wanted.returned_before,
                                                 wanted.quantity_milli, &refunded);
    if (error.code == pricing::ErrorCode::kReturnExceeds) {
      const int64_t left = sold->quantity_milli - wanted.returned_before;
      return base::Fail(
          {.code = RETURN_EXCEEDS_SOLD,
           .detail = "more is returned than was sold and not yet returned",
           .fields = {{Field(i, "quantityMilli"), std::to_string(left) + " can still be returned"}},
           .data = {{"returnableMilli", std::to_string(left)}}});
    }
    if (!error.ok()) return base::Fail(OVERFLOW, Field(i, "quantityMilli"), "is out of range");
    entry->lines.push_back(ReturnLineOf(*sold, wanted, refunded, static_cast<int64_t>(i) + 1));
    AddTaxes(entry->lines.back(), &entry->taxes);
    AddTotals(entry->lines.back(), refunded, &entry->totals);
  }
  entry->policy = source.policy;
  return absl::OkStatus();
}

}  // namespace cloudpos::transaction
