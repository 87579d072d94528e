#include "services/transaction/audit.h"

#include "cloudpos/auth/v1/events.pb.h"

namespace cloudpos::transaction {

events::NewEvent AuditEvent(const rpc::CallContext& ctx, const base::Uuid& audit_id, absl::Time now,
                            const AuditedChange& change) {
  auth::v1::AuditRecorded audit;
  audit.set_tenant_id(ctx.tenant().ToString());
  audit.set_audit_id(audit_id.ToString());
  audit.mutable_occurred_at()->set_seconds(absl::ToUnixSeconds(now));
  audit.set_service("transaction");
  audit.set_action(std::string(change.action));
  audit.set_actor_id(ctx.subject().ToString());
  audit.set_session_id(ctx.claims().session.ToString());
  audit.set_subject_type(std::string(change.subject_type));
  audit.set_subject_id(change.subject_id);
  audit.set_store_id(change.store_id);
  audit.set_client_ip(ctx.client_ip());
  audit.set_before_json(change.before_json);
  audit.set_after_json(change.after_json);
  audit.set_request_id(ctx.request_id());
  return events::MakeEvent(audit_id, ctx.tenant(), "audit", audit_id.ToString(), audit,
                           ctx.traceparent());
}

}  // namespace cloudpos::transaction
