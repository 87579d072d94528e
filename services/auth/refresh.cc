// Refresh tokens: each works once.

#include "libs/base/status_macros.h"
#include "libs/metrics/metrics.h"
#include "services/auth/auth_handler.h"
#include "services/auth/identity_state.h"
#include "services/auth/store_sessions.h"
#include "services/auth/store_staff.h"

namespace cloudpos::auth {
namespace {

using namespace common::v1;  // error codes

/// The decision outlives the transaction: a reused token must end the session and be refused.
struct Outcome {
  RefreshDecision decision;
  Tokens tokens;
};

absl::StatusOr<Outcome> Rotate(pg::Tx& tx, const Deps& deps, const RefreshToken& token,
                               const Session& session, absl::Time now) {
  CLOUDPOS_ASSIGN_OR_RETURN(const auto credentials,
                            SelectCredentials(tx, session.tenant_id, session.staff_id));
  if (!credentials || !credentials->staff.active || !credentials->tenant_active) {
    return Outcome{.decision = RefreshDecision::kRevoked, .tokens = {}};
  }
  CLOUDPOS_RETURN_IF_ERROR(UseRefreshToken(tx, token));
  CLOUDPOS_RETURN_IF_ERROR(TouchSession(tx, session.tenant_id, session.session_id, now));
  CLOUDPOS_ASSIGN_OR_RETURN(Tokens tokens,
                            ContinueSession(tx, deps, credentials->staff, session, now));
  return Outcome{.decision = RefreshDecision::kRotate, .tokens = std::move(tokens)};
}

absl::Status EndReused(pg::Tx& tx, const Deps& deps, const rpc::CallContext& ctx,
                       const Session& session, absl::Time now) {
  CLOUDPOS_RETURN_IF_ERROR(EndSessions(tx,
                                       {.tenant = session.tenant_id,
                                        .staff = session.staff_id,
                                        .only = session.session_id,
                                        .except = std::nullopt,
                                        .reason = "refresh token reused"},
                                       now)
                               .status());
  return RecordAudit(tx, *deps.ids, ActorOf(ctx, session.tenant_id, session.staff_id),
                     {.action = "session.reuse",
                      .subject_type = "session",
                      .subject_id = session.session_id.ToString(),
                      .store = std::nullopt},
                     now);
}

absl::Status RefusalOf(RefreshDecision decision) {
  switch (decision) {
    case RefreshDecision::kRotate:
      return absl::OkStatus();
    case RefreshDecision::kUnknown:
      return base::Fail(UNAUTHENTICATED, "The refresh token is not valid.");
    case RefreshDecision::kRevoked:
      return base::Fail(TOKEN_REVOKED, "The session was ended; sign in again.");
    case RefreshDecision::kExpired:
      return base::Fail(TOKEN_EXPIRED, "The session is over; sign in again.");
    case RefreshDecision::kRaced:
      return base::Fail(CONFLICT, "Another refresh with the same token was under way.");
    case RefreshDecision::kReused:
      return base::Fail(REFRESH_REUSED, "The refresh token was used before; sign in again.");
  }
  return absl::InternalError("no such decision");
}

}  // namespace

absl::Status AuthHandler::RefreshSession(rpc::CallContext& ctx,
                                         const v1::RefreshSessionRequest& request,
                                         v1::RefreshSessionResponse* response) {
  const bool in_body = !request.refresh_token().empty();
  const std::string& text = in_body ? request.refresh_token() : request.refresh_cookie();
  if (text.empty()) return base::Fail(FIELD_REQUIRED, "refreshToken", "is required");
  CLOUDPOS_ASSIGN_OR_RETURN(const RefreshToken token, ParseRefreshToken(text));
  const absl::Time now = deps_.clock->Now();
  const pg::TxOptions options{.tenant = token.tenant, .deadline = ctx.deadline()};
  CLOUDPOS_ASSIGN_OR_RETURN(
      const Outcome outcome,
      pg::Transact(*deps_.pool, options, [&](pg::Tx& tx) -> absl::StatusOr<Outcome> {
        CLOUDPOS_ASSIGN_OR_RETURN(const auto row, SelectRefreshForUpdate(tx, token));
        const RefreshState state = row ? row->state : RefreshState{};
        const RefreshDecision decision = DecideRefresh(state, deps_.rules.session, now);
        if (decision == RefreshDecision::kRotate) {
          return Rotate(tx, deps_, token, row->session, now);
        }
        if (decision == RefreshDecision::kReused) {
          CLOUDPOS_RETURN_IF_ERROR(EndReused(tx, deps_, ctx, row->session, now));
        }
        return Outcome{.decision = decision, .tokens = {}};
      }));
  if (outcome.decision == RefreshDecision::kReused) {
    static auto& reused = metrics::Counter("cloudpos_auth_refresh_reuses_total",
                                           "Sessions ended since an old refresh token was used.");
    reused.Increment();
    Ring(deps_);
    deps_.identity->Poke();
  }
  CLOUDPOS_RETURN_IF_ERROR(RefusalOf(outcome.decision));
  FillTokens(outcome.tokens, in_body, response);
  response->set_password_change_required(outcome.tokens.password_change_required);
  return absl::OkStatus();
}

}  // namespace cloudpos::auth
