#pragma once

// What is known about entries that a register made, loaded before they are judged; and the document
// that comes of the judgement.

#include <map>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/rpc/server.h"
#include "services/transaction/checkout.h"
#include "services/transaction/domain/upload.h"

namespace cloudpos::transaction {

/// About some entries of one device. Documents are of the moment it was loaded.
struct Knowledge {
  GoodsAsOf goods;
  Operators operators;
  std::map<base::Uuid, std::string> kinds;   // of documents that stand under the entries' ids
  std::map<base::Uuid, SourceSale> sources;  // of linked returns
};
absl::StatusOr<Knowledge> LoadKnowledge(rpc::CallContext& ctx, Checkout& checkout,
                                        const std::vector<const UploadedEntry*>& entries);

/// Judges one entry. `head` null: its numbers were judged before (a release).
struct Setting {
  const Place* place = nullptr;  // settings and device
  std::string_view series;
  absl::Time now;
  const Head* head = nullptr;
  bool is_vouched = false;
};
UploadDetails JudgeEntry(const UploadedEntry& uploaded, const Knowledge& knowledge,
                         const Setting& setting);

/// The document on its way into the books.
Document DocumentOf(const UploadedEntry& uploaded, UploadDetails details,
                    const Knowledge& knowledge, const Setting& setting);

}  // namespace cloudpos::transaction
