#include "services/auth/changes.h"

#include "cloudpos/auth/v1/events.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/timestamp.h"
#include "libs/events/audit.h"
#include "libs/events/events.h"
#include "services/auth/convert.h"
#include "services/auth/store_audit.h"

namespace cloudpos::auth {
namespace {

std::string JsonOf(const google::protobuf::Message* state) {
  return state == nullptr ? "" : events::AuditJson(*state);
}

std::string TextOf(const std::optional<base::Uuid>& id) { return id ? id->ToString() : ""; }

}  // namespace

Actor ActorOf(const rpc::CallContext& ctx) {
  Actor actor = ActorOf(ctx, ctx.tenant(), ctx.subject());
  actor.session = ctx.claims().session;
  return actor;
}

Actor ActorOf(const rpc::CallContext& ctx, const base::Uuid& tenant,
              const std::optional<base::Uuid>& staff) {
  return {.tenant = tenant,
          .staff = staff,
          .session = std::nullopt,
          .client_ip = ctx.client_ip(),
          .request_id = ctx.request_id(),
          .traceparent = ctx.traceparent()};
}

absl::Status RecordAudit(pg::Tx& tx, base::IdSource& ids, const Actor& actor, const Change& change,
                         absl::Time now) {
  const base::Uuid audit_id = ids.NewId();
  v1::AuditRecorded row;
  row.set_tenant_id(actor.tenant.ToString());
  row.set_audit_id(audit_id.ToString());
  base::SetTime(now, row.mutable_occurred_at());
  row.set_service("auth");
  row.set_action(std::string(change.action));
  row.set_actor_id(TextOf(actor.staff));
  row.set_session_id(TextOf(actor.session));
  row.set_subject_type(std::string(change.subject_type));
  row.set_subject_id(change.subject_id);
  row.set_store_id(TextOf(change.store));
  row.set_client_ip(actor.client_ip);
  row.set_before_json(JsonOf(change.before));
  row.set_after_json(JsonOf(change.after));
  row.set_request_id(actor.request_id);
  CLOUDPOS_RETURN_IF_ERROR(InsertAudit(tx, row, now));
  // What others learn of it is that it happened: addresses and names of people stay here.
  row.clear_client_ip();
  row.clear_before_json();
  row.clear_after_json();
  return RecordEvent(tx, ids, actor, "audit", audit_id, row);
}

absl::Status RecordEvent(pg::Tx& tx, base::IdSource& ids, const Actor& actor,
                         std::string_view aggregate_type, const base::Uuid& aggregate_id,
                         const google::protobuf::Message& event) {
  return events::Append(tx,
                        events::MakeEvent(ids.NewId(), actor.tenant, std::string(aggregate_type),
                                          aggregate_id.ToString(), event, actor.traceparent));
}

}  // namespace cloudpos::auth
