// Signing in, and changing one's own password.

#include "libs/base/status_macros.h"
#include "libs/metrics/metrics.h"
#include "services/auth/auth_handler.h"
#include "services/auth/domain/fields.h"
#include "services/auth/domain/password_rules.h"
#include "services/auth/identity_state.h"
#include "services/auth/login_guard.h"
#include "services/auth/store_organisation.h"
#include "services/auth/store_sessions.h"
#include "services/auth/store_staff.h"

namespace cloudpos::auth {
namespace {

using namespace common::v1;  // error codes

/// Who may be behind an address. `tenant` is set in any case, so that an unknown address takes the
/// same steps as a known one.
struct Candidate {
  base::Uuid tenant;
  std::optional<Credentials> credentials;

  /// Somebody with this address exists, can sign in and is allowed to.
  bool MaySignIn() const {
    return credentials && credentials->tenant_active && credentials->staff.active &&
           credentials->password_hash && !credentials->staff.email.empty();
  }
  std::optional<std::string> Hash() const {
    return MaySignIn() ? credentials->password_hash : std::nullopt;
  }
};

absl::StatusOr<Candidate> FindCandidate(const Deps& deps, const rpc::CallContext& ctx,
                                        const std::string& email, const std::string& account,
                                        absl::Time now) {
  using Entry = std::optional<DirectoryEntry>;
  CLOUDPOS_ASSIGN_OR_RETURN(
      const Entry entry,
      pg::Transact(*deps.pool, {.deadline = ctx.deadline()},
                   [&](pg::Tx& tx) -> absl::StatusOr<Entry> {
                     CLOUDPOS_RETURN_IF_ERROR(CheckMayTry(tx, account, now));
                     return SelectDirectory(tx, "email", email);
                   }));
  Candidate candidate{.tenant = entry ? entry->tenant : deps.ids->NewId(), .credentials = {}};
  const base::Uuid staff = entry ? entry->ref : deps.ids->NewId();
  CLOUDPOS_ASSIGN_OR_RETURN(
      candidate.credentials,
      pg::Transact(*deps.pool, {.tenant = candidate.tenant, .deadline = ctx.deadline()},
                   [&](pg::Tx& tx) { return SelectCredentials(tx, candidate.tenant, staff); }));
  return candidate;
}

std::optional<Actor> ActorBehind(const rpc::CallContext& ctx, const Candidate& candidate) {
  if (!candidate.credentials) return std::nullopt;
  return ActorOf(ctx, candidate.tenant, candidate.credentials->staff.staff_id);
}

}  // namespace

absl::Status AuthHandler::SignIn(rpc::CallContext& ctx, const v1::SignInRequest& request,
                                 v1::SignInResponse* response) {
  if (request.email().empty()) return base::Fail(FIELD_REQUIRED, "email", "is required");
  if (request.password().empty()) return base::Fail(FIELD_REQUIRED, "password", "is required");
  const absl::Time now = deps_.clock->Now();
  // What is no address is nobody's: it takes the same way to the same answer.
  const auto normalized = NormalizeEmail(request.email(), "email");
  const std::string email = normalized.ok() ? *normalized : "?";
  const std::string account = AccountHash(normalized.ok() ? *normalized : request.email());
  CLOUDPOS_ASSIGN_OR_RETURN(const Candidate candidate,
                            FindCandidate(deps_, ctx, email, account, now));
  CLOUDPOS_ASSIGN_OR_RETURN(
      const PasswordHasher::Verdict verdict,
      deps_.hasher->Verify(candidate.Hash(), request.password(), ctx.deadline()));
  const auto actor = ActorBehind(ctx, candidate);
  if (!verdict.matches) return RecordFailure(deps_, ctx, account, actor, now);

  const std::string user_agent = UserAgentOf(ctx);
  const pg::TxOptions options{.tenant = candidate.tenant, .deadline = ctx.deadline()};
  CLOUDPOS_ASSIGN_OR_RETURN(
      const Tokens tokens,
      pg::Transact(*deps_.pool, options, [&](pg::Tx& tx) -> absl::StatusOr<Tokens> {
        // Others may have failed, locked or changed the account while we were hashing.
        CLOUDPOS_RETURN_IF_ERROR(CheckMayTry(tx, account, now));
        const Credentials& seen = *candidate.credentials;
        CLOUDPOS_ASSIGN_OR_RETURN(
            const auto current, SelectCredentials(tx, candidate.tenant, seen.staff.staff_id));
        if (!current || !current->tenant_active || !current->staff.active ||
            current->password_hash != seen.password_hash) {
          return InvalidCredentials();
        }
        if (verdict.rehashed) {
          CLOUDPOS_RETURN_IF_ERROR(ReplaceHash(tx, candidate.tenant, seen.staff.staff_id,
                                               *seen.password_hash, *verdict.rehashed));
        }
        CLOUDPOS_RETURN_IF_ERROR(DeleteLoginFailures(tx, account));
        return OpenSession(tx, deps_, *actor, current->staff, user_agent, now);
      }));
  static auto& succeeded = metrics::Counter("cloudpos_auth_signins_total", "Sessions opened.");
  succeeded.Increment();
  Ring(deps_);
  ctx.Note("session", tokens.session.ToString());
  FillTokens(tokens, request.refresh_delivery() == v1::BODY, response);
  response->set_password_change_required(tokens.password_change_required);
  return absl::OkStatus();
}

absl::Status AuthHandler::ChangePassword(rpc::CallContext& ctx,
                                         const v1::ChangePasswordRequest& request,
                                         v1::ChangePasswordResponse*) {
  if (request.current_password().empty()) {
    return base::Fail(FIELD_REQUIRED, "currentPassword", "is required");
  }
  if (request.new_password().empty()) {
    return base::Fail(FIELD_REQUIRED, "newPassword", "is required");
  }
  const absl::Time now = deps_.clock->Now();
  const Actor actor = ActorOf(ctx);
  using Found = std::optional<Credentials>;
  CLOUDPOS_ASSIGN_OR_RETURN(
      const Found found, pg::Transact(*deps_.pool, TxFor(ctx), [&](pg::Tx& tx) {
        return SelectCredentials(tx, ctx.tenant(), ctx.subject());
      }));
  if (!found || !found->password_hash) return InvalidCredentials();
  const std::string& email = found->staff.email;
  const std::string account = AccountHash(email);
  CLOUDPOS_RETURN_IF_ERROR(pg::TransactRaw(
      *deps_.pool, TxFor(ctx), [&](pg::Tx& tx) { return CheckMayTry(tx, account, now); }));
  CLOUDPOS_ASSIGN_OR_RETURN(const PasswordHasher::Verdict verdict,
                            deps_.hasher->Verify(found->password_hash, request.current_password(),
                                                 ctx.deadline()));
  if (!verdict.matches) return RecordFailure(deps_, ctx, account, actor, now);
  CLOUDPOS_RETURN_IF_ERROR(CheckPassword(request.new_password(), email, "newPassword"));
  if (request.new_password() == request.current_password()) {
    return base::Fail(WEAK_PASSWORD, "newPassword", "must differ from the current one");
  }
  CLOUDPOS_ASSIGN_OR_RETURN(const std::string hash,
                            deps_.hasher->Hash(request.new_password(), ctx.deadline()));
  CLOUDPOS_RETURN_IF_ERROR(
      pg::TransactRaw(*deps_.pool, TxFor(ctx), [&](pg::Tx& tx) -> absl::Status {
        CLOUDPOS_ASSIGN_OR_RETURN(const auto current,
                                  SelectCredentials(tx, ctx.tenant(), ctx.subject()));
        if (!current || current->password_hash != found->password_hash) {
          return InvalidCredentials();
        }
        CLOUDPOS_RETURN_IF_ERROR(
            UpdatePassword(tx, ctx.tenant(), ctx.subject(), hash, false, now));
        CLOUDPOS_RETURN_IF_ERROR(DeleteLoginFailures(tx, account));
        CLOUDPOS_RETURN_IF_ERROR(EndSessions(tx,
                                             {.tenant = ctx.tenant(),
                                              .staff = ctx.subject(),
                                              .only = std::nullopt,
                                              .except = ctx.claims().session,
                                              .reason = "password changed"},
                                             now)
                                     .status());
        return RecordAudit(tx, *deps_.ids, actor,
                           {.action = "password.change",
                            .subject_type = "staff",
                            .subject_id = ctx.subject().ToString(),
                            .store = std::nullopt},
                           now);
      }));
  Ring(deps_);
  deps_.identity->Poke();
  return absl::OkStatus();
}

}  // namespace cloudpos::auth
