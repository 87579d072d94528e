#include <map>
#include <shared_mutex>
#include <unordered_map>
#include <unordered_set>

#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/token/cache.h"
#include "libs/token/jws.h"
#include "libs/token/keys.h"
#include "libs/token/token.h"

namespace cloudpos::token {
namespace {

constexpr absl::Duration kSkew = absl::Seconds(60);

absl::Status Invalid() { return base::Fail(common::v1::TOKEN_INVALID, "the token is not valid"); }

}  // namespace

struct Verifier::Impl {
  explicit Impl(const base::Clock& c) : clock(c) {}

  absl::StatusOr<std::shared_ptr<const Claims>> VerifyUncached(std::string_view token) const;
  absl::Status CheckNow(const Claims& claims) const;

  const base::Clock& clock;
  mutable std::shared_mutex mutex;  // guards what follows, not the cache
  std::map<std::string, Key> keys;
  std::string jwks;
  uint64_t generation = 0;  // of `keys`
  std::unordered_set<base::Uuid> revoked_sessions;
  std::unordered_map<base::Uuid, absl::Time> not_before;
  mutable TokenCache cache;
};

absl::StatusOr<std::shared_ptr<const Claims>> Verifier::Impl::VerifyUncached(
    std::string_view token) const {
  const auto parts = Split(token);
  if (!parts) return Invalid();
  const auto key_id = KeyIdOf(parts->header);
  const auto signature = base::Base64UrlDecode(parts->signature);
  // The last character carries unused bits: only one spelling of a signature is accepted.
  if (!key_id || !signature || base::Base64UrlEncode(*signature) != parts->signature) {
    return Invalid();
  }
  Key key;
  {
    const std::shared_lock lock(mutex);
    const auto found = keys.find(*key_id);
    if (found == keys.end()) return Invalid();
    key = found->second;
  }
  if (!VerifyWith(key.get(), parts->signed_text, *signature)) return Invalid();
  auto payload = DecodeClaims(parts->payload);
  if (!payload) return Invalid();
  const absl::Time latest = clock.Now() + kSkew;
  if (payload->claims.issued_at > latest || payload->not_before > latest) return Invalid();
  return std::make_shared<const Claims>(std::move(payload->claims));
}

absl::Status Verifier::Impl::CheckNow(const Claims& claims) const {
  if (clock.Now() >= claims.expires_at) {
    return base::Fail(common::v1::TOKEN_EXPIRED, "the token has expired");
  }
  const std::shared_lock lock(mutex);
  const auto subject = not_before.find(claims.subject);
  if (revoked_sessions.contains(claims.session) ||
      (subject != not_before.end() && claims.issued_at < subject->second)) {
    return base::Fail(common::v1::TOKEN_REVOKED, "the session has ended");
  }
  return absl::OkStatus();
}

Verifier::Verifier(const base::Clock& clock) : impl_(std::make_unique<Impl>(clock)) {}
Verifier::~Verifier() = default;

absl::Status Verifier::SetKeys(std::string_view jwks) {
  {
    const std::shared_lock lock(impl_->mutex);
    if (impl_->jwks == jwks) return absl::OkStatus();
  }
  CLOUDPOS_ASSIGN_OR_RETURN(auto keys, ParseJwks(jwks));
  const std::unique_lock lock(impl_->mutex);
  impl_->keys = std::move(keys);
  impl_->jwks = std::string(jwks);
  ++impl_->generation;
  // A key may have gone: what it signed must not live on in the cache.
  impl_->cache.Clear();
  return absl::OkStatus();
}

void Verifier::SetRevocations(const Revocations& revocations) {
  std::unordered_set<base::Uuid> sessions(revocations.sessions.begin(), revocations.sessions.end());
  std::unordered_map<base::Uuid, absl::Time> not_before;
  for (const Revocations::NotBefore& entry : revocations.subjects) {
    absl::Time& time = not_before.try_emplace(entry.subject, entry.not_before).first->second;
    time = std::max(time, entry.not_before);
  }
  const std::unique_lock lock(impl_->mutex);
  impl_->revoked_sessions = std::move(sessions);
  impl_->not_before = std::move(not_before);
}

absl::StatusOr<std::shared_ptr<const Claims>> Verifier::Verify(std::string_view token) const {
  if (token.empty() || token.size() > kTokenBytesMax) return Invalid();
  const std::string digest = base::Sha256(token);
  std::shared_ptr<const Claims> claims = impl_->cache.Find(digest);
  if (claims == nullptr) {
    uint64_t generation = 0;
    {
      const std::shared_lock lock(impl_->mutex);
      generation = impl_->generation;
    }
    CLOUDPOS_ASSIGN_OR_RETURN(claims, impl_->VerifyUncached(token));
    CLOUDPOS_RETURN_IF_ERROR(impl_->CheckNow(*claims));
    const std::shared_lock lock(impl_->mutex);
    // Only under the keys it was checked with: SetKeys may have cleared the cache meanwhile.
    if (generation == impl_->generation) impl_->cache.Insert(digest, claims);
    return claims;
  }
  CLOUDPOS_RETURN_IF_ERROR(impl_->CheckNow(*claims));
  return claims;
}

}  // namespace cloudpos::token
