#pragma once

// What transaction learns from the others: auth's stores, registers and devices, inventory's
// catalogue. Applied to the read model.

#include <memory>

#include "libs/events/events.h"
#include "services/transaction/read_model.h"

namespace cloudpos::transaction {

class Consumers {
 public:
  struct Options {
    std::shared_ptr<grpc::Channel> auth;
    std::shared_ptr<grpc::Channel> inventory;
    pg::Pool* worker_pool;
    redis::Options redis;
    const base::Clock* clock;
    ReadModel* read_model;
  };
  explicit Consumers(const Options& options);

  void Start();
  void Stop();
  /// Asks the owners once for what just happened there (create, then sell at once must work).
  void CatchUpPlaces(absl::Time deadline);
  void CatchUpCatalogue(absl::Time deadline);

 private:
  void CatchUp(events::Consumer& consumer, const char* producer, absl::Time deadline);

  ReadModel* read_model_;
  const base::Clock* clock_;
  events::Consumer auth_;
  events::Consumer inventory_;
};

/// The consumers' apply functions, for tests.
absl::Status ApplyPlaces(pg::Tx& tx, const std::vector<events::Event>& batch);
absl::Status ApplyCatalogue(pg::Tx& tx, const std::vector<events::Event>& batch);

}  // namespace cloudpos::transaction
