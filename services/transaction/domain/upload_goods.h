#pragma once

// What an uploaded sale or return says of goods, prices and taxes, against what the server knows.
// Pure.

#include <vector>

#include "services/transaction/domain/upload.h"

namespace cloudpos::transaction {

/// Exceptions of a SALE or RETURN about its lines, each once: PRICE, TAX, POLICY, VARIANT_ARCHIVED,
/// UNKNOWN_VARIANT; of a linked return UNKNOWN_SOURCE and RETURN_EXCEEDS_SOLD instead, since its
/// prices are the sale's.
std::vector<const char*> GoodsFindings(const journal::SaleEntry& entry, const Store& store,
                                       const Circumstances& known);

}  // namespace cloudpos::transaction
