#pragma once

// What the handlers of auth share.

#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/base/error.h"
#include "libs/base/ids.h"
#include "libs/events/events.h"
#include "libs/pg/pg.h"
#include "libs/rpc/server.h"
#include "libs/token/token.h"
#include "services/auth/domain/lockout.h"
#include "services/auth/domain/session.h"
#include "services/auth/password_hasher.h"

namespace cloudpos::auth {

class IdentityState;

struct Rules {
  SessionRules session;
  LockoutRules lockout;
  absl::Duration bootstrap_life = absl::Hours(24);  // of the first-admin secret
};

/// Everything lives longer than the handlers.
struct Deps {
  pg::Pool* pool;  // requests
  const base::Clock* clock;
  base::IdSource* ids;
  const token::Signer* signer;
  PasswordHasher* hasher;
  IdentityState* identity;
  events::Doorbell* doorbell;  // may be null
  Rules rules;
  std::string bootstrap_secret;  // empty: there is none
  std::string state_dir;
  std::string device_secret;  // keys the hashes of enrolment codes, and challenges
};

/// Options of a transaction or statement for this call's tenant and deadline.
inline pg::TxOptions TxFor(const rpc::CallContext& ctx) {
  return {.tenant = ctx.tenant(), .deadline = ctx.deadline()};
}
inline pg::CallOptions CallFor(const rpc::CallContext& ctx) {
  return {.tenant = ctx.tenant(), .deadline = ctx.deadline()};
}

inline absl::Status NotFound(std::string_view what) {
  return base::Fail(common::v1::NOT_FOUND, "There is no such " + std::string(what) + ".");
}

/// What tells a repeat of a creating request from another request with the same id.
std::string RequestHash(const google::protobuf::Message& request);

/// The id a creating request carries, else that of the Idempotency-Key header.
absl::StatusOr<base::Uuid> CreateId(const rpc::CallContext& ctx, std::string_view text,
                                    std::string_view field);

/// What is stored of the request that made a row with the same id.
struct Existing {
  std::string request_hash;
  absl::Time created_at;
};
/// Marks the call as a replay; IDEMPOTENCY_MISMATCH naming `field` when it was another request.
absl::Status CheckSameRequest(rpc::CallContext& ctx, const Existing& existing,
                              const std::string& request_hash, std::string_view field);

/// Rings the bell: there are new events.
void Ring(const Deps& deps);

}  // namespace cloudpos::auth
