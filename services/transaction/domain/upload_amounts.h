#pragma once

// Whether the amounts of an entry that a register made follow from its own prices and rules. Pure.

#include "libs/journal/entry.h"
#include "services/transaction/domain/settings.h"

namespace cloudpos::transaction {

/// Works a SALE or RETURN out again from the entry's own unit prices, quantities, discounts, rates
/// and rounding rules, and compares every amount; then the tenders against the total. `settings`
/// say which taxes are compound. A linked return is checked for its sums: its amounts come from
/// what was sold, by what had come back until then.
bool AddsUp(const journal::SaleEntry& entry, const Settings& settings);

}  // namespace cloudpos::transaction
