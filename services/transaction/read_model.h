#pragma once

// The service's own copy of what decides a sale: stores, registers, taxes, policies and catalogue,
// read from its schema (fed by consumers.h) and held in a bounded memory cache. Every replica asks
// the database each second whether versions moved.

#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/base/ids.h"
#include "libs/pg/pg.h"
#include "services/transaction/domain/settings.h"

namespace cloudpos::transaction {

class ReadModel {
 public:
  struct Options {
    size_t variants_max = 200'000;  // over all tenants
    size_t tenants_max = 5'000;
    absl::Duration check_every = absl::Seconds(1);
  };

  ReadModel(pg::Pool& worker_pool, const base::Clock& clock, Options options);
  ~ReadModel();

  /// What is known of a tenant; empty for one never heard of.
  absl::StatusOr<std::shared_ptr<const Settings>> SettingsOf(const base::Uuid& tenant,
                                                             absl::Time deadline);

  struct Variants {
    Catalogue found;
    std::vector<base::Uuid> missing;
    int64_t version = 0;  // of the tenant's catalogue, read before the variants
  };
  absl::StatusOr<Variants> VariantsOf(const base::Uuid& tenant, const std::vector<base::Uuid>& ids,
                                      absl::Time deadline);

  /// The same as far as it is held in memory: null, or nullopt unless all variants are.
  std::shared_ptr<const Settings> HeldSettings(const base::Uuid& tenant) const;
  std::optional<Variants> HeldVariants(const base::Uuid& tenant,
                                       const std::vector<base::Uuid>& ids) const;

  /// Forgets what changed since it was read, now rather than within a second. Called after the
  /// consumers have applied something and after a settings change.
  void Refresh();

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace cloudpos::transaction
