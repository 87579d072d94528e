#pragma once

// Reading journals: heads and entries.

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/ids.h"
#include "libs/pg/pg.h"

namespace cloudpos::transaction {

struct JournalRow {
  base::Uuid journal;
  base::Uuid store;
  base::Uuid register_id;
  base::Uuid device;
  int generation;
  std::string series;
  int64_t journal_no;
  int64_t receipt_no;
  int64_t grand_total;
  std::string hash;
};

absl::StatusOr<std::vector<JournalRow>> SelectJournals(pg::Pool& pool, const base::Uuid& tenant,
                                                       const base::Uuid& store,
                                                       absl::Time deadline);
absl::StatusOr<std::optional<JournalRow>> SelectJournal(pg::Pool& pool, const base::Uuid& tenant,
                                                        const base::Uuid& journal,
                                                        absl::Time deadline);

struct EntryRow {
  int64_t journal_no;
  std::string payload;
  std::string hash;
  std::string signature;  // of the device; empty: not brought yet
  std::string key_id;
};
/// Entries from..to in order, at most `limit` of them and `bytes_max` of payload (at least one).
absl::StatusOr<std::vector<EntryRow>> SelectEntries(pg::Pool& pool, const base::Uuid& tenant,
                                                    const base::Uuid& journal, int64_t from,
                                                    int64_t to, int limit, int64_t bytes_max,
                                                    absl::Time deadline);

struct HeadRow {
  base::Uuid tenant;
  base::Uuid journal;
  int64_t journal_no;
};
/// Heads after (tenant, journal), in that order; `only` limits to one tenant.
absl::StatusOr<std::vector<HeadRow>> SelectHeads(pg::Pool& worker_pool, const base::Uuid& tenant,
                                                 const base::Uuid& journal,
                                                 const std::optional<base::Uuid>& only, int limit,
                                                 absl::Time deadline);

}  // namespace cloudpos::transaction
