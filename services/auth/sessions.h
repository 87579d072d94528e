#pragma once

// What a sign-in or a refresh hands out.

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cloudpos/auth/v1/auth.pb.h"
#include "services/auth/changes.h"
#include "services/auth/context.h"
#include "services/auth/domain/grants.h"
#include "services/auth/domain/staff.h"

namespace cloudpos::auth {

struct Tokens {
  std::string access_token;
  absl::Duration access_life;
  std::string refresh_token;
  absl::Duration refresh_life;
  base::Uuid tenant;
  base::Uuid staff;
  base::Uuid session;
  bool password_change_required = false;
};

/// A new session with its first refresh token, and the audit row of the sign-in.
absl::StatusOr<Tokens> OpenSession(pg::Tx& tx, const Deps& deps, const Actor& actor,
                                   const StaffMember& staff, const std::string& user_agent,
                                   absl::Time now);

/// The next refresh token of a session, and an access token with the person's rights of now.
absl::StatusOr<Tokens> ContinueSession(pg::Tx& tx, const Deps& deps, const StaffMember& staff,
                                       const Session& session, absl::Time now);

/// An access token; a password that somebody else chose grants nothing until it is changed.
std::string SignAccessToken(const Deps& deps, const StaffMember& staff, const base::Uuid& session,
                            const std::vector<RoleGrant>& grants, absl::Time now);

/// The user agent as it is stored: one line, not too long.
std::string UserAgentOf(const rpc::CallContext& ctx);

/// Fields that the answers of sign-in, refresh and bootstrap share.
template <typename Response>
void FillTokens(const Tokens& tokens, bool in_body, Response* response) {
  response->set_access_token(tokens.access_token);
  response->set_expires_in_s(absl::ToInt64Seconds(tokens.access_life));
  if (in_body) {
    response->set_refresh_token(tokens.refresh_token);
  } else {
    response->set_refresh_cookie(tokens.refresh_token);
  }
  response->set_refresh_expires_in_s(absl::ToInt64Seconds(tokens.refresh_life));
  response->set_tenant_id(tokens.tenant.ToString());
  response->set_staff_id(tokens.staff.ToString());
  response->set_session_id(tokens.session.ToString());
}

}  // namespace cloudpos::auth
