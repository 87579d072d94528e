#include "services/reporting/domain/facts.h"

#include <utility>

#include "libs/base/clock.h"
#include "libs/base/status_macros.h"

namespace cloudpos::reporting {
namespace {

constexpr int64_t kMicrosPerMinute = 60'000'000;
constexpr int64_t kMicrosPerHour = 60 * kMicrosPerMinute;

base::Uuid IdOrNil(const std::string& text) {
  return base::Uuid::Parse(text).value_or(base::Uuid());
}

Treatment TreatmentOf(const journal::EntryTax& tax) {
  if (tax.exempt) return Treatment::kExempt;
  return tax.rate_ppm == 0 && tax.fixed_per_unit == 0 ? Treatment::kZeroRated : Treatment::kTaxed;
}

LineTax LineTaxOf(const journal::EntryTax& tax, int64_t net) {
  const Treatment treatment = TreatmentOf(tax);
  return {.jurisdiction = tax.jurisdiction,
          .treatment = treatment,
          .rate_ppm = tax.rate_ppm,
          .fixed_per_unit = tax.fixed_per_unit,
          .tax_id = tax.tax_id,
          .inclusive = tax.inclusive,
          .base = treatment == Treatment::kTaxed ? tax.base : net,
          .tax = tax.amount};
}

FactLine LineOf(const journal::EntryLine& entry) {
  FactLine line{.variant = IdOrNil(entry.variant_id),
                .product = IdOrNil(entry.product_id),
                .category = IdOrNil(entry.category_id),
                .quantity_milli = entry.quantity_milli,
                .stocked = entry.stocked,
                .gross = entry.gross,
                .net = entry.net,
                .total = entry.total,
                .taxes = {}};
  // What names no product is its own.
  if (line.product.is_nil()) line.product = line.variant;
  for (const journal::EntryTax& tax : entry.taxes) line.taxes.push_back(LineTaxOf(tax, entry.net));
  if (line.taxes.empty()) {
    line.taxes.push_back({.jurisdiction = {},
                          .treatment = Treatment::kZeroRated,
                          .tax_id = {},
                          .base = entry.net});
  }
  return line;
}

/// Discounts of a line: what the gross lost that is neither net nor inclusive tax.
int64_t DiscountOf(const FactLine& line) {
  int64_t inclusive_tax = 0;
  for (const LineTax& tax : line.taxes) {
    if (tax.inclusive) inclusive_tax += tax.tax;
  }
  return line.gross - line.net - inclusive_tax;
}

}  // namespace

Figures FactLine::FiguresOf(int sign) const {
  const bool is_sale = sign > 0;
  return {.sales = is_sale ? total : 0,
          .returns = is_sale ? 0 : -total,
          .gross = sign * gross,
          .discount = sign * DiscountOf(*this),
          .net = sign * net,
          .tax = sign * (total - net),
          .units_sold = is_sale ? quantity_milli : 0,
          .units_returned = is_sale ? 0 : quantity_milli,
          .sale_count = is_sale ? 1 : 0,
          .return_count = is_sale ? 0 : 1};
}

Figures Fact::FiguresOf() const {
  const bool is_sale = sign > 0;
  int64_t units = 0;
  int64_t discount = 0;
  for (const FactLine& line : lines) {
    units += line.quantity_milli;
    discount += DiscountOf(line);
  }
  return {.sales = is_sale ? totals.total : 0,
          .returns = is_sale ? 0 : -totals.total,
          .gross = sign * totals.gross,
          .discount = sign * discount,
          .net = sign * totals.net,
          .tax = sign * totals.tax,
          .units_sold = is_sale ? units : 0,
          .units_returned = is_sale ? 0 : units,
          .sale_count = is_sale ? 1 : 0,
          .return_count = is_sale ? 0 : 1};
}

int64_t Fact::HourStart() const {
  const int64_t local = occurred_at_us + utc_offset_min * kMicrosPerMinute;
  const int64_t into_hour = ((local % kMicrosPerHour) + kMicrosPerHour) % kMicrosPerHour;
  return occurred_at_us - into_hour;
}

absl::StatusOr<Fact> FactOf(std::string_view bytes, const EntryStanding& standing) {
  journal::SaleEntry entry;
  if (const journal::Error error = journal::ParseEntry(bytes, &entry); !error.ok()) {
    return absl::DataLossError("not a journal entry: " +
                               std::string(journal::ErrorName(error.code)) + " at byte " +
                               std::to_string(error.offset));
  }
  Fact fact;
  CLOUDPOS_ASSIGN_OR_RETURN(fact.tenant, base::Uuid::ParseField(entry.tenant, "tenant"));
  CLOUDPOS_ASSIGN_OR_RETURN(fact.store, base::Uuid::ParseField(entry.store, "store"));
  CLOUDPOS_ASSIGN_OR_RETURN(fact.journal, base::Uuid::ParseField(entry.journal, "journal"));
  fact.register_id = IdOrNil(entry.register_id);
  fact.journal_no = entry.n;
  fact.sign = standing.is_held ? 0 : journal::EntrySign(entry);
  if (fact.sign == 0) return fact;

  if (standing.believed_at_us != 0) {
    entry.occurred_at_us = standing.believed_at_us;
    entry.business_date = standing.believed_date;
  }
  CLOUDPOS_ASSIGN_OR_RETURN(fact.sale, base::Uuid::ParseField(entry.sale_id, "saleId"));
  CLOUDPOS_RETURN_IF_ERROR(base::ParseDate(entry.business_date, "businessDate").status());
  fact.operator_id = IdOrNil(entry.operator_id);
  fact.customer_ref = std::move(entry.customer_ref);
  fact.business_date = std::move(entry.business_date);
  fact.currency = std::move(entry.currency);
  fact.occurred_at_us = entry.occurred_at_us;
  fact.utc_offset_min = entry.utc_offset_min;
  fact.totals = entry.totals;
  fact.lines.reserve(entry.lines.size());
  for (const journal::EntryLine& line : entry.lines) fact.lines.push_back(LineOf(line));
  return fact;
}

}  // namespace cloudpos::reporting
