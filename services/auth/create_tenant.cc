// A further tenant, made by the operator of the installation.

#include "libs/base/status_macros.h"
#include "services/auth/bootstrap.h"
#include "services/auth/identity_handler.h"
#include "services/auth/store_organisation.h"
#include "services/auth/store_sessions.h"
#include "services/auth/tenants.h"

namespace cloudpos::auth {
namespace {

using namespace common::v1;  // error codes
using Entry = std::optional<DirectoryEntry>;

/// The administrator when slug and address are those of one founding; nullopt when both are free.
absl::StatusOr<Entry> FindFounder(pg::Pool& pool, const pg::TxOptions& options,
                                  const Founding& founding) {
  return pg::Transact(pool, options, [&](pg::Tx& tx) -> absl::StatusOr<Entry> {
    CLOUDPOS_ASSIGN_OR_RETURN(const TakenNames taken,
                              SelectTakenNames(tx, founding.tenant_slug, founding.email));
    if (taken.slug && taken.email && taken.slug->tenant == taken.email->tenant) return taken.email;
    if (taken.slug) return base::Fail(ALREADY_EXISTS, "slug", "is another tenant's");
    if (taken.email) return base::Fail(EMAIL_TAKEN, "email", "is another person's");
    return Entry();
  });
}

bool IsTaken(const absl::Status& status) {
  const ErrorCode code = base::CodeOf(status);
  return code == ALREADY_EXISTS || code == EMAIL_TAKEN;
}

}  // namespace

absl::Status OperatorHandler::CreateTenant(rpc::CallContext& ctx,
                                           const v1::CreateTenantRequest& request,
                                           v1::CreateTenantResponse* response) {
  Founding founding{.tenant_name = request.name(),
                    .tenant_slug = request.slug(),
                    .email = request.email(),
                    .password = request.password(),
                    .display_name = request.display_name()};
  CLOUDPOS_RETURN_IF_ERROR(CheckFounding(founding, {.tenant_name = "name", .tenant_slug = "slug"}));
  const pg::TxOptions no_tenant{.deadline = ctx.deadline()};
  CLOUDPOS_ASSIGN_OR_RETURN(Entry found, FindFounder(*deps_.pool, no_tenant, founding));
  if (!found) {
    CLOUDPOS_ASSIGN_OR_RETURN(const std::string hash,
                              deps_.hasher->Hash(founding.password, ctx.deadline()));
    const StaffMember founder = FounderOf(deps_, founding, deps_.clock->Now());
    const Actor actor = ActorOf(ctx, founder.tenant_id, std::nullopt);
    const absl::Status made = pg::TransactRaw(
        *deps_.pool, {.tenant = founder.tenant_id, .deadline = ctx.deadline()}, [&](pg::Tx& tx) {
          CLOUDPOS_RETURN_IF_ERROR(
              InsertBootstrap(tx, founder.tenant_id, founder.staff_id, founder.created_at)
                  .status());
          return Found(tx, deps_, actor, founding, founder, hash, "staff.create");
        });
    // Two calls at once: the loser finds what the winner made.
    if (!made.ok() && !IsTaken(made)) return made;
    found = DirectoryEntry{.tenant = founder.tenant_id, .ref = founder.staff_id};
    if (!made.ok()) {
      CLOUDPOS_ASSIGN_OR_RETURN(found, FindFounder(*deps_.pool, no_tenant, founding));
    }
    if (!found) return base::Fail(CONFLICT, "The names were taken and given up at once.");
    Ring(deps_);
    WatchBootstrap(deps_).IgnoreError();
  } else {
    ctx.SetReplayed();
  }
  response->set_tenant_id(found->tenant.ToString());
  response->set_staff_id(found->ref.ToString());
  return absl::OkStatus();
}

}  // namespace cloudpos::auth
