#pragma once

// Proves each minute that no journal entry was missed: journals count without gaps, and the
// transaction service knows how far each has come.

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cloudpos/transaction/v1/journal.pb.h"
#include "libs/base/ids.h"
#include "libs/pg/pg.h"
#include "prometheus/gauge.h"

namespace cloudpos::reporting {

class Completeness {
 public:
  /// Answers one page of JournalService.ListJournalHeads.
  using HeadsFunction =
      std::function<absl::Status(const transaction::v1::ListJournalHeadsRequest&, absl::Time,
                                 transaction::v1::ListJournalHeadsResponse*)>;

  Completeness(pg::Pool& worker_pool, HeadsFunction heads);
  ~Completeness();

  void Start(std::chrono::milliseconds interval);
  void Stop();

  struct Outcome {
    /// Journals with an entry that existed at the check before and is still not seen.
    int gaps = 0;
    /// Journals of which more was seen than exists: the transaction service was put back to an
    /// older state, and reports must be rebuilt.
    int ahead = 0;
  };
  /// One check; what the thread does.
  absl::StatusOr<Outcome> Check();

 private:
  struct Key {
    base::Uuid tenant, journal;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  struct Seen {
    int64_t dense = 0;
    int64_t highest = 0;
  };
  absl::StatusOr<std::map<Key, Seen>> ReadSeen();
  absl::StatusOr<std::map<Key, int64_t>> ReadHeads();
  void Run(std::chrono::milliseconds interval);

  pg::Pool& pool_;
  const HeadsFunction heads_function_;
  prometheus::Gauge& gaps_;
  prometheus::Gauge& ahead_;
  std::map<Key, int64_t> heads_before_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace cloudpos::reporting
