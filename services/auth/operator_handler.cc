// The tenant of ./pos replay.

#include "libs/base/status_macros.h"
#include "libs/base/timestamp.h"
#include "services/auth/changes.h"
#include "services/auth/convert.h"
#include "services/auth/identity_handler.h"
#include "services/auth/store_organisation.h"
#include "services/auth/store_staff.h"
#include "services/auth/tenants.h"

namespace cloudpos::auth {
namespace {

/// Everything has the same id on every machine, so that a second call finds what the first made.
base::Uuid IdOf(std::string_view thing) { return base::DeriveUuidV5(ReplayTenantId(), thing); }

Store ReplayStore(absl::Time now) {
  Store store;
  store.tenant_id = ReplayTenantId();
  store.store_id = IdOf("store");
  store.code = "S1";
  store.name = "Replay";
  store.time_zone = "Europe/London";
  store.currency_code = "GBP";
  store.created_at = now;
  store.updated_at = now;
  return store;
}

Register ReplayRegister(absl::Time now) {
  return {.tenant_id = ReplayTenantId(),
          .store_id = IdOf("store"),
          .register_id = IdOf("register"),
          .version = 1,
          .code = "R1",
          .name = "Replay",
          .active = true,
          .created_at = now,
          .updated_at = now};
}

StaffMember ReplayOperator(absl::Time now) {
  StaffMember staff;
  staff.tenant_id = ReplayTenantId();
  staff.staff_id = IdOf("operator");
  staff.display_name = "Replay";
  staff.created_at = now;
  staff.updated_at = now;
  return staff;
}

absl::Status Create(pg::Tx& tx, const Deps& deps, const Actor& actor, absl::Time now) {
  CLOUDPOS_RETURN_IF_ERROR(CreateTenant(tx, deps, actor,
                                        {.tenant_id = ReplayTenantId(),
                                         .version = 1,
                                         .name = "Replay",
                                         .slug = std::string(kReplaySlug),
                                         .active = true,
                                         .created_at = now,
                                         .updated_at = now}));
  const Store store = ReplayStore(now);
  CLOUDPOS_RETURN_IF_ERROR(InsertStore(tx, store, "").status());
  CLOUDPOS_RETURN_IF_ERROR(
      RecordEvent(tx, *deps.ids, actor, "store", store.store_id, ToEvent(store)));
  const Register reg = ReplayRegister(now);
  CLOUDPOS_RETURN_IF_ERROR(InsertRegister(tx, reg, "").status());
  CLOUDPOS_RETURN_IF_ERROR(
      RecordEvent(tx, *deps.ids, actor, "register", reg.register_id, ToEvent(reg)));
  return InsertStaff(tx, ReplayOperator(now), std::nullopt, "").status();
}

}  // namespace

rpc::MethodTable OperatorHandler::Methods() {
  rpc::MethodTable table("cloudpos.auth.v1.OperatorService");
  table.Unary("ProvisionReplayTenant", this, &OperatorHandler::ProvisionReplayTenant)
      .Unary("CreateTenant", this, &OperatorHandler::CreateTenant);
  return table;
}

absl::Status OperatorHandler::ProvisionReplayTenant(rpc::CallContext& ctx,
                                                    const v1::ProvisionReplayTenantRequest&,
                                                    v1::ProvisionReplayTenantResponse* response) {
  const absl::Time now = deps_.clock->Now();
  const base::Uuid tenant = ReplayTenantId();
  const Actor actor = ActorOf(ctx, tenant, std::nullopt);
  const pg::TxOptions options{.tenant = tenant, .deadline = ctx.deadline()};
  const auto provision = [&] {
    return pg::TransactRaw(*deps_.pool, options, [&](pg::Tx& tx) -> absl::Status {
      CLOUDPOS_ASSIGN_OR_RETURN(const auto found, SelectTenant(tx, tenant));
      if (!found) CLOUDPOS_RETURN_IF_ERROR(Create(tx, deps_, actor, now));
      return RecordAudit(tx, *deps_.ids, actor,
                         {.action = "replay.token",
                          .subject_type = "tenant",
                          .subject_id = tenant.ToString(),
                          .store = std::nullopt},
                         now);
    });
  };
  absl::Status status = provision();
  // Two first calls at once: the loser meets the winner's rows, and finds them the second time.
  if (!pg::ConstraintOf(status).empty()) status = provision();
  if (!status.ok()) return status;
  Ring(deps_);

  token::Claims claims;
  claims.tenant = tenant;
  claims.subject = IdOf("operator");
  claims.session = IdOf("session");
  claims.grants = {{.stores = {}, .permissions = ReplayPermissions()}};
  claims.issued_at = now;
  claims.expires_at = now + token::kTokenLifeMax;
  response->set_tenant_id(tenant.ToString());
  response->set_store_id(IdOf("store").ToString());
  response->set_register_id(IdOf("register").ToString());
  response->set_access_token(deps_.signer->Sign(claims));
  base::SetTime(claims.expires_at, response->mutable_expires_at());
  return absl::OkStatus();
}

}  // namespace cloudpos::auth
