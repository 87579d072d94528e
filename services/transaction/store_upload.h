#pragma once

// SQL of the upload: what stands in a journal already, what is known about the entries to come, and
// signatures.

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/journal/sha256.h"
#include "libs/pg/pg.h"
#include "services/transaction/domain/operators.h"
#include "services/transaction/store_documents.h"

namespace cloudpos::transaction {

/// The head of a journal; zeros for one that has no row yet, which is not made.
absl::StatusOr<Head> SelectHead(pg::Pool& pool, const base::Uuid& tenant, const base::Uuid& journal,
                                absl::Time deadline);

/// What a register may rely on; 0: none.
struct Safety {
  int64_t durable_head = 0;  // the highest entry recorded before `before`
  int64_t signed_head = 0;   // the highest with a signature
};
absl::StatusOr<Safety> SelectSafety(pg::Pool& pool, const base::Uuid& tenant,
                                    const base::Uuid& journal, int64_t head, absl::Time before,
                                    absl::Time deadline);

/// An entry of the server's journal.
struct StandingEntry {
  base::Uuid document;
  journal::Hash hash{};
  bool is_signed = false;
  std::vector<std::string> findings;
};
/// Entries from..to that exist, by number.
absl::StatusOr<std::map<int64_t, StandingEntry>> SelectStanding(pg::Pool& pool,
                                                                const base::Uuid& tenant,
                                                                const base::Uuid& journal,
                                                                int64_t from, int64_t to,
                                                                absl::Time deadline);

struct EntrySignature {
  int64_t journal_no = 0;
  std::string signature;
  std::string key_id;
};
/// Keeps the signatures of entries that have none.
absl::Status InsertSignatures(pg::Pool& pool, const base::Uuid& tenant, const base::Uuid& journal,
                              const std::vector<EntrySignature>& signatures, absl::Time deadline);

/// Kinds of the documents that exist among `ids`.
absl::StatusOr<std::map<base::Uuid, std::string>> SelectDocumentKinds(
    pg::Pool& pool, const base::Uuid& tenant, const std::vector<base::Uuid>& ids,
    absl::Time deadline);

/// What `ids` may do, and might at any time before.
absl::StatusOr<Operators> SelectOperators(pg::Pool& pool, const base::Uuid& tenant,
                                          const std::vector<base::Uuid>& ids, absl::Time deadline);

}  // namespace cloudpos::transaction
