#pragma once

// Reading journal entries with what was decided about them.

#include <functional>
#include <string_view>
#include <vector>

#include "libs/journal/entry.h"
#include "tests/chaos/check/database.h"

namespace cloudpos::chaos {

struct StoredEntry {
  base::Uuid journal;
  int64_t number;
  std::string_view kind;
  base::Uuid document;
  int64_t line_count;
  std::string_view payload;
  std::string_view hash;
  bool was_held;      // QUARANTINED when it came
  bool was_released;  // and recorded as a document later
  /// When it counts as having happened, where its own time was not believed; 0: its own.
  int64_t believed_at;
  std::string_view believed_date;

  bool is_held() const { return was_held && !was_released; }
  /// Puts the believed time in the place of the entry's own.
  void Believe(journal::SaleEntry* entry) const;
};

/// All entries, by journal and number.
absl::Status StreamEntries(Database* database, const std::function<void(const StoredEntry&)>& f);
/// The entries of some documents, those that were held left out.
absl::Status StreamEntriesOf(Database* database, const std::vector<base::Uuid>& documents,
                             const std::function<void(const StoredEntry&)>& f);

}  // namespace cloudpos::chaos
