#pragma once

// Stored documents -> answers. The answer to a create is a pure function of what is stored, so that
// a replay says the same words.

#include <optional>

#include "absl/status/statusor.h"
#include "cloudpos/transaction/v1/sale.pb.h"
#include "services/transaction/domain/document.h"
#include "services/transaction/domain/settings.h"
#include "services/transaction/store_documents.h"

namespace cloudpos::transaction {

/// `with_returns`: also what has come back since (reads); without it the answer never changes.
absl::StatusOr<v1::Sale> SaleFrom(const StoredDocument& stored, bool with_returns);

/// What a create answers, new or repeated.
struct Answer {
  v1::Sale sale;
  std::optional<v1::JournalEntry> entry;  // of a device's own journal
};
absl::StatusOr<Answer> AnswerFrom(const StoredDocument& stored);
/// The same of a document that was just recorded, without reading back what was written.
Answer AnswerOf(const Document& document);

/// An entry that was never recorded, as PriceSale shows it.
v1::Sale PreviewOf(const journal::SaleEntry& entry, const std::vector<VariantPtr>& variants,
                   const std::vector<std::string>& tax_names);

}  // namespace cloudpos::transaction
