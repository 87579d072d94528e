#pragma once

// The audit row of a change, on its way to auth.

#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "libs/events/events.h"
#include "libs/rpc/server.h"

namespace cloudpos::transaction {

/// What was done to what.
struct AuditedChange {
  std::string_view action;  // "tax.put"
  std::string_view subject_type;
  std::string subject_id;
  std::string store_id{};
  std::string before_json{};
  std::string after_json{};
};

/// To be appended in the change's own transaction.
events::NewEvent AuditEvent(const rpc::CallContext& ctx, const base::Uuid& audit_id, absl::Time now,
                            const AuditedChange& change);

}  // namespace cloudpos::transaction
