// The producer's writing half: the rows of the log.

#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/events/events.h"

namespace cloudpos::events_sql {
const std::vector<pg::Migration>& Migrations();  // generated from migrations/
}

namespace cloudpos::events {
namespace {

constexpr pg::Query kInsertEvent{"events_insert_event", R"sql(
  INSERT INTO outbox (event_id, tenant_id, aggregate_type, aggregate_id, event_type, payload,
                      traceparent)
  VALUES ($1, $2, $3, $4, $5, $6, $7))sql"};

constexpr pg::Query kInsertEvents{"events_insert_events", R"sql(
  INSERT INTO outbox (event_id, tenant_id, aggregate_type, aggregate_id, event_type, payload,
                      traceparent)
  SELECT e.event_id, e.tenant_id, e.aggregate_type, e.aggregate_id, e.event_type, e.payload,
         e.traceparent
  FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::text[])
       WITH ORDINALITY AS e (event_id, tenant_id, aggregate_type, aggregate_id, event_type, payload,
                             traceparent, place)
  ORDER BY e.place)sql"};

}  // namespace

const pg::MigrationSet& Migrations() {
  static const pg::MigrationSet set{"events", &events_sql::Migrations()};
  return set;
}

NewEvent MakeEvent(const base::Uuid& event_id, const base::Uuid& tenant, std::string aggregate_type,
                   std::string aggregate_id, const google::protobuf::Message& payload,
                   std::string traceparent) {
  return {.event_id = event_id,
          .tenant = tenant,
          .aggregate_type = std::move(aggregate_type),
          .aggregate_id = std::move(aggregate_id),
          .event_type = payload.GetTypeName(),
          .payload = payload.SerializeAsString(),
          .traceparent = std::move(traceparent)};
}

int ShardOf(const base::Uuid& tenant) { return tenant.bytes()[15] & 63; }

absl::Status Append(pg::Tx& tx, const NewEvent& event) {
  return tx
      .Exec(kInsertEvent, event.event_id, event.tenant, event.aggregate_type, event.aggregate_id,
            event.event_type, pg::Bytes{event.payload}, event.traceparent)
      .status();
}

absl::Status AppendAll(pg::Tx& tx, const std::vector<NewEvent>& events) {
  if (events.empty()) return absl::OkStatus();
  std::vector<base::Uuid> ids, tenants;
  std::vector<std::string> aggregate_types, aggregate_ids, event_types, traceparents;
  std::vector<pg::Bytes> payloads;
  for (const NewEvent& event : events) {
    ids.push_back(event.event_id);
    tenants.push_back(event.tenant);
    aggregate_types.push_back(event.aggregate_type);
    aggregate_ids.push_back(event.aggregate_id);
    event_types.push_back(event.event_type);
    payloads.push_back({event.payload});
    traceparents.push_back(event.traceparent);
  }
  return tx
      .Exec(kInsertEvents, ids, tenants, aggregate_types, aggregate_ids, event_types, payloads,
            traceparents)
      .status();
}

}  // namespace cloudpos::events
