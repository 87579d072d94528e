#pragma once

// Writing and reading documents: record_batch (T1), journal heads, stored sales.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/pg/pg.h"
#include "services/transaction/domain/document.h"

namespace cloudpos::transaction {

/// What T1 says of each document; the numbers are the SQL function's.
enum class Outcome {
  kRecorded = 1,
  kReplay = 2,
  kConflict = 3,
  kAbandoned = 4,
  kStale = 5,
  kReturnStale = 6,
};

/// T1: records documents of one tenant, numbered and chained already. One round trip, one commit.
absl::StatusOr<std::vector<Outcome>> RecordDocuments(pg::Pool& pool, const base::Uuid& tenant,
                                                     const std::vector<const Document*>& documents,
                                                     const std::vector<base::Uuid>& event_ids,
                                                     absl::Time deadline);

/// The same within a transaction, for the document of an entry that was recorded without it.
absl::StatusOr<Outcome> ReleaseDocument(pg::Tx& tx, const Document& document,
                                        const base::Uuid& event_id);

/// Identity of a journal, needed to make its row on first use.
struct JournalKey {
  base::Uuid tenant;
  base::Uuid journal;
  base::Uuid store;
  base::Uuid register_id;
  base::Uuid device;  // nil: server journal
  int generation = 1;
  std::string series;
};

/// The head of a journal, whose row is made when missing.
absl::StatusOr<Head> LoadHead(pg::Pool& pool, const JournalKey& key, absl::Time deadline);

/// What is stored of a document.
struct StoredDocument {
  std::string kind;
  std::string fingerprint;
  std::string payload;
  std::string hash;
  std::string receipt_number;
  std::string taxes;  // JSON [{"id","name"}]
  std::string note;
  std::string order_reference;
  absl::Time recorded_at;
  struct Line {
    std::string name;
    std::string note;
    int64_t returned_milli;
  };
  std::vector<Line> lines;
  std::vector<std::string> tender_references;
};

/// nullopt when there is none.
absl::StatusOr<std::optional<StoredDocument>> LoadDocument(pg::Pool& pool, const base::Uuid& tenant,
                                                           const base::Uuid& id,
                                                           absl::Time deadline);

/// Those of `ids` that there are.
absl::StatusOr<std::map<base::Uuid, StoredDocument>> LoadDocuments(
    pg::Pool& pool, const base::Uuid& tenant, const std::vector<base::Uuid>& ids,
    absl::Time deadline);

struct SalePosition {
  absl::Time recorded_at;
  base::Uuid id;
};

/// Ids of a store's documents, newest first, before `before`; `date` limits to a business date.
absl::StatusOr<std::vector<SalePosition>> ListDocuments(pg::Pool& pool, const base::Uuid& tenant,
                                                        const base::Uuid& store,
                                                        const std::optional<SalePosition>& before,
                                                        const std::optional<absl::CivilDay>& date,
                                                        int limit, absl::Time deadline);

}  // namespace cloudpos::transaction
