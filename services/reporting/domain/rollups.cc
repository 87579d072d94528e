#include "services/reporting/domain/rollups.h"

namespace cloudpos::reporting {
namespace {

TaxSums SumsOf(const LineTax& tax, int sign) {
  TaxSums sums{.base = sign * tax.base, .tax = sign * tax.tax};
  if (sign < 0) {
    sums.returned_base = sums.base;
    sums.returned_tax = sums.tax;
  }
  return sums;
}

}  // namespace

void Rollups::Add(const Fact& fact) {
  if (fact.sign == 0) return;
  const DayKey day{fact.tenant, fact.business_date, fact.store, fact.currency};
  const Figures figures = fact.FiguresOf();
  days[day] += figures;
  hours[{day, fact.register_id, fact.operator_id, fact.HourStart(), fact.utc_offset_min}] +=
      figures;
  customers[{day, fact.customer_ref}] += figures;
  for (const FactLine& line : fact.lines) {
    products[{day, line.product, line.category}] += line.FiguresOf(fact.sign);
    if (line.stocked) {
      stock[{fact.tenant, fact.store, line.variant}] -= fact.sign * line.quantity_milli;
    }
    for (const LineTax& tax : line.taxes) {
      taxes[{day, tax.jurisdiction, tax.treatment, tax.rate_ppm, tax.fixed_per_unit, tax.tax_id,
             tax.inclusive}] += SumsOf(tax, fact.sign);
    }
  }
}

}  // namespace cloudpos::reporting
