#pragma once

// The audit log in PostgreSQL: rows are added and read, never changed.

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cloudpos/auth/v1/events.pb.h"
#include "libs/pg/pg.h"

namespace cloudpos::auth {

/// Adds a row; a row with the same id stays as it is.
absl::Status InsertAudit(pg::Tx& tx, const v1::AuditRecorded& row, absl::Time recorded_at);

struct AuditFilter {
  std::optional<base::Uuid> actor;
  std::optional<std::string> subject_type;
  std::optional<std::string> subject_id;
  std::optional<std::string> action;
  std::optional<absl::Time> from;
  std::optional<absl::Time> to;
};

struct AuditPosition {
  absl::Time occurred_at;
  base::Uuid audit_id;
};

struct AuditRow {
  v1::AuditRecorded event;
  absl::Time occurred_at;
  absl::Time recorded_at;
  std::string actor_name;
};

/// Newest first, before `after` when given.
absl::StatusOr<std::vector<AuditRow>> SelectAudit(pg::Pool& pool, const pg::CallOptions& options,
                                                  const AuditFilter& filter,
                                                  const std::optional<AuditPosition>& after,
                                                  int limit);

}  // namespace cloudpos::auth
