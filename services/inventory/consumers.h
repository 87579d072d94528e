#pragma once

// What inventory learns from others: stores from auth, sales and returns from transaction.

#include <memory>
#include <vector>

#include "libs/events/events.h"
#include "services/inventory/store_journals.h"

namespace cloudpos::inventory {

/// Stores, and a sales floor for each.
absl::Status ApplyStores(pg::Tx& tx, const std::vector<events::Event>& batch);

/// Journal entries: moves stock for the whole batch in one statement and notes the entries'
/// numbers. An entry that comes again moves nothing.
absl::Status ApplyEntries(pg::Tx& tx, const std::vector<events::Event>& batch,
                          absl::Time recorded_at);

class Consumers {
 public:
  struct Options {
    std::shared_ptr<grpc::Channel> auth = {};
    std::shared_ptr<grpc::Channel> transaction = {};
    pg::Pool* worker_pool = nullptr;
    redis::Options redis = {};
    const base::Clock* clock = nullptr;
  };
  explicit Consumers(const Options& options);
  void Start();
  void Stop();

  /// Asks auth for news once, for at most a second.
  void CatchUpStores(absl::Time deadline);

 private:
  const base::Clock* clock_;
  events::Consumer auth_;
  events::Consumer transaction_;
};

}  // namespace cloudpos::inventory
