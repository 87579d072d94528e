#pragma once

// Sessions: one sign-in, carried on by refresh tokens that each work once. Pure decisions.

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/ids.h"

namespace cloudpos::auth {

struct SessionRules {
  absl::Duration life = absl::Hours(12);  // from sign-in, whatever happens
  absl::Duration idle = absl::Hours(2);   // between two refreshes
  absl::Duration access_token = absl::Minutes(10);
};

/// A refresh token: "rt_" and base64url of the tenant's id and 32 random bytes. Only its hash is
/// stored.
std::string MakeRefreshToken(const base::Uuid& tenant, std::string_view secret);
struct RefreshToken {
  base::Uuid tenant;
  std::string hash;  // SHA-256 of the text
};
/// UNAUTHENTICATED for anything MakeRefreshToken cannot have made.
absl::StatusOr<RefreshToken> ParseRefreshToken(std::string_view text);

/// What is stored of the token presented and of its session.
struct RefreshState {
  bool found = false;
  bool used = false;
  /// The token was used after this call had begun: both were under way at once.
  bool raced = false;
  bool session_revoked = false;
  absl::Time session_expires_at;
  absl::Time session_last_used_at;
};

enum class RefreshDecision { kRotate, kUnknown, kRevoked, kExpired, kRaced, kReused };

/// Guards in this order: unknown, session revoked, expired or idle too long, raced, reused.
RefreshDecision DecideRefresh(const RefreshState& state, const SessionRules& rules, absl::Time now);

/// When a token issued at `now` says it was issued: never before `not_before`, since tokens count
/// in whole seconds and one made in the second of a change must outlive it.
absl::Time IssueTime(absl::Time now, absl::Time not_before);

/// The first whole second at which no token issued before `now` can still claim to be issued.
absl::Time NotBeforeFor(absl::Time now);

}  // namespace cloudpos::auth
