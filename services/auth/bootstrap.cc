#include "services/auth/bootstrap.h"

#include <filesystem>
#include <fstream>

#include "libs/base/clock.h"
#include "libs/base/encoding.h"
#include "libs/base/status_macros.h"
#include "libs/log/log.h"
#include "services/auth/auth_handler.h"
#include "services/auth/store_sessions.h"
#include "services/auth/tenants.h"

namespace cloudpos::auth {
namespace {

using namespace common::v1;  // error codes

absl::Status Closed() {
  return base::Fail(BOOTSTRAP_CLOSED, "The secret is wrong, used or older than a day.");
}

std::string SecretHash(const std::string& secret) { return base::Sha256("bootstrap:" + secret); }

/// Best effort: the database is the truth, and WatchBootstrap writes it at the next start.
void WriteMarker(const Deps& deps) {
  const std::filesystem::path marker = std::filesystem::path(deps.state_dir) / "bootstrapped";
  std::error_code error;
  if (deps.state_dir.empty() || std::filesystem::exists(marker, error)) return;
  std::ofstream file(marker);
  file << base::FormatTime(deps.clock->Now()) << "\n";
  if (!file.flush()) log::Warn("marker cannot be written", {{"file", marker.string()}});
}

absl::Status CheckOpen(pg::Tx& tx, const Deps& deps, absl::Time now) {
  CLOUDPOS_ASSIGN_OR_RETURN(const bool is_done, IsBootstrapped(tx));
  if (is_done) return Closed();
  CLOUDPOS_ASSIGN_OR_RETURN(const absl::Time first_seen,
                            FirstSeen(tx, SecretHash(deps.bootstrap_secret), now));
  if (now - first_seen > deps.rules.bootstrap_life) return Closed();
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<bool> WatchBootstrap(const Deps& deps) {
  const absl::Time now = deps.clock->Now();
  CLOUDPOS_ASSIGN_OR_RETURN(
      const bool is_done, pg::Transact(*deps.pool, {}, [&](pg::Tx& tx) -> absl::StatusOr<bool> {
        CLOUDPOS_ASSIGN_OR_RETURN(const bool done, IsBootstrapped(tx));
        if (done || deps.bootstrap_secret.empty()) return done;
        CLOUDPOS_RETURN_IF_ERROR(FirstSeen(tx, SecretHash(deps.bootstrap_secret), now).status());
        return false;
      }));
  if (is_done) WriteMarker(deps);
  return is_done;
}

absl::Status AuthHandler::BootstrapAdmin(rpc::CallContext& ctx,
                                         const v1::BootstrapAdminRequest& request,
                                         v1::BootstrapAdminResponse* response) {
  const bool is_right =
      !deps_.bootstrap_secret.empty() &&
      base::ConstantTimeEqual(SecretHash(request.secret()), SecretHash(deps_.bootstrap_secret));
  if (!is_right) return Closed();
  const absl::Time now = deps_.clock->Now();
  CLOUDPOS_RETURN_IF_ERROR(pg::TransactRaw(*deps_.pool, {.deadline = ctx.deadline()},
                                           [&](pg::Tx& tx) { return CheckOpen(tx, deps_, now); }));
  Founding founding{.tenant_name = request.tenant_name(),
                    .tenant_slug = request.tenant_slug(),
                    .email = request.email(),
                    .password = request.password(),
                    .display_name = request.display_name()};
  CLOUDPOS_RETURN_IF_ERROR(
      CheckFounding(founding, {.tenant_name = "tenantName", .tenant_slug = "tenantSlug"}));
  CLOUDPOS_ASSIGN_OR_RETURN(const std::string hash,
                            deps_.hasher->Hash(request.password(), ctx.deadline()));
  const StaffMember staff = FounderOf(deps_, founding, now);
  const Actor actor = ActorOf(ctx, staff.tenant_id, staff.staff_id);
  const std::string user_agent = UserAgentOf(ctx);
  const pg::TxOptions options{.tenant = staff.tenant_id, .deadline = ctx.deadline()};
  CLOUDPOS_ASSIGN_OR_RETURN(
      const Tokens tokens,
      pg::Transact(*deps_.pool, options, [&](pg::Tx& tx) -> absl::StatusOr<Tokens> {
        CLOUDPOS_ASSIGN_OR_RETURN(const bool is_first,
                                  InsertBootstrap(tx, staff.tenant_id, staff.staff_id, now));
        if (!is_first) return Closed();
        CLOUDPOS_RETURN_IF_ERROR(Found(tx, deps_, actor, founding, staff, hash, "bootstrap"));
        return OpenSession(tx, deps_, actor, staff, user_agent, now);
      }));
  Ring(deps_);
  WriteMarker(deps_);
  FillTokens(tokens, request.refresh_delivery() == v1::BODY, response);
  return absl::OkStatus();
}

}  // namespace cloudpos::auth
