#include "services/auth/sessions.h"

#include "libs/base/encoding.h"
#include "libs/base/status_macros.h"
#include "services/auth/convert.h"
#include "services/auth/store_sessions.h"
#include "services/auth/store_staff.h"

namespace cloudpos::auth {
namespace {

constexpr size_t kUserAgentMax = 200;

}  // namespace

std::string UserAgentOf(const rpc::CallContext& ctx) {
  std::string text = ctx.header("user-agent").substr(0, kUserAgentMax);
  // Cutting may have split a character; a name that is no text is not worth keeping.
  while (!text.empty() && !base::IsValidUtf8(text)) text.pop_back();
  return base::IsPrintableText(text) ? text : std::string();
}

std::string SignAccessToken(const Deps& deps, const StaffMember& staff, const base::Uuid& session,
                            const std::vector<RoleGrant>& grants, absl::Time now) {
  const absl::Time issued_at = IssueTime(now, staff.not_before);
  token::Claims claims;
  claims.tenant = staff.tenant_id;
  claims.subject = staff.staff_id;
  claims.session = session;
  if (!staff.password_change_required) claims.grants = EffectiveGrants(grants);
  claims.issued_at = issued_at;
  claims.expires_at = issued_at + deps.rules.session.access_token;
  return deps.signer->Sign(claims);
}

absl::StatusOr<Tokens> ContinueSession(pg::Tx& tx, const Deps& deps, const StaffMember& staff,
                                       const Session& session, absl::Time now) {
  const std::string refresh_token = MakeRefreshToken(staff.tenant_id, base::RandomBytes(32));
  CLOUDPOS_RETURN_IF_ERROR(InsertRefreshToken(tx, staff.tenant_id, session.session_id,
                                              base::Sha256(refresh_token)));
  CLOUDPOS_ASSIGN_OR_RETURN(auto grants, SelectGrants(tx, staff.tenant_id, {staff.staff_id}));
  return Tokens{.access_token = SignAccessToken(deps, staff, session.session_id,
                                                grants[staff.staff_id], now),
                .access_life = deps.rules.session.access_token,
                .refresh_token = refresh_token,
                .refresh_life = session.expires_at - now,
                .tenant = staff.tenant_id,
                .staff = staff.staff_id,
                .session = session.session_id,
                .password_change_required = staff.password_change_required};
}

absl::StatusOr<Tokens> OpenSession(pg::Tx& tx, const Deps& deps, const Actor& actor,
                                   const StaffMember& staff, const std::string& user_agent,
                                   absl::Time now) {
  const Session session{.tenant_id = staff.tenant_id,
                        .session_id = deps.ids->NewId(),
                        .staff_id = staff.staff_id,
                        .created_at = now,
                        .last_used_at = now,
                        .expires_at = now + deps.rules.session.life,
                        .client_ip = actor.client_ip,
                        .user_agent = user_agent};
  CLOUDPOS_RETURN_IF_ERROR(InsertSession(tx, session));
  Actor signed_in = actor;
  signed_in.session = session.session_id;
  const v1::Session after = ToProto(session, session.session_id);
  CLOUDPOS_RETURN_IF_ERROR(RecordAudit(tx, *deps.ids, signed_in,
                                       {.action = "signin.succeed",
                                        .subject_type = "session",
                                        .subject_id = session.session_id.ToString(),
                                        .store = std::nullopt,
                                        .before = nullptr,
                                        .after = &after},
                                       now));
  return ContinueSession(tx, deps, staff, session, now);
}

}  // namespace cloudpos::auth
