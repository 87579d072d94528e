#pragma once

// Tenants, stores, registers and devices: what they are and which changes are allowed. Pure.

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/ids.h"

namespace cloudpos::auth {

struct Tenant {
  base::Uuid tenant_id;
  int64_t version = 1;
  std::string name;
  std::string slug;
  bool active = true;
  absl::Time created_at;
  absl::Time updated_at;
};

struct Address {
  std::string line1;
  std::string line2;
  std::string city;
  std::string region;
  std::string postal_code;
  std::string country_code;
  friend bool operator==(const Address&, const Address&) = default;
};

struct Store {
  base::Uuid tenant_id;
  base::Uuid store_id;
  int64_t version = 1;
  std::string code;
  std::string name;
  std::string time_zone;
  std::string currency_code;
  int cutoff_minutes = 0;
  Address address;
  std::string receipt_header;
  std::string receipt_footer;
  std::string tax_number;
  std::string phone;
  bool archived = false;
  absl::Time created_at;
  absl::Time updated_at;
};

/// Present fields replace.
struct StoreChange {
  std::optional<std::string> code;
  std::optional<std::string> name;
  std::optional<std::string> time_zone;
  std::optional<int> cutoff_minutes;
  std::optional<Address> address;
  std::optional<std::string> receipt_header;
  std::optional<std::string> receipt_footer;
  std::optional<std::string> tax_number;
  std::optional<std::string> phone;
};

struct Register {
  base::Uuid tenant_id;
  base::Uuid store_id;
  base::Uuid register_id;
  int64_t version = 1;
  std::string code;
  std::string name;
  bool active = true;
  absl::Time created_at;
  absl::Time updated_at;
};

struct RegisterChange {
  std::optional<std::string> code;
  std::optional<std::string> name;
  std::optional<bool> active;
};

struct Device {
  base::Uuid tenant_id;
  base::Uuid store_id;
  base::Uuid device_id;
  int64_t version = 1;
  std::string code;
  std::string name;
  std::optional<base::Uuid> register_id;
  std::string public_key;  // empty until enrolled
  std::optional<absl::Time> revoked_at;
  absl::Time created_at;
  absl::Time updated_at;
};

struct DeviceChange {
  std::optional<std::string> code;
  std::optional<std::string> name;
  std::optional<std::optional<base::Uuid>> register_id;
};

/// The fields of a store that people choose; INVALID_ARGUMENT, OUT_OF_RANGE or FIELD_REQUIRED.
absl::Status CheckStore(const Store& store);
/// `store` with the change applied and checked. The version is raised by the caller.
absl::StatusOr<Store> Apply(const Store& store, const StoreChange& change);

absl::Status CheckRegister(const Register& reg);
absl::StatusOr<Register> Apply(const Register& reg, const RegisterChange& change);

absl::Status CheckDevice(const Device& device);
absl::StatusOr<Device> Apply(const Device& device, const DeviceChange& change);

/// STALE_VERSION with the current version in the error's data unless `based_on` is it;
/// FIELD_REQUIRED when `based_on` is 0.
absl::Status CheckVersion(int64_t current, int64_t based_on);

/// Raises version and updated_at.
template <typename T>
void Touch(T& object, absl::Time now) {
  ++object.version;
  object.updated_at = now;
}

}  // namespace cloudpos::auth
