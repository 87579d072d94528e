#pragma once

// Keys of enrolled devices: ECDSA with SHA-256 on P-256, in the forms that browsers' WebCrypto
// makes: a public key is the uncompressed point (65 bytes), a signature r||s (64 bytes).

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "openssl/types.h"

namespace cloudpos::token {

constexpr size_t kP256PointBytes = 65;
constexpr size_t kP256SignatureBytes = 64;

/// True for 0x04 and two coordinates of a point on the curve; the point at infinity has no such
/// form.
bool IsP256Point(std::string_view point);

/// True when `signature` over SHA-256(`message`) is the key's. WebCrypto does not normalise s: both
/// values that a signature can have are accepted.
bool VerifyP256(std::string_view point, std::string_view message, std::string_view signature);

/// A device's private key, for programs that play a register.
class DeviceKey {
 public:
  static DeviceKey Generate();
  /// INVALID_ARGUMENT unless an unencrypted P-256 private key (PKCS#8 PEM).
  static absl::StatusOr<DeviceKey> FromPem(std::string_view pem);

  std::string ToPem() const;
  /// 65 bytes.
  const std::string& public_point() const { return point_; }
  /// 64 bytes over SHA-256(`message`).
  std::string Sign(std::string_view message) const;

 private:
  DeviceKey(std::shared_ptr<EVP_PKEY> key, std::string point)
      : key_(std::move(key)), point_(std::move(point)) {}

  std::shared_ptr<EVP_PKEY> key_;
  std::string point_;
};

}  // namespace cloudpos::token
