#pragma once

// What is checked all the time: that no journal entry was missed (architecture section 7), and that
// each level is the sum of its ledger (C-07).

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "libs/base/clock.h"
#include "libs/metrics/metrics.h"
#include "libs/pg/pg.h"
#include "libs/rpc/client.h"
#include "services/inventory/store_journals.h"
#include "services/inventory/store_stock.h"

namespace cloudpos::inventory {

struct JournalHead {
  JournalKey journal;
  int64_t number = 0;
};
/// One page: heads, and the token of the next one (empty at the end).
struct JournalHeads {
  std::vector<JournalHead> heads;
  std::string next_page_token;
};
using ListHeads =
    std::function<absl::StatusOr<JournalHeads>(const std::string& page_token, absl::Time deadline)>;
/// Asks cloudpos.transaction.v1.JournalService.
ListHeads RemoteHeads(std::shared_ptr<grpc::Channel> transaction);

/// Not thread-safe.
class JournalCheck {
 public:
  JournalCheck(pg::Pool& worker_pool, ListHeads list_heads);
  /// Journals of which entries are missing that were there at the last run already. What came since
  /// may still be on its way.
  absl::StatusOr<int64_t> Run(absl::Time deadline);

 private:
  pg::Pool& pool_;
  ListHeads list_heads_;
  std::map<JournalKey, int64_t> behind_;  // head at the last run, of journals not seen up to it
  prometheus::Gauge& gaps_;
};

/// Not thread-safe.
class LevelCheck {
 public:
  static constexpr std::chrono::milliseconds kWork{500};

  /// `work`: how long a run goes on taking levels, however long the ledger has become.
  explicit LevelCheck(pg::Pool& worker_pool, std::chrono::milliseconds work = kWork);
  /// Goes on from where the last run ended, to the last level at most; answers how many of those it
  /// checked are wrong. A level whose ledger cannot be added up in time holds up no other.
  absl::StatusOr<int64_t> Run(absl::Time deadline);

 private:
  pg::Pool& pool_;
  const std::chrono::milliseconds work_;
  CheckedLevel last_;
  prometheus::Counter& wrong_;
};

/// Runs both each minute on a thread of its own, until destroyed.
class Checks {
 public:
  Checks(pg::Pool& worker_pool, ListHeads list_heads, const base::Clock& clock);
  ~Checks();

 private:
  void RunOnce();

  const base::Clock& clock_;
  JournalCheck journals_;
  LevelCheck levels_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace cloudpos::inventory
