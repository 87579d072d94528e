#pragma once

// Access tokens: compact JWS (RFC 7515) with EdDSA on Ed25519 (RFC 8037) and nothing else, so that
// there is no algorithm to confuse. Signed by auth, verified by the gateway and again by every
// service (architecture section 5).

#include <bitset>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cloudpos/common/v1/permission.pb.h"
#include "libs/base/clock.h"
#include "libs/base/ids.h"

namespace cloudpos::token {

using common::v1::Permission;

/// A set of permissions; travels as base64url of a little-endian bit string, bit n = enum number n.
class PermissionSet {
 public:
  static constexpr size_t kBits = 256;
  void Add(Permission p) { bits_.set(static_cast<size_t>(p)); }
  bool Has(Permission p) const { return bits_.test(static_cast<size_t>(p)); }
  bool empty() const { return bits_.none(); }
  std::string ToBase64Url() const;
  /// Unknown bits are kept and grant nothing.
  static std::optional<PermissionSet> FromBase64Url(std::string_view text);
  std::vector<Permission> ToList() const;
  friend bool operator==(const PermissionSet&, const PermissionSet&) = default;

 private:
  std::bitset<kBits> bits_;
};

/// What a person may do in some stores.
struct Grant {
  std::vector<base::Uuid> stores;  // empty: every store of the tenant
  PermissionSet permissions;
};

struct Claims {
  base::Uuid tenant;
  base::Uuid subject;  // staff member, or the operator for `pos` tokens
  base::Uuid session;
  std::optional<base::Uuid> device;
  std::vector<Grant> grants;
  absl::Time issued_at;
  absl::Time expires_at;

  /// Some grant that covers every store holds `p`.
  bool HasForTenant(Permission p) const;
  /// Some grant that covers `store` holds `p`.
  bool HasForStore(Permission p, const base::Uuid& store) const;
  /// Some grant, of whatever store, holds `p`.
  bool HasAnywhere(Permission p) const;
  /// Some grant, of whatever permission, covers `store`.
  bool CoversStore(const base::Uuid& store) const;
};

/// Signs with an Ed25519 private key (PKCS#8 PEM). The key id is the RFC 7638 thumbprint.
class Signer {
 public:
  static absl::StatusOr<Signer> FromPem(std::string_view pem);
  std::string Sign(const Claims& claims) const;
  /// Signs raw bytes: 64-byte Ed25519 signature (exports, anchors).
  std::string SignBytes(std::string_view data) const;
  const std::string& key_id() const { return key_id_; }
  /// This key's public half as a JWK object.
  std::string PublicJwk() const;

 private:
  Signer() = default;
  std::shared_ptr<void> key_;
  std::string key_id_;
  std::string public_raw_;
};

/// A new Ed25519 private key as PKCS#8 PEM.
std::string GenerateKeyPem();

/// `{"keys":[...]}` of public JWKs.
std::string MakeJwks(const std::vector<std::string>& jwks);

/// Ed25519 check of `signature` over `data` with a 32-byte raw public key.
bool VerifyBytes(std::string_view public_raw, std::string_view data, std::string_view signature);

/// Sessions and people whose tokens no longer count though not yet expired.
struct Revocations {
  std::vector<base::Uuid> sessions;
  struct NotBefore {
    base::Uuid subject;
    absl::Time not_before;  // tokens issued earlier are refused
  };
  std::vector<NotBefore> subjects;
};

/// Checks tokens. Verified tokens are cached by hash until they expire (bounded). Thread-safe.
class Verifier {
 public:
  explicit Verifier(const base::Clock& clock);
  ~Verifier();

  /// Replaces the accepted keys; INVALID_ARGUMENT for malformed JWKS (the old ones stay).
  absl::Status SetKeys(std::string_view jwks);
  void SetRevocations(const Revocations& revocations);

  /// UNAUTHENTICATED with TOKEN_INVALID, TOKEN_EXPIRED or TOKEN_REVOKED. Clock skew allowed: 60 s
  /// for issued_at in the future, none for expiry.
  absl::StatusOr<std::shared_ptr<const Claims>> Verify(std::string_view token) const;

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

constexpr std::string_view kIssuer = "cloudpos-auth";
constexpr std::string_view kAudience = "cloudpos";
constexpr absl::Duration kTokenLifeMax = absl::Minutes(10);

}  // namespace cloudpos::token
