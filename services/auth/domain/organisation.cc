#include "services/auth/domain/organisation.h"

#include "libs/base/clock.h"
#include "libs/base/error.h"
#include "libs/base/money.h"
#include "libs/base/status_macros.h"
#include "services/auth/domain/fields.h"

namespace cloudpos::auth {
namespace {

using namespace common::v1;  // error codes

template <typename T>
void Replace(T& field, const std::optional<T>& value) {
  if (value) field = *value;
}

absl::Status CheckAddress(const Address& address) {
  CLOUDPOS_RETURN_IF_ERROR(CheckLine(address.line1, "address.line1", kAddressLineMax));
  CLOUDPOS_RETURN_IF_ERROR(CheckLine(address.line2, "address.line2", kAddressLineMax));
  CLOUDPOS_RETURN_IF_ERROR(CheckLine(address.city, "address.city", kAddressLineMax));
  CLOUDPOS_RETURN_IF_ERROR(CheckLine(address.region, "address.region", kAddressLineMax));
  CLOUDPOS_RETURN_IF_ERROR(CheckLine(address.postal_code, "address.postalCode", kShortTextMax));
  return CheckCountry(address.country_code, "address.countryCode");
}

}  // namespace

absl::Status CheckStore(const Store& store) {
  CLOUDPOS_RETURN_IF_ERROR(CheckCode(store.code, "code"));
  CLOUDPOS_RETURN_IF_ERROR(CheckName(store.name, "name"));
  if (store.time_zone.empty()) return base::Fail(FIELD_REQUIRED, "timeZone", "is required");
  CLOUDPOS_RETURN_IF_ERROR(base::LoadZone(store.time_zone, "timeZone").status());
  CLOUDPOS_RETURN_IF_ERROR(
      base::Currency::ParseField(store.currency_code, "currencyCode").status());
  CLOUDPOS_RETURN_IF_ERROR(CheckCutoff(store.cutoff_minutes, "cutoffMinutes"));
  CLOUDPOS_RETURN_IF_ERROR(CheckAddress(store.address));
  CLOUDPOS_RETURN_IF_ERROR(CheckLines(store.receipt_header, "receiptHeader", kReceiptTextMax));
  CLOUDPOS_RETURN_IF_ERROR(CheckLines(store.receipt_footer, "receiptFooter", kReceiptTextMax));
  CLOUDPOS_RETURN_IF_ERROR(CheckLine(store.tax_number, "taxNumber", kShortTextMax));
  return CheckLine(store.phone, "phone", kShortTextMax);
}

absl::StatusOr<Store> Apply(const Store& store, const StoreChange& change) {
  Store changed = store;
  Replace(changed.code, change.code);
  Replace(changed.name, change.name);
  Replace(changed.time_zone, change.time_zone);
  Replace(changed.cutoff_minutes, change.cutoff_minutes);
  Replace(changed.address, change.address);
  Replace(changed.receipt_header, change.receipt_header);
  Replace(changed.receipt_footer, change.receipt_footer);
  Replace(changed.tax_number, change.tax_number);
  Replace(changed.phone, change.phone);
  CLOUDPOS_RETURN_IF_ERROR(CheckStore(changed));
  return changed;
}

absl::Status CheckRegister(const Register& reg) {
  CLOUDPOS_RETURN_IF_ERROR(CheckCode(reg.code, "code"));
  return CheckName(reg.name, "name");
}

absl::StatusOr<Register> Apply(const Register& reg, const RegisterChange& change) {
  Register changed = reg;
  Replace(changed.code, change.code);
  Replace(changed.name, change.name);
  Replace(changed.active, change.active);
  CLOUDPOS_RETURN_IF_ERROR(CheckRegister(changed));
  return changed;
}

absl::Status CheckDevice(const Device& device) {
  CLOUDPOS_RETURN_IF_ERROR(CheckCode(device.code, "code"));
  return CheckName(device.name, "name");
}

absl::StatusOr<Device> Apply(const Device& device, const DeviceChange& change) {
  Device changed = device;
  Replace(changed.code, change.code);
  Replace(changed.name, change.name);
  Replace(changed.register_id, change.register_id);
  CLOUDPOS_RETURN_IF_ERROR(CheckDevice(changed));
  return changed;
}

absl::Status CheckVersion(int64_t current, int64_t based_on) {
  if (based_on == 0) return base::Fail(FIELD_REQUIRED, "version", "is required");
  if (based_on == current) return absl::OkStatus();
  return base::Fail({.code = STALE_VERSION,
                     .detail = "The version is " + std::to_string(current) + " by now.",
                     .fields = {},
                     .hint = "Read it again and repeat the change.",
                     .data = {{"version", std::to_string(current)}},
                     .retry_after = std::nullopt});
}

}  // namespace cloudpos::auth
