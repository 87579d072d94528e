// People and their passwords.

#include "services/auth/store_staff.h"

#include "services/auth/store_rows.h"

namespace cloudpos::auth {
namespace {

StaffMember ToStaff(const pg::Row& row) {
  return {.tenant_id = row.Get<base::Uuid>("tenant_id"),
          .staff_id = row.Get<base::Uuid>("staff_id"),
          .version = row.Get<int64_t>("version"),
          .display_name = row.Get<std::string>("display_name"),
          .email = row.Get<std::optional<std::string>>("email").value_or(""),
          .active = row.Get<bool>("active"),
          .password_change_required = row.Get<bool>("password_change_required"),
          .not_before = row.Get<absl::Time>("not_before"),
          .created_at = row.Get<absl::Time>("created_at"),
          .updated_at = row.Get<absl::Time>("updated_at")};
}

std::optional<std::string> OrNull(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return text;
}

constexpr pg::Query kInsertStaff{"insert_staff", R"sql(
  INSERT INTO auth.staff (tenant_id, staff_id, version, display_name, email, active, password_hash,
    password_change_required, not_before, request_hash, created_at, updated_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
  ON CONFLICT (tenant_id, staff_id) DO NOTHING)sql"};

constexpr pg::Query kSelectStaffRequest{"select_staff_request", R"sql(
  SELECT request_hash, created_at FROM auth.staff WHERE tenant_id = $1 AND staff_id = $2)sql"};

constexpr pg::Query kSelectStaff{"select_staff", R"sql(
  SELECT tenant_id, staff_id, version, display_name, email, active, password_change_required,
    not_before, created_at, updated_at
  FROM auth.staff WHERE tenant_id = $1 AND staff_id = $2)sql"};

constexpr pg::Query kSelectStaffForUpdate{"select_staff_for_update", R"sql(
  SELECT tenant_id, staff_id, version, display_name, email, active, password_change_required,
    not_before, created_at, updated_at
  FROM auth.staff WHERE tenant_id = $1 AND staff_id = $2 FOR UPDATE)sql"};

constexpr pg::Query kSelectStaffList{"select_staff_list", R"sql(
  SELECT tenant_id, staff_id, version, display_name, email, active, password_change_required,
    not_before, created_at, updated_at
  FROM auth.staff
  WHERE tenant_id = $1 AND ($2 OR active)
    AND ($3::text IS NULL OR (display_name, staff_id) > ($3, $4::uuid))
  ORDER BY display_name, staff_id LIMIT $5)sql"};

constexpr pg::Query kUpdateStaff{"update_staff", R"sql(
  UPDATE auth.staff SET version = $3, display_name = $4, email = $5, active = $6, updated_at = $7
  WHERE tenant_id = $1 AND staff_id = $2)sql"};

constexpr pg::Query kSelectCredentials{"select_credentials", R"sql(
  SELECT s.tenant_id, s.staff_id, s.version, s.display_name, s.email, s.active,
    s.password_change_required, s.not_before, s.created_at, s.updated_at, s.password_hash,
    t.active AS tenant_active
  FROM auth.staff s JOIN auth.tenants t ON t.tenant_id = s.tenant_id
  WHERE s.tenant_id = $1 AND s.staff_id = $2
  FOR UPDATE OF s)sql"};

constexpr pg::Query kUpdatePassword{"update_password", R"sql(
  UPDATE auth.staff SET version = version + 1, password_hash = $3, password_change_required = $4,
    updated_at = $5
  WHERE tenant_id = $1 AND staff_id = $2)sql"};

constexpr pg::Query kReplaceHash{"replace_hash", R"sql(
  UPDATE auth.staff SET password_hash = $4
  WHERE tenant_id = $1 AND staff_id = $2 AND password_hash = $3)sql"};

}  // namespace

absl::StatusOr<std::optional<Existing>> InsertStaff(pg::Tx& tx, const StaffMember& staff,
                                                    const std::optional<std::string>& password_hash,
                                                    const std::string& request_hash) {
  return InsertedOr(tx,
                    tx.Exec(kInsertStaff, staff.tenant_id, staff.staff_id, staff.version,
                            staff.display_name, OrNull(staff.email), staff.active, password_hash,
                            staff.password_change_required, staff.not_before,
                            pg::Bytes{request_hash}, staff.created_at, staff.updated_at),
                    kSelectStaffRequest, staff.tenant_id, staff.staff_id);
}

absl::StatusOr<std::optional<StaffMember>> SelectStaff(pg::Tx& tx, const base::Uuid& tenant,
                                                       const base::Uuid& staff) {
  return One<StaffMember>(tx.Exec(kSelectStaff, tenant, staff), ToStaff);
}

absl::StatusOr<std::optional<StaffMember>> SelectStaffForUpdate(pg::Tx& tx,
                                                                const base::Uuid& tenant,
                                                                const base::Uuid& staff) {
  return One<StaffMember>(tx.Exec(kSelectStaffForUpdate, tenant, staff), ToStaff);
}

absl::Status UpdateStaff(pg::Tx& tx, const StaffMember& staff) {
  return tx
      .Exec(kUpdateStaff, staff.tenant_id, staff.staff_id, staff.version, staff.display_name,
            OrNull(staff.email), staff.active, staff.updated_at)
      .status();
}

absl::StatusOr<std::vector<StaffMember>> SelectStaffList(pg::Tx& tx, const base::Uuid& tenant,
                                                         bool inactive_too,
                                                         const std::optional<StaffPosition>& after,
                                                         int limit) {
  std::optional<std::string> name;
  std::optional<base::Uuid> id;
  if (after) {
    name = after->display_name;
    id = after->staff_id;
  }
  return Many<StaffMember>(tx.Exec(kSelectStaffList, tenant, inactive_too, name, id, limit),
                           ToStaff);
}

absl::StatusOr<std::optional<Credentials>> SelectCredentials(pg::Tx& tx, const base::Uuid& tenant,
                                                             const base::Uuid& staff) {
  return One<Credentials>(tx.Exec(kSelectCredentials, tenant, staff), [](const pg::Row& row) {
    return Credentials{.staff = ToStaff(row),
                       .password_hash = row.Get<std::optional<std::string>>("password_hash"),
                       .tenant_active = row.Get<bool>("tenant_active")};
  });
}

absl::Status UpdatePassword(pg::Tx& tx, const base::Uuid& tenant, const base::Uuid& staff,
                            const std::string& password_hash, bool change_required,
                            absl::Time now) {
  return tx.Exec(kUpdatePassword, tenant, staff, password_hash, change_required, now).status();
}

absl::Status ReplaceHash(pg::Tx& tx, const base::Uuid& tenant, const base::Uuid& staff,
                         const std::string& old_hash, const std::string& new_hash) {
  return tx.Exec(kReplaceHash, tenant, staff, old_hash, new_hash).status();
}

}  // namespace cloudpos::auth
