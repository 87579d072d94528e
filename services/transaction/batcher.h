#pragma once

// The sale batcher (architecture 6): joins the documents that waited while the last T1 ran into the
// next one. A lone sale goes at once; only a lane that carried several waits, as long as its last
// call took, for those whom it answered to come back. One lane serves a set of journals, so that
// each journal is numbered and chained by one thread of this process; other replicas are met by the
// compare-and-swap in T1.

#include <atomic>
#include <functional>
#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/base/ids.h"
#include "libs/pg/pg.h"
#include "services/transaction/domain/document.h"
#include "services/transaction/store_documents.h"

namespace cloudpos::transaction {

class Batcher {
 public:
  struct Options {
    int lanes = 2;  // 0: one for two processors
    int documents_max = 32;
    int lines_max = 2000;
    int waiting_max = 4096;  // per lane; beyond it OVERLOADED
  };

  Batcher(pg::Pool& pool, const base::Clock& clock, base::IdSource& ids, Options options);
  ~Batcher();

  /// How a submission ended.
  struct Recorded {
    Outcome outcome;
    /// kStale only: the head the journal really has, where the proposed numbers do not follow on.
    Head head;
  };

  /// Numbers, chains and records `document` (which then holds them). Blocks until its outcome is
  /// known. DEADLINE_EXCEEDED when it could not be started in time; it was then not recorded. An
  /// error of another kind after it was started may leave it recorded: look the id up.
  absl::StatusOr<Recorded> Submit(const JournalKey& key, Document* document, absl::Time deadline);

  /// The same without waiting. `done` is called once, by a thread that others wait for: it must not
  /// wait itself. Key and document must live until then. OVERLOADED: not taken.
  using Done = std::function<void(absl::StatusOr<Recorded>)>;
  absl::Status Enqueue(const JournalKey& key, Document* document, absl::Time deadline, Done done);
  /// Whether fewer wait than the next calls of T1 can take: who does not wait himself sends no
  /// more.
  bool HasRoom() const;

 private:
  class Lane;
  const size_t room_;
  std::atomic<size_t> waiting_{0};  // in all lanes
  std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace cloudpos::transaction
