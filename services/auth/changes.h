#pragma once

// What every change leaves behind in its own transaction: an audit row, and events for others.

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "google/protobuf/message.h"
#include "libs/base/ids.h"
#include "libs/pg/pg.h"
#include "libs/rpc/server.h"

namespace cloudpos::auth {

/// Who makes a change, from where.
struct Actor {
  base::Uuid tenant;
  std::optional<base::Uuid> staff;  // nullopt: the installation itself
  std::optional<base::Uuid> session;
  std::string client_ip;
  std::string request_id;
  std::string traceparent;
};
/// The caller, in its own tenant.
Actor ActorOf(const rpc::CallContext& ctx);
/// Somebody in `tenant`, for calls that bring no token.
Actor ActorOf(const rpc::CallContext& ctx, const base::Uuid& tenant,
              const std::optional<base::Uuid>& staff);

/// What was done to what. Before and after are API messages without secrets; null = did not exist.
struct Change {
  std::string_view action;
  std::string_view subject_type;
  std::string subject_id;
  std::optional<base::Uuid> store;
  const google::protobuf::Message* before = nullptr;
  const google::protobuf::Message* after = nullptr;
};

/// Writes the audit row and tells the feed that there is one.
absl::Status RecordAudit(pg::Tx& tx, base::IdSource& ids, const Actor& actor, const Change& change,
                         absl::Time now);

/// Writes an event of the actor's tenant.
absl::Status RecordEvent(pg::Tx& tx, base::IdSource& ids, const Actor& actor,
                         std::string_view aggregate_type, const base::Uuid& aggregate_id,
                         const google::protobuf::Message& event);

}  // namespace cloudpos::auth
