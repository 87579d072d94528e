#pragma once

// Receipts (T-13): the same data as message, plain text and HTML. Sums printed are sums stored.

#include <string>

#include "cloudpos/transaction/v1/sale.pb.h"
#include "services/transaction/domain/settings.h"

namespace cloudpos::transaction {

v1::Receipt ReceiptOf(const v1::Sale& sale, const Store& store);

/// 42 columns of text, for narrow printers and terminals.
std::string ReceiptText(const v1::Receipt& receipt);

/// A page of its own without script or outside resources; every text is escaped.
std::string ReceiptHtml(const v1::Receipt& receipt);

}  // namespace cloudpos::transaction
