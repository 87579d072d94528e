#pragma once

// Enrolment codes and what a device's token is made from, in PostgreSQL. The device is locked
// before its code.

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "libs/pg/pg.h"
#include "services/auth/domain/enrolment.h"
#include "services/auth/domain/organisation.h"

namespace cloudpos::auth {

/// Replaces the device's code.
absl::Status PutEnrolmentCode(pg::Tx& tx, const EnrolmentCode& code, const std::string& code_hash);
/// Of whatever tenant.
absl::StatusOr<std::optional<EnrolmentCode>> SelectEnrolmentCode(pg::Tx& tx,
                                                                 const std::string& code_hash);
absl::Status UseEnrolmentCode(pg::Tx& tx, const base::Uuid& tenant, const base::Uuid& device,
                              const std::string& public_key);

/// A device with what decides about its token.
struct EnrolledDevice {
  Device device;
  bool tenant_active = false;
  absl::Time not_before;
};
absl::StatusOr<std::optional<EnrolledDevice>> SelectEnrolledDevice(pg::Tx& tx,
                                                                   const base::Uuid& tenant,
                                                                   const base::Uuid& device);

/// Tokens of the device issued before now do not count any more.
absl::Status RaiseDeviceNotBefore(pg::Tx& tx, const base::Uuid& tenant, const base::Uuid& device,
                                  absl::Time now);

}  // namespace cloudpos::auth
