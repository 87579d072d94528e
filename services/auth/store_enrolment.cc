#include "services/auth/store_enrolment.h"

#include "services/auth/store_organisation.h"
#include "services/auth/store_rows.h"
#include "services/auth/store_sessions.h"

namespace cloudpos::auth {
namespace {

constexpr pg::Query kPutEnrolmentCode{"put_enrolment_code", R"sql(
  INSERT INTO auth.enrolment_codes (tenant_id, device_id, code_hash, created_by, expires_at)
  VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (tenant_id, device_id) DO UPDATE
  SET code_hash = excluded.code_hash, created_by = excluded.created_by,
      expires_at = excluded.expires_at, public_key = NULL)sql"};

constexpr pg::Query kSelectEnrolmentCode{"select_enrolment_code", R"sql(
  SELECT tenant_id, device_id, created_by, expires_at, public_key
  FROM auth.enrolment_codes WHERE code_hash = $1)sql"};

constexpr pg::Query kUseEnrolmentCode{"use_enrolment_code", R"sql(
  UPDATE auth.enrolment_codes SET public_key = $3 WHERE tenant_id = $1 AND device_id = $2)sql"};

constexpr pg::Query kSelectEnrolledDevice{"select_enrolled_device", R"sql(
  SELECT d.tenant_id, d.store_id, d.device_id, d.version, d.code, d.name, d.register_id,
    d.public_key, d.revoked_at, d.created_at, d.updated_at, d.not_before,
    t.active AS tenant_active
  FROM auth.devices d JOIN auth.tenants t ON t.tenant_id = d.tenant_id
  WHERE d.tenant_id = $1 AND d.device_id = $2)sql"};

// As for people: beyond a not_before of the same second, which tokens may claim.
constexpr pg::Query kRaiseDeviceNotBefore{"raise_device_not_before", R"sql(
  WITH raised AS (
    UPDATE auth.devices SET not_before = greatest(not_before + interval '1 second', $3)
    WHERE tenant_id = $1 AND device_id = $2
    RETURNING device_id, not_before)
  INSERT INTO auth.revocations (tenant_id, kind, ref_id, not_before, expires_at)
  SELECT $1, 'subject', device_id, not_before, $4 FROM raised
  ON CONFLICT (tenant_id, kind, ref_id) DO UPDATE
  SET not_before = greatest(revocations.not_before, excluded.not_before),
      expires_at = greatest(revocations.expires_at, excluded.expires_at))sql"};

EnrolmentCode ToCode(const pg::Row& row) {
  const auto key = row.Get<std::optional<pg::Bytes>>("public_key");
  return {.tenant_id = row.Get<base::Uuid>("tenant_id"),
          .device_id = row.Get<base::Uuid>("device_id"),
          .created_by = row.Get<base::Uuid>("created_by"),
          .expires_at = row.Get<absl::Time>("expires_at"),
          .public_key = key ? key->value : std::string()};
}

EnrolledDevice ToEnrolled(const pg::Row& row) {
  return {.device = ToDevice(row),
          .tenant_active = row.Get<bool>("tenant_active"),
          .not_before = row.Get<absl::Time>("not_before")};
}

}  // namespace

absl::Status PutEnrolmentCode(pg::Tx& tx, const EnrolmentCode& code, const std::string& code_hash) {
  const absl::Status status = tx.Exec(kPutEnrolmentCode, code.tenant_id, code.device_id,
                                      pg::Bytes{code_hash}, code.created_by, code.expires_at)
                                  .status();
  // One chance in a million millions: another device has the same code.
  if (pg::ConstraintOf(status) == "enrolment_codes_hash") {
    return base::Fail(common::v1::CONFLICT, "The code drawn is in use.");
  }
  return status;
}

absl::StatusOr<std::optional<EnrolmentCode>> SelectEnrolmentCode(pg::Tx& tx,
                                                                 const std::string& code_hash) {
  return One<EnrolmentCode>(tx.Exec(kSelectEnrolmentCode, pg::Bytes{code_hash}), ToCode);
}

absl::Status UseEnrolmentCode(pg::Tx& tx, const base::Uuid& tenant, const base::Uuid& device,
                              const std::string& public_key) {
  return tx.Exec(kUseEnrolmentCode, tenant, device, pg::Bytes{public_key}).status();
}

absl::StatusOr<std::optional<EnrolledDevice>> SelectEnrolledDevice(pg::Tx& tx,
                                                                   const base::Uuid& tenant,
                                                                   const base::Uuid& device) {
  return One<EnrolledDevice>(tx.Exec(kSelectEnrolledDevice, tenant, device), ToEnrolled);
}

absl::Status RaiseDeviceNotBefore(pg::Tx& tx, const base::Uuid& tenant, const base::Uuid& device,
                                  absl::Time now) {
  return tx.Exec(kRaiseDeviceNotBefore, tenant, device, NotBeforeFor(now), now + kRevocationLife)
      .status();
}

}  // namespace cloudpos::auth
