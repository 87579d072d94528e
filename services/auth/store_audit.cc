#include "services/auth/store_audit.h"

#include "libs/base/status_macros.h"
#include "services/auth/convert.h"

namespace cloudpos::auth {
namespace {

/// NULL for an empty text.
std::optional<std::string> OrNull(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return text;
}


constexpr pg::Query kInsertAudit{"insert_audit", R"sql(
  INSERT INTO auth.audit_events (tenant_id, audit_id, occurred_at, recorded_at, service, action,
    actor_id, session_id, subject_type, subject_id, store_id, client_ip, before, after, request_id)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
  ON CONFLICT (tenant_id, audit_id) DO NOTHING)sql"};

constexpr pg::Query kSelectAudit{"select_audit", R"sql(
  SELECT a.audit_id, a.occurred_at, a.recorded_at, a.service, a.action, a.actor_id, a.session_id,
    a.subject_type, a.subject_id, a.store_id, a.client_ip, a.before::text AS before,
    a.after::text AS after, a.request_id, coalesce(s.display_name, '') AS actor_name
  FROM auth.audit_events a
  LEFT JOIN auth.staff s ON s.tenant_id = a.tenant_id AND s.staff_id = a.actor_id
  WHERE a.tenant_id = $1
    AND ($2::uuid IS NULL OR a.actor_id = $2)
    AND ($3::text IS NULL OR a.subject_type = $3)
    AND ($4::text IS NULL OR a.subject_id = $4)
    AND ($5::text IS NULL OR a.action = $5)
    AND ($6::timestamptz IS NULL OR a.occurred_at >= $6)
    AND ($7::timestamptz IS NULL OR a.occurred_at < $7)
    AND ($8::timestamptz IS NULL OR (a.occurred_at, a.audit_id) < ($8, $9::uuid))
  ORDER BY a.occurred_at DESC, a.audit_id DESC
  LIMIT $10)sql"};

template <typename T>
std::string TextOf(const pg::Row& row, std::string_view column) {
  const auto value = row.Get<std::optional<T>>(column);
  if (!value) return {};
  if constexpr (std::is_same_v<T, std::string>) {
    return *value;
  } else {
    return value->ToString();
  }
}

AuditRow ToRow(const pg::Row& row) {
  AuditRow audit;
  audit.event.set_audit_id(row.Get<base::Uuid>("audit_id").ToString());
  audit.event.set_service(row.Get<std::string>("service"));
  audit.event.set_action(row.Get<std::string>("action"));
  audit.event.set_actor_id(TextOf<base::Uuid>(row, "actor_id"));
  audit.event.set_session_id(TextOf<base::Uuid>(row, "session_id"));
  audit.event.set_subject_type(row.Get<std::string>("subject_type"));
  audit.event.set_subject_id(row.Get<std::string>("subject_id"));
  audit.event.set_store_id(TextOf<base::Uuid>(row, "store_id"));
  audit.event.set_client_ip(row.Get<std::string>("client_ip"));
  audit.event.set_before_json(TextOf<std::string>(row, "before"));
  audit.event.set_after_json(TextOf<std::string>(row, "after"));
  audit.event.set_request_id(row.Get<std::string>("request_id"));
  audit.occurred_at = row.Get<absl::Time>("occurred_at");
  audit.recorded_at = row.Get<absl::Time>("recorded_at");
  audit.actor_name = row.Get<std::string>("actor_name");
  return audit;
}

}  // namespace

absl::Status InsertAudit(pg::Tx& tx, const v1::AuditRecorded& row, absl::Time recorded_at) {
  return tx
      .Exec(kInsertAudit, row.tenant_id(), row.audit_id(), ToTime(row.occurred_at()), recorded_at,
            row.service(), row.action(), OrNull(row.actor_id()), OrNull(row.session_id()),
            row.subject_type(), row.subject_id(), OrNull(row.store_id()), row.client_ip(),
            OrNull(row.before_json()), OrNull(row.after_json()), row.request_id())
      .status();
}

absl::StatusOr<std::vector<AuditRow>> SelectAudit(pg::Pool& pool, const pg::CallOptions& options,
                                                  const AuditFilter& filter,
                                                  const std::optional<AuditPosition>& after,
                                                  int limit) {
  std::optional<absl::Time> after_time;
  std::optional<base::Uuid> after_id;
  if (after) {
    after_time = after->occurred_at;
    after_id = after->audit_id;
  }
  CLOUDPOS_ASSIGN_OR_RETURN(
      const pg::Result rows,
      pool.Exec(options, kSelectAudit, options.tenant, filter.actor, filter.subject_type,
                filter.subject_id, filter.action, filter.from, filter.to, after_time, after_id,
                limit));
  std::vector<AuditRow> list;
  for (const pg::Row row : rows) list.push_back(ToRow(row));
  return list;
}

}  // namespace cloudpos::auth
