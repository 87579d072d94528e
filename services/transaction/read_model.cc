#include "services/transaction/read_model.h"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "libs/base/status_macros.h"
#include "libs/log/log.h"
#include "services/transaction/store_read_model.h"

namespace cloudpos::transaction {

struct ReadModel::Impl {
  struct Tenant {
    std::shared_ptr<const Settings> settings;  // null: not loaded
    int64_t settings_version = 0;
    Versions versions;  // as of which `variants` are; catalogue part
    bool versions_known = false;
    Catalogue variants;
  };

  Impl(pg::Pool& p, const base::Clock& c, Options o) : pool(p), clock(c), options(o) {
    checker = std::thread([this] { CheckLoop(); });
  }

  ~Impl() {
    {
      const std::lock_guard lock(check_mutex);
      stopping = true;
    }
    check_wake.notify_one();
    checker.join();
  }

  void CheckLoop() {
    std::unique_lock lock(check_mutex);
    while (!stopping) {
      check_wake.wait_for(lock, absl::ToChronoMilliseconds(options.check_every),
                          [this] { return stopping; });
      if (stopping) return;
      lock.unlock();
      Check();
      lock.lock();
    }
  }

  /// Compares the versions of every tenant held with the database's; drops what is old. One at a
  /// time: one that was overtaken would put older versions back, and with them what was read under
  /// those.
  void Check() {
    const std::lock_guard one_at_a_time(checking);
    std::vector<base::Uuid> held;
    {
      const std::lock_guard lock(mutex);
      for (const auto& [id, tenant] : tenants) held.push_back(id);
    }
    if (held.empty()) return;
    const absl::Time deadline = clock.Now() + absl::Seconds(5);
    const auto versions = LoadVersions(pool, held, deadline);
    if (!versions.ok()) {
      log::Warn("versions of the read model cannot be checked",
                {{"error", versions.status().ToString()}});
      return;
    }
    for (const auto& [id, now] : *versions) {
      const int64_t known = AppliedVersion(id);
      if (now.applied != known) {
        const auto changed = LoadChangedVariants(pool, id, known, deadline);
        if (!changed.ok()) continue;
        Forget(id, *changed, now);
      }
      const std::lock_guard lock(mutex);
      const auto found = tenants.find(id);
      if (found != tenants.end() && found->second.settings_version != now.settings) {
        found->second.settings = nullptr;
      }
    }
  }

  int64_t AppliedVersion(const base::Uuid& tenant) {
    const std::lock_guard lock(mutex);
    const auto found = tenants.find(tenant);
    return found == tenants.end() ? 0 : found->second.versions.applied;
  }

  void Forget(const base::Uuid& id, const std::vector<base::Uuid>& changed, const Versions& now) {
    const std::lock_guard lock(mutex);
    const auto found = tenants.find(id);
    if (found == tenants.end()) return;
    for (const base::Uuid& variant : changed)
      variants_held -= found->second.variants.erase(variant);
    found->second.versions = now;
    found->second.versions_known = true;
  }

  Tenant& TenantLocked(const base::Uuid& id) {
    if (tenants.size() >= options.tenants_max && !tenants.contains(id)) DropAll();
    return tenants[id];
  }

  void DropAll() {
    tenants.clear();
    variants_held = 0;
  }

  pg::Pool& pool;
  const base::Clock& clock;
  const Options options;

  std::mutex checking;  // before `mutex`
  std::mutex mutex;
  std::unordered_map<base::Uuid, Tenant> tenants;
  size_t variants_held = 0;

  std::mutex check_mutex;
  std::condition_variable check_wake;
  bool stopping = false;
  std::thread checker;
};

ReadModel::ReadModel(pg::Pool& worker_pool, const base::Clock& clock, Options options)
    : impl_(std::make_unique<Impl>(worker_pool, clock, options)) {}

ReadModel::~ReadModel() = default;

absl::StatusOr<std::shared_ptr<const Settings>> ReadModel::SettingsOf(const base::Uuid& tenant,
                                                                      absl::Time deadline) {
  if (auto held = HeldSettings(tenant)) return held;
  CLOUDPOS_ASSIGN_OR_RETURN(auto settings, LoadSettings(impl_->pool, tenant, deadline));
  const std::lock_guard lock(impl_->mutex);
  Impl::Tenant& held = impl_->TenantLocked(tenant);
  held.settings = settings;
  held.settings_version = settings->version;
  return settings;
}

absl::StatusOr<ReadModel::Variants> ReadModel::VariantsOf(const base::Uuid& tenant,
                                                          const std::vector<base::Uuid>& ids,
                                                          absl::Time deadline) {
  Variants answer;
  std::optional<Versions> versions;
  {
    const std::lock_guard lock(impl_->mutex);
    const auto found = impl_->tenants.find(tenant);
    if (found != impl_->tenants.end() && found->second.versions_known) {
      versions = found->second.versions;
      for (const base::Uuid& id : ids) {
        const auto variant = found->second.variants.find(id);
        if (variant == found->second.variants.end()) {
          answer.missing.push_back(id);
        } else {
          answer.found.emplace(id, variant->second);
        }
      }
    } else {
      answer.missing = ids;
    }
  }
  if (!versions) {
    CLOUDPOS_ASSIGN_OR_RETURN(auto all, LoadVersions(impl_->pool, {tenant}, deadline));
    versions = all[tenant];
  }
  answer.version = versions->catalogue;
  if (answer.missing.empty()) return answer;
  CLOUDPOS_ASSIGN_OR_RETURN(const std::vector<VariantPtr> loaded,
                            LoadVariants(impl_->pool, tenant, answer.missing, deadline));
  const std::lock_guard lock(impl_->mutex);
  if (impl_->variants_held + loaded.size() > impl_->options.variants_max) impl_->DropAll();
  Impl::Tenant& held = impl_->TenantLocked(tenant);
  if (!held.versions_known) {
    held.versions = *versions;
    held.versions_known = true;
  }
  // What was read while the catalogue moved on may be older than the versions held: not kept.
  const bool keep = held.versions.applied == versions->applied;
  for (const VariantPtr& variant : loaded) {
    answer.found.emplace(variant->id, variant);
    if (keep && held.variants.emplace(variant->id, variant).second) ++impl_->variants_held;
  }
  std::erase_if(answer.missing, [&](const base::Uuid& id) { return answer.found.contains(id); });
  return answer;
}

std::shared_ptr<const Settings> ReadModel::HeldSettings(const base::Uuid& tenant) const {
  const std::lock_guard lock(impl_->mutex);
  const auto found = impl_->tenants.find(tenant);
  return found == impl_->tenants.end() ? nullptr : found->second.settings;
}

std::optional<ReadModel::Variants> ReadModel::HeldVariants(
    const base::Uuid& tenant, const std::vector<base::Uuid>& ids) const {
  const std::lock_guard lock(impl_->mutex);
  const auto found = impl_->tenants.find(tenant);
  if (found == impl_->tenants.end() || !found->second.versions_known) return std::nullopt;
  Variants held;
  held.version = found->second.versions.catalogue;
  for (const base::Uuid& id : ids) {
    const auto variant = found->second.variants.find(id);
    if (variant == found->second.variants.end()) return std::nullopt;
    held.found.emplace(id, variant->second);
  }
  return held;
}

void ReadModel::Refresh() { impl_->Check(); }

}  // namespace cloudpos::transaction
