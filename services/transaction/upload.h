#pragma once

// One upload under way: compares what the register sent with what stands in the journal, and
// records the rest in order. Every step can be repeated: whatever is interrupted (a lost
// connection, another upload, a sale at the same number) is found again by its number and hash.

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "cloudpos/transaction/v1/journal.pb.h"
#include "libs/base/ids.h"
#include "libs/rpc/server.h"
#include "services/transaction/checkout.h"
#include "services/transaction/domain/upload.h"
#include "services/transaction/store_upload.h"
#include "services/transaction/upload_knowledge.h"

namespace cloudpos::transaction {

class Upload {
 public:
  /// `entries` are not empty and follow on one another. All must outlive the upload.
  Upload(rpc::CallContext& ctx, Checkout& checkout, base::IdSource& ids, const Place& place,
         const JournalKey& key, std::vector<UploadedEntry> entries)
      : ctx_(ctx),
        checkout_(checkout),
        ids_(ids),
        place_(place),
        key_(key),
        entries_(std::move(entries)) {}

  /// Adds a result per entry. `previous`: the hash before the first entry, as the register has it.
  /// Refusals, in order: JOURNAL_BEHIND, INVALID_ARGUMENT (signatures), JOURNAL_FORK; UNAVAILABLE
  /// and DEADLINE_EXCEEDED may leave a part of the entries recorded.
  absl::Status Run(const std::optional<journal::Hash>& previous,
                   v1::UploadJournalResponse* response);

 private:
  struct Batch {
    std::vector<Document> documents;
    std::vector<Head> heads;  // after each
  };

  absl::Status LoadStanding();
  absl::Status Chain(const std::optional<journal::Hash>& previous);
  absl::StatusOr<bool> TakeStanding(v1::UploadJournalResponse* response);
  absl::Status AddSuperseded(int64_t number, v1::UploadJournalResponse* response);
  absl::Status RecordNext(v1::UploadJournalResponse* response);
  std::vector<const UploadedEntry*> Pick() const;
  Batch JudgeAll(const std::vector<const UploadedEntry*>& picked, const Knowledge& knowledge);
  absl::Status Take(const Batch& batch, const absl::StatusOr<std::vector<Outcome>>& outcomes,
                    v1::UploadJournalResponse* response);
  absl::Status Again(bool is_fault);

  rpc::CallContext& ctx_;
  Checkout& checkout_;
  base::IdSource& ids_;
  const Place& place_;
  const JournalKey& key_;
  std::vector<UploadedEntry> entries_;

  size_t next_ = 0;  // the first entry without a result
  Head head_;
  std::map<int64_t, StandingEntry> standing_;  // from the number before entries_[next_] on
  bool has_journal_ = false;                   // its row was made, or was there
  size_t batch_max_ = 0;                       // set by Run
  std::set<int64_t> unwritable_;               // numbers whose document the database refuses
  int turns_without_progress_ = 0;
};

}  // namespace cloudpos::transaction
