#pragma once

// What reporting learns from the others, for the live set or for a rebuild.

#include <memory>
#include <string>
#include <vector>

#include "libs/events/events.h"
#include "services/reporting/sets.h"

namespace cloudpos::reporting {

class Consumers {
 public:
  struct Options {
    std::shared_ptr<events::EventSource> auth;
    std::shared_ptr<events::EventSource> inventory;
    std::shared_ptr<events::EventSource> transaction;
    pg::Pool* worker_pool = nullptr;
    redis::Options redis = {};
    const base::Clock* clock = nullptr;
    Target target = {};
  };
  explicit Consumers(const Options& options);

  void Start();
  void Stop();

  /// Reads every log to where it is now.
  absl::Status CatchUp(absl::Time deadline);
  /// Asks auth once for a store that is not known yet; waits a second at most.
  void CatchUpStores(absl::Time deadline);

  struct Source {
    std::string producer;
    absl::Time as_of;  // InfinitePast: not read to its end yet
  };
  std::vector<Source> Sources() const;
  /// The oldest of the producers whose events make figures (auth only names things).
  absl::Time as_of() const;

 private:
  events::Consumer auth_;
  events::Consumer inventory_;
  events::Consumer transaction_;
};

/// The consumers' apply functions, for tests.
absl::Status ApplyAuth(pg::Tx& tx, const Target& target, const std::vector<events::Event>& batch);
absl::Status ApplyInventory(pg::Tx& tx, const Target& target,
                            const std::vector<events::Event>& batch);
absl::Status ApplyTransaction(pg::Tx& tx, const Target& target,
                              const std::vector<events::Event>& batch);

}  // namespace cloudpos::reporting
