// Tenants and the directory.

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/auth/store_organisation.h"
#include "services/auth/store_rows.h"

namespace cloudpos::auth {
namespace {

using namespace common::v1;  // error codes

Tenant ToTenant(const pg::Row& row) {
  return {.tenant_id = row.Get<base::Uuid>("tenant_id"),
          .version = row.Get<int64_t>("version"),
          .name = row.Get<std::string>("name"),
          .slug = row.Get<std::string>("slug"),
          .active = row.Get<bool>("active"),
          .created_at = row.Get<absl::Time>("created_at"),
          .updated_at = row.Get<absl::Time>("updated_at")};
}

constexpr pg::Query kSelectTenant{"select_tenant", R"sql(
  SELECT tenant_id, version, name, slug, active, created_at, updated_at
  FROM auth.tenants WHERE tenant_id = $1)sql"};

constexpr pg::Query kSelectTenantForUpdate{"select_tenant_for_update", R"sql(
  SELECT tenant_id, version, name, slug, active, created_at, updated_at
  FROM auth.tenants WHERE tenant_id = $1 FOR UPDATE)sql"};

constexpr pg::Query kSelectAllTenants{"select_all_tenants", R"sql(
  SELECT tenant_id, version, name, slug, active, created_at, updated_at
  FROM auth.tenants WHERE tenant_id > $1 ORDER BY tenant_id LIMIT $2)sql"};

constexpr pg::Query kInsertTenant{"insert_tenant", R"sql(
  INSERT INTO auth.tenants (tenant_id, version, name, slug, active, created_at, updated_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7))sql"};

constexpr pg::Query kUpdateTenant{"update_tenant", R"sql(
  UPDATE auth.tenants SET version = $2, name = $3, active = $4, updated_at = $5
  WHERE tenant_id = $1)sql"};

constexpr pg::Query kInsertDirectory{"insert_directory", R"sql(
  INSERT INTO auth.directory (kind, key, tenant_id, ref_id) VALUES ($1, $2, $3, $4))sql"};

constexpr pg::Query kDeleteDirectory{"delete_directory", R"sql(
  DELETE FROM auth.directory WHERE kind = $1 AND key = $2 AND tenant_id = $3)sql"};

constexpr pg::Query kSelectDirectory{"select_directory", R"sql(
  SELECT tenant_id, ref_id FROM auth.directory WHERE kind = $1 AND key = $2)sql"};

constexpr pg::Query kSelectTakenNames{"select_taken_names", R"sql(
  SELECT kind, tenant_id, ref_id FROM auth.directory
  WHERE (kind = 'tenant_slug' AND key = $1) OR (kind = 'email' AND key = $2))sql"};

DirectoryEntry EntryFrom(const pg::Row& row) {
  return {.tenant = row.Get<base::Uuid>("tenant_id"), .ref = row.Get<base::Uuid>("ref_id")};
}

}  // namespace

absl::Status Taken(const absl::Status& status) {
  const std::string constraint = pg::ConstraintOf(status);
  if (constraint == "stores_code_key") {
    return base::Fail(ALREADY_EXISTS, "code", "is another store's");
  }
  if (constraint == "registers_code_key") {
    return base::Fail(ALREADY_EXISTS, "code", "is another register's of this store");
  }
  if (constraint == "devices_code_key") {
    return base::Fail(ALREADY_EXISTS, "code", "is another device's of this store");
  }
  if (constraint == "roles_name_key") {
    return base::Fail(ALREADY_EXISTS, "name", "is another role's");
  }
  return status;
}

absl::StatusOr<std::optional<Tenant>> SelectTenant(pg::Tx& tx, const base::Uuid& tenant) {
  return One<Tenant>(tx.Exec(kSelectTenant, tenant), ToTenant);
}

absl::StatusOr<std::optional<Tenant>> SelectTenantForUpdate(pg::Tx& tx, const base::Uuid& tenant) {
  return One<Tenant>(tx.Exec(kSelectTenantForUpdate, tenant), ToTenant);
}

absl::StatusOr<std::vector<Tenant>> SelectAllTenants(pg::Tx& tx, const OrganisationKey& after,
                                                     int limit) {
  return Many<Tenant>(tx.Exec(kSelectAllTenants, after.tenant, limit), ToTenant);
}

absl::Status InsertTenant(pg::Tx& tx, const Tenant& tenant) {
  return tx
      .Exec(kInsertTenant, tenant.tenant_id, tenant.version, tenant.name, tenant.slug,
            tenant.active, tenant.created_at, tenant.updated_at)
      .status();
}

absl::Status UpdateTenant(pg::Tx& tx, const Tenant& tenant) {
  return tx
      .Exec(kUpdateTenant, tenant.tenant_id, tenant.version, tenant.name, tenant.active,
            tenant.updated_at)
      .status();
}

absl::Status InsertDirectory(pg::Tx& tx, std::string_view kind, std::string_view key,
                             const base::Uuid& tenant, const base::Uuid& ref) {
  const absl::Status status = tx.Exec(kInsertDirectory, kind, key, tenant, ref).status();
  if (pg::ConstraintOf(status) != "directory_pkey") return status;
  if (kind == "email") return base::Fail(EMAIL_TAKEN, "email", "is another person's");
  if (kind == "tenant_slug") return base::Fail(ALREADY_EXISTS, "tenantSlug", "is another tenant's");
  return base::Fail(ALREADY_EXISTS, "deviceId", "is another device's");
}

absl::Status DeleteDirectory(pg::Tx& tx, std::string_view kind, std::string_view key,
                             const base::Uuid& tenant) {
  return tx.Exec(kDeleteDirectory, kind, key, tenant).status();
}

absl::StatusOr<std::optional<DirectoryEntry>> SelectDirectory(pg::Tx& tx, std::string_view kind,
                                                              std::string_view key) {
  return One<DirectoryEntry>(tx.Exec(kSelectDirectory, kind, key), EntryFrom);
}

absl::StatusOr<TakenNames> SelectTakenNames(pg::Tx& tx, std::string_view slug,
                                            std::string_view email) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows, tx.Exec(kSelectTakenNames, slug, email));
  TakenNames names;
  for (const pg::Row row : rows) {
    (row.Get<std::string>("kind") == "email" ? names.email : names.slug) = EntryFrom(row);
  }
  return names;
}

}  // namespace cloudpos::auth
