#pragma once

// The audit row of a change on its way to auth, where the rows of all services come together.

#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "google/protobuf/message.h"
#include "libs/base/ids.h"
#include "libs/events/events.h"
#include "libs/rpc/server.h"

namespace cloudpos::events {

/// What was done to what.
struct AuditedChange {
  std::string_view action;  // "tax.put"
  std::string_view subject_type;
  std::string subject_id;
  std::string store_id{};     // empty: of no store
  std::string before_json{};  // without secrets; empty: did not exist
  std::string after_json{};
};

/// The row as an event of `service`'s own outbox, to be appended in the change's transaction.
NewEvent AuditEvent(const rpc::CallContext& ctx, std::string_view service,
                    const base::Uuid& audit_id, absl::Time now, const AuditedChange& change);

/// A state as an audit row has it.
std::string AuditJson(const google::protobuf::Message& state);

}  // namespace cloudpos::events
