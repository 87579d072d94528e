#pragma once

// cloudpos.auth.v1.AuditService: reading the audit log; and collecting other services' rows.

#include <vector>

#include "cloudpos/auth/v1/audit.pb.h"
#include "services/auth/context.h"

namespace cloudpos::auth {

class AuditHandler {
 public:
  explicit AuditHandler(const Deps& deps) : deps_(deps) {}
  rpc::MethodTable Methods();

  absl::Status ListAuditEvents(rpc::CallContext& ctx, const v1::ListAuditEventsRequest& request,
                               v1::ListAuditEventsResponse* response);

 private:
  const Deps& deps_;
};

/// Stores AuditRecorded events of another service; repeats change nothing.
absl::Status CollectAudit(pg::Tx& tx, const std::vector<common::v1::Event>& events,
                          absl::Time recorded_at);

}  // namespace cloudpos::auth
