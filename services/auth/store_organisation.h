#pragma once

// Tenants, stores, registers and devices in PostgreSQL. Each function runs one named statement (an
// insert that finds its id taken reads what is there). Where a store is locked as well as something
// in it, the store comes first.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/pg/pg.h"
#include "services/auth/context.h"
#include "services/auth/domain/organisation.h"

namespace cloudpos::auth {

/// ALREADY_EXISTS (or EMAIL_TAKEN) naming the field, for the violated unique constraint behind a
/// status; any other status as it is.
absl::Status Taken(const absl::Status& status);

absl::StatusOr<std::optional<Tenant>> SelectTenant(pg::Tx& tx, const base::Uuid& tenant);
absl::StatusOr<std::optional<Tenant>> SelectTenantForUpdate(pg::Tx& tx, const base::Uuid& tenant);
absl::Status InsertTenant(pg::Tx& tx, const Tenant& tenant);
absl::Status UpdateTenant(pg::Tx& tx, const Tenant& tenant);

/// Claims a name for `ref`; a taken one is a unique violation, see Taken.
absl::Status InsertDirectory(pg::Tx& tx, std::string_view kind, std::string_view key,
                             const base::Uuid& tenant, const base::Uuid& ref);
absl::Status DeleteDirectory(pg::Tx& tx, std::string_view kind, std::string_view key,
                             const base::Uuid& tenant);
struct DirectoryEntry {
  base::Uuid tenant;
  base::Uuid ref;
};
absl::StatusOr<std::optional<DirectoryEntry>> SelectDirectory(pg::Tx& tx, std::string_view kind,
                                                              std::string_view key);
/// Who has a tenant's name and an address, at one moment: both are claimed by one commit.
struct TakenNames {
  std::optional<DirectoryEntry> slug;
  std::optional<DirectoryEntry> email;
};
absl::StatusOr<TakenNames> SelectTakenNames(pg::Tx& tx, std::string_view slug,
                                            std::string_view email);

/// nullopt = inserted; else what is stored of the request that made it.
absl::StatusOr<std::optional<Existing>> InsertStore(pg::Tx& tx, const Store& store,
                                                    const std::string& request_hash);
absl::StatusOr<std::optional<Store>> SelectStore(pg::Tx& tx, const base::Uuid& tenant,
                                                 const base::Uuid& store);
absl::StatusOr<std::optional<Store>> SelectStoreForUpdate(pg::Tx& tx, const base::Uuid& tenant,
                                                          const base::Uuid& store);
absl::Status UpdateStore(pg::Tx& tx, const Store& store);
struct StoreFilter {
  std::optional<std::vector<base::Uuid>> among;  // nullopt: every one
  bool archived_too = false;
  std::string after_code;
};
absl::StatusOr<std::vector<Store>> SelectStores(pg::Tx& tx, const base::Uuid& tenant,
                                                const StoreFilter& filter, int limit);
/// How many of `stores` exist.
absl::StatusOr<size_t> CountStores(pg::Tx& tx, const base::Uuid& tenant,
                                   const std::vector<base::Uuid>& stores);

absl::StatusOr<std::optional<Existing>> InsertRegister(pg::Tx& tx, const Register& reg,
                                                       const std::string& request_hash);
absl::StatusOr<std::optional<Register>> SelectRegister(pg::Tx& tx, const base::Uuid& tenant,
                                                       const base::Uuid& store,
                                                       const base::Uuid& reg);
absl::StatusOr<std::optional<Register>> SelectRegisterForUpdate(pg::Tx& tx,
                                                                const base::Uuid& tenant,
                                                                const base::Uuid& store,
                                                                const base::Uuid& reg);
absl::Status UpdateRegister(pg::Tx& tx, const Register& reg);
absl::StatusOr<std::vector<Register>> SelectRegisters(pg::Tx& tx, const base::Uuid& tenant,
                                                      const base::Uuid& store,
                                                      const std::string& after_code, int limit);

absl::StatusOr<std::optional<Existing>> InsertDevice(pg::Tx& tx, const Device& device,
                                                     const std::string& request_hash);
absl::StatusOr<std::optional<Device>> SelectDevice(pg::Tx& tx, const base::Uuid& tenant,
                                                   const base::Uuid& store,
                                                   const base::Uuid& device);
absl::StatusOr<std::optional<Device>> SelectDeviceForUpdate(pg::Tx& tx, const base::Uuid& tenant,
                                                            const base::Uuid& store,
                                                            const base::Uuid& device);
/// In whatever store.
absl::StatusOr<std::optional<Device>> SelectDeviceByIdForUpdate(pg::Tx& tx,
                                                                const base::Uuid& tenant,
                                                                const base::Uuid& device);
absl::Status UpdateDevice(pg::Tx& tx, const Device& device);
/// Of a row with all the columns of a device.
Device ToDevice(const pg::Row& row);
absl::StatusOr<std::vector<Device>> SelectDevices(pg::Tx& tx, const base::Uuid& tenant,
                                                  const base::Uuid& store,
                                                  const std::string& after_code, int limit);

/// Everything, tenant by tenant, for a snapshot of the feed: the next `limit` rows of each kind
/// after (tenant, id). Worker role.
struct OrganisationKey {
  base::Uuid tenant;
  base::Uuid id;
};
absl::StatusOr<std::vector<Tenant>> SelectAllTenants(pg::Tx& tx, const OrganisationKey& after,
                                                     int limit);
absl::StatusOr<std::vector<Store>> SelectAllStores(pg::Tx& tx, const OrganisationKey& after,
                                                   int limit);
absl::StatusOr<std::vector<Register>> SelectAllRegisters(pg::Tx& tx, const OrganisationKey& after,
                                                         int limit);
absl::StatusOr<std::vector<Device>> SelectAllDevices(pg::Tx& tx, const OrganisationKey& after,
                                                     int limit);

}  // namespace cloudpos::auth
