#include "services/auth/audit_handler.h"

#include "libs/base/clock.h"
#include "libs/base/encoding.h"
#include "libs/base/page.h"
#include "libs/base/status_macros.h"
#include "libs/base/timestamp.h"
#include "libs/events/payload.h"
#include "services/auth/convert.h"
#include "services/auth/store_audit.h"

namespace cloudpos::auth {
namespace {

using namespace common::v1;  // error codes

constexpr size_t kFilterTextMax = 200;

absl::StatusOr<std::optional<std::string>> ParseText(const std::string& text,
                                                     std::string_view field) {
  if (text.empty()) return std::optional<std::string>();
  if (text.size() > kFilterTextMax || !base::IsPrintableText(text)) {
    return base::Fail(INVALID_ARGUMENT, field, "must be printable text of at most 200 bytes");
  }
  return std::optional<std::string>(text);
}

absl::StatusOr<AuditFilter> ParseFilter(const v1::ListAuditEventsRequest& request) {
  AuditFilter filter;
  if (!request.actor_id().empty()) {
    CLOUDPOS_ASSIGN_OR_RETURN(filter.actor, base::Uuid::ParseField(request.actor_id(), "actorId"));
  }
  CLOUDPOS_ASSIGN_OR_RETURN(filter.subject_type, ParseText(request.subject_type(), "subjectType"));
  CLOUDPOS_ASSIGN_OR_RETURN(filter.subject_id, ParseText(request.subject_id(), "subjectId"));
  CLOUDPOS_ASSIGN_OR_RETURN(filter.action, ParseText(request.action(), "action"));
  if (request.has_from()) filter.from = ToTime(request.from());
  if (request.has_to()) filter.to = ToTime(request.to());
  if (filter.from && filter.to && *filter.to <= *filter.from) {
    return base::Fail(INVALID_ARGUMENT, "to", "must be later than from");
  }
  return filter;
}

/// A page token belongs to its filters.
std::string ListName(v1::ListAuditEventsRequest request) {
  request.clear_page_size();
  request.clear_page_token();
  return "audit " + base::Base64UrlEncode(base::Sha256(request.SerializeAsString()));
}

absl::StatusOr<std::optional<AuditPosition>> ParsePosition(const std::string& token,
                                                           const std::string& list) {
  CLOUDPOS_ASSIGN_OR_RETURN(const auto key, base::ParsePageToken(token, list, 2));
  if (key.empty()) return std::optional<AuditPosition>();
  const auto time = base::ParseTime(key[0], "pageToken");
  const auto id = base::Uuid::Parse(key[1]);
  if (!time.ok() || !id) {
    return base::Fail(INVALID_PAGE_TOKEN, "pageToken", "is not of this list");
  }
  return std::optional<AuditPosition>({.occurred_at = *time, .audit_id = *id});
}

void SetEvent(const AuditRow& row, v1::AuditEvent* out) {
  out->set_audit_id(row.event.audit_id());
  base::SetTime(row.occurred_at, out->mutable_occurred_at());
  base::SetTime(row.recorded_at, out->mutable_recorded_at());
  out->set_service(row.event.service());
  out->set_action(row.event.action());
  out->set_actor_id(row.event.actor_id());
  out->set_actor_name(row.actor_name);
  out->set_session_id(row.event.session_id());
  out->set_subject_type(row.event.subject_type());
  out->set_subject_id(row.event.subject_id());
  out->set_store_id(row.event.store_id());
  out->set_client_ip(row.event.client_ip());
  out->set_before_json(row.event.before_json());
  out->set_after_json(row.event.after_json());
  out->set_request_id(row.event.request_id());
}

}  // namespace

rpc::MethodTable AuditHandler::Methods() {
  rpc::MethodTable table("cloudpos.auth.v1.AuditService");
  table.Unary("ListAuditEvents", this, &AuditHandler::ListAuditEvents);
  return table;
}

absl::Status AuditHandler::ListAuditEvents(rpc::CallContext& ctx,
                                           const v1::ListAuditEventsRequest& request,
                                           v1::ListAuditEventsResponse* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const AuditFilter filter, ParseFilter(request));
  CLOUDPOS_ASSIGN_OR_RETURN(const int size, base::PageSize(request.page_size()));
  const std::string list = ListName(request);
  CLOUDPOS_ASSIGN_OR_RETURN(const auto after, ParsePosition(request.page_token(), list));
  CLOUDPOS_ASSIGN_OR_RETURN(auto rows,
                            SelectAudit(*deps_.pool, CallFor(ctx), filter, after, size + 1));
  const bool has_more = rows.size() > static_cast<size_t>(size);
  if (has_more) rows.pop_back();
  for (const AuditRow& row : rows) SetEvent(row, response->add_events());
  if (has_more) {
    const AuditRow& last = rows.back();
    response->set_next_page_token(
        base::MakePageToken(list, {base::FormatTime(last.occurred_at), last.event.audit_id()}));
  }
  return absl::OkStatus();
}

absl::Status CollectAudit(pg::Tx& tx, const std::vector<common::v1::Event>& events,
                          absl::Time recorded_at) {
  for (const common::v1::Event& event : events) {
    CLOUDPOS_ASSIGN_OR_RETURN(auto row, events::Payload<v1::AuditRecorded>(event));
    // The envelope says whose it is: a payload cannot put a row into another tenant's log.
    row.set_tenant_id(event.tenant_id());
    CLOUDPOS_RETURN_IF_ERROR(InsertAudit(tx, row, recorded_at));
  }
  return absl::OkStatus();
}

}  // namespace cloudpos::auth
