#pragma once

// A register's device: enrolled with a code, with tokens for a key of its own, and a journal that
// the server has to take as it is.

#include <string>

#include "libs/token/device_key.h"
#include "tests/security/strangers/fill.h"
#include "tests/security/strangers/rest.h"

namespace cloudpos::strangers {

class Device {
 public:
  /// Enrols the device of the store in `names` (tenant_id, store_id, register_id, device_id).
  Device(Rest& rest, const Names& names, const std::string& admin_token);

  const std::string& token() const { return token_; }
  /// Uploads a sale without lines as first entry of the device's journal: recorded, and set aside
  /// for a manager. The journal's id.
  std::string UploadOddEntry();

 private:
  std::string Sign(const std::string& message) const;  // base64

  Rest& rest_;
  const Names& names_;
  const token::DeviceKey key_ = token::DeviceKey::Generate();
  std::string token_;
};

}  // namespace cloudpos::strangers
