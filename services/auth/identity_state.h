#pragma once

// Keys and revocations as everybody asks for them (GetIdentity): read from the database each
// second, answered from memory. Also supplies auth's own verifier.

#include <memory>
#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "cloudpos/auth/v1/identity.pb.h"
#include "libs/base/clock.h"
#include "libs/pg/pg.h"
#include "libs/token/token.h"
#include "services/auth/periodic.h"

namespace cloudpos::auth {

class IdentityState {
 public:
  struct Options {
    pg::Pool* worker_pool;
    const base::Clock* clock;
    token::Verifier* verifier;
    std::string jwks;  // the signing key's and those retired or to come
  };
  /// Gives the verifier its keys.
  explicit IdentityState(Options options);

  /// Reads each second from now on.
  void Start();
  void Stop() { reader_.reset(); }
  /// Reads now, on the caller's thread.
  absl::Status Refresh();
  /// Reads soon, on the own thread: something was revoked.
  void Poke();

  const std::string& jwks() const { return options_.jwks; }
  /// nullptr until the database answered once.
  std::shared_ptr<const v1::GetIdentityResponse> Current() const;

 private:
  const Options options_;
  mutable std::mutex mutex_;
  std::shared_ptr<const v1::GetIdentityResponse> current_;
  bool was_readable_ = true;
  std::unique_ptr<Periodic> reader_;  // goes first
};

/// `jwks` with the keys of `more` (a JWKS text, may be empty) that it does not hold yet.
absl::StatusOr<std::string> MergeJwks(const std::string& signing_jwk, const std::string& more);

}  // namespace cloudpos::auth
