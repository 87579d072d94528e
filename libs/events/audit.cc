#include "libs/events/audit.h"

#include "cloudpos/auth/v1/events.pb.h"
#include "google/protobuf/util/json_util.h"
#include "libs/base/timestamp.h"

namespace cloudpos::events {

NewEvent AuditEvent(const rpc::CallContext& ctx, std::string_view service,
                    const base::Uuid& audit_id, absl::Time now, const AuditedChange& change) {
  auth::v1::AuditRecorded row;
  row.set_tenant_id(ctx.tenant().ToString());
  row.set_audit_id(audit_id.ToString());
  base::SetTime(now, row.mutable_occurred_at());
  row.set_service(std::string(service));
  row.set_action(std::string(change.action));
  row.set_actor_id(ctx.subject().ToString());
  row.set_session_id(ctx.claims().session.ToString());
  row.set_subject_type(std::string(change.subject_type));
  row.set_subject_id(change.subject_id);
  row.set_store_id(change.store_id);
  row.set_client_ip(ctx.client_ip());
  row.set_before_json(change.before_json);
  row.set_after_json(change.after_json);
  row.set_request_id(ctx.request_id());
  return MakeEvent(audit_id, ctx.tenant(), "audit", audit_id.ToString(), row, ctx.traceparent());
}

std::string AuditJson(const google::protobuf::Message& state) {
  std::string json;
  // A message of ours always has a JSON form; without it the row still says who and what.
  if (!google::protobuf::util::MessageToJsonString(state, &json).ok()) json.clear();
  return json;
}

}  // namespace cloudpos::events
