#pragma once

// Sessions, refresh tokens, revocations, failed sign-ins and the first-admin secret in PostgreSQL.
// Locks are taken in the order refresh token, session.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/pg/pg.h"
#include "libs/token/token.h"
#include "services/auth/domain/lockout.h"
#include "services/auth/domain/session.h"
#include "services/auth/domain/staff.h"

namespace cloudpos::auth {

/// How long a revocation is listed: the longest life of a token, the skew that verifiers allow when
/// it was issued, and a minute to spare.
constexpr absl::Duration kRevocationLife = absl::Minutes(12);

absl::Status InsertSession(pg::Tx& tx, const Session& session);
absl::Status InsertRefreshToken(pg::Tx& tx, const base::Uuid& tenant, const base::Uuid& session,
                                const std::string& token_hash);

/// A refresh token and its session, both locked.
struct RefreshRow {
  RefreshState state;
  Session session;
};
absl::StatusOr<std::optional<RefreshRow>> SelectRefreshForUpdate(pg::Tx& tx,
                                                                 const RefreshToken& token);
absl::Status UseRefreshToken(pg::Tx& tx, const RefreshToken& token);
absl::Status TouchSession(pg::Tx& tx, const base::Uuid& tenant, const base::Uuid& session,
                          absl::Time now);

/// Which sessions of a person to end.
struct SessionsToEnd {
  base::Uuid tenant;
  base::Uuid staff;
  std::optional<base::Uuid> only;
  std::optional<base::Uuid> except;
  std::string_view reason;
};
/// Ends live sessions and lists them as revoked; answers how many.
absl::StatusOr<int> EndSessions(pg::Tx& tx, const SessionsToEnd& which, absl::Time now);
/// Tokens of these people issued before now do not count any more.
absl::Status RaiseNotBefore(pg::Tx& tx, const base::Uuid& tenant,
                            const std::vector<base::Uuid>& staff, absl::Time now);

absl::StatusOr<bool> SessionExists(pg::Tx& tx, const base::Uuid& tenant, const base::Uuid& staff,
                                   const base::Uuid& session);

struct SessionPosition {
  absl::Time created_at;
  base::Uuid session_id;
};
/// Live ones, newest first.
absl::StatusOr<std::vector<Session>> SelectSessions(pg::Tx& tx, const base::Uuid& tenant,
                                                    const base::Uuid& staff, absl::Time now,
                                                    const std::optional<SessionPosition>& after,
                                                    int limit);

/// Of every tenant; worker role.
absl::StatusOr<token::Revocations> SelectRevocations(pg::Pool& pool, absl::Time now);
/// Deletes what has ended; worker role. Answers how many rows, at most `limit` of each kind.
absl::StatusOr<size_t> DeleteExpired(pg::Pool& pool, absl::Time now, int limit);

/// The failures of an account, its row locked when there is one.
absl::StatusOr<LoginFailures> SelectLoginFailures(pg::Tx& tx, const std::string& account_hash);
absl::StatusOr<LoginFailures> SelectLoginFailuresForUpdate(pg::Tx& tx,
                                                           const std::string& account_hash);
absl::Status UpsertLoginFailures(pg::Tx& tx, const std::string& account_hash,
                                 const LoginFailures& failures);
absl::Status DeleteLoginFailures(pg::Tx& tx, const std::string& account_hash);

/// When a secret was first seen: now, unless it is stored already.
absl::StatusOr<absl::Time> FirstSeen(pg::Tx& tx, const std::string& secret_hash, absl::Time now);
absl::StatusOr<bool> IsBootstrapped(pg::Tx& tx);
/// False when somebody else was first.
absl::StatusOr<bool> InsertBootstrap(pg::Tx& tx, const base::Uuid& tenant, const base::Uuid& staff,
                                     absl::Time now);

}  // namespace cloudpos::auth
