#include "services/auth/login_guard.h"

#include "libs/base/encoding.h"
#include "libs/base/status_macros.h"
#include "libs/metrics/metrics.h"
#include "services/auth/store_sessions.h"

namespace cloudpos::auth {

std::string AccountHash(std::string_view email) {
  return base::Sha256("signin:" + std::string(email));
}

absl::Status InvalidCredentials() {
  return base::Fail(common::v1::INVALID_CREDENTIALS, "E-mail address or password is wrong.");
}

absl::Status CheckMayTry(pg::Tx& tx, const std::string& account, absl::Time now) {
  CLOUDPOS_ASSIGN_OR_RETURN(const LoginFailures failures, SelectLoginFailures(tx, account));
  const auto wait = WaitBeforeLogin(failures, now);
  if (!wait) return absl::OkStatus();
  const int64_t seconds = absl::ToInt64Seconds(absl::Ceil(*wait, absl::Seconds(1)));
  return base::Fail({.code = common::v1::ACCOUNT_LOCKED,
                     .detail = "Too many failed sign-ins; wait " + std::to_string(seconds) + " s.",
                     .fields = {},
                     .hint = "An administrator can unlock the account.",
                     .data = {},
                     .retry_after = std::chrono::seconds(seconds)});
}

absl::Status RecordFailure(const Deps& deps, const rpc::CallContext& ctx,
                           const std::string& account, const std::optional<Actor>& person,
                           absl::Time now) {
  static auto& failed = metrics::Counter("cloudpos_auth_signin_failures_total",
                                         "Passwords that were refused.");
  failed.Increment();
  const base::Uuid tenant = person ? person->tenant : base::Uuid();
  const absl::Status status = pg::TransactRaw(
      *deps.pool, {.tenant = tenant, .deadline = ctx.deadline()}, [&](pg::Tx& tx) -> absl::Status {
        CLOUDPOS_ASSIGN_OR_RETURN(const LoginFailures before,
                                  SelectLoginFailuresForUpdate(tx, account));
        const LoginFailures after = AfterFailure(before, deps.rules.lockout, now);
        CLOUDPOS_RETURN_IF_ERROR(UpsertLoginFailures(tx, account, after));
        if (!person) return absl::OkStatus();
        return RecordAudit(tx, *deps.ids, *person,
                           {.action = after.locked_until > now ? "signin.lock" : "signin.fail",
                            .subject_type = "staff",
                            .subject_id = person->staff->ToString(),
                            .store = std::nullopt},
                           now);
      });
  if (!status.ok()) return status;
  Ring(deps);
  return InvalidCredentials();
}

}  // namespace cloudpos::auth
