#include "libs/events/page.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/timestamp.h"
#include "libs/faults/faults.h"

namespace cloudpos::events {
namespace {

/// The seeded bug cursor_bare_sequence: in place of the rule of the horizon.
constexpr char kBareSequence[] = R"sql(
    (SELECT o.generation, o.txid, o.seq, o.event_id, o.tenant_id, o.shard, o.aggregate_type,
       o.aggregate_id, o.event_type, o.payload, o.traceparent, o.recorded_at
     FROM outbox o
     WHERE o.seq > $3 AND o.generation >= $1 AND $2::xid8 IS NOT NULL
       AND ($4::smallint[] IS NULL OR o.shard = ANY ($4))
     ORDER BY o.seq LIMIT $5) )sql";

constexpr pg::Query kSelectLogState{"events_select_log_state", R"sql(
  SELECT outbox_generation() AS generation, pg_snapshot_xmin(s)::text AS horizon,
         pg_snapshot_xmax(s)::text AS head, f.pruned_generation, f.pruned_txid::text AS pruned_txid,
         f.pruned_seq,
         (SELECT o.event_id FROM outbox o
          WHERE o.generation = $1 AND o.txid = $2::xid8 AND o.seq = $3 LIMIT 1) AS event_id
  FROM feed_generation f, pg_current_snapshot() AS s)sql"};

// Reads only: a snapshot's transaction may not raise the generation.
constexpr pg::Query kSelectSnapshotState{"events_select_snapshot_state", R"sql(
  SELECT f.generation, pg_snapshot_xmin(s)::text AS horizon
  FROM feed_generation f, pg_current_snapshot() AS s)sql"};

constexpr pg::Query kSelectPage{"events_select_page", R"sql(
  SELECT event_id, tenant_id, aggregate_type, aggregate_id, event_type, payload, traceparent,
         recorded_at, shard, generation, txid_text AS txid, seq, 1 AS weight
  FROM (
    SELECT p.event_id, p.tenant_id, p.aggregate_type, p.aggregate_id, p.event_type,
           coalesce(p.payload, '') AS payload, p.traceparent, p.recorded_at, p.shard, p.generation,
           p.txid, p.txid::text AS txid_text, p.seq,
           coalesce(sum(octet_length(p.payload)) OVER (
             ORDER BY p.generation, p.txid, p.seq
             ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS bytes_before
    FROM outbox_page($1, $2::xid8, $3, $4::smallint[], $5) AS p
  ) AS page
  WHERE bytes_before < $6::bigint
  ORDER BY generation, page.txid, seq)sql"};

// The last event before the first wanted one; none where the very next is wanted.
constexpr pg::Query kSelectUnwanted{"events_select_unwanted", R"sql(
  SELECT s.generation, s.txid::text AS txid, s.seq, s.event_id,
         s.wanted > 0 OR s.looked_at = $5 AS more
  FROM (
    SELECT p.generation, p.txid, p.seq, p.event_id,
           count(*) FILTER (WHERE p.event_type = ANY ($6::text[])) OVER (
             ORDER BY p.generation, p.txid, p.seq) AS wanted_by_now,
           count(*) FILTER (WHERE p.event_type = ANY ($6::text[])) OVER () AS wanted,
           count(*) OVER () AS looked_at
    FROM outbox_page($1, $2::xid8, $3, $4::smallint[], $5) AS p
  ) AS s
  WHERE s.wanted_by_now = 0
  ORDER BY s.generation DESC, s.txid DESC, s.seq DESC LIMIT 1)sql"};

constexpr int kSkipEvents = 10'000;

Cursor CursorOf(const pg::Row& row) {
  return {.at = {row.Get<int32_t>("generation"), ParseTxid(row.Get<std::string>("txid")),
                 row.Get<int64_t>("seq")},
          .tag = TagOf(row.Get<base::Uuid>("event_id"))};
}

bool IsWanted(const PageRequest& request, const std::string& type) {
  return request.types.empty() ||
         std::find(request.types.begin(), request.types.end(), type) != request.types.end();
}

Event EventOf(const pg::Row& row, const FeedOptions& feed) {
  Event event;
  event.set_event_id(row.Get<base::Uuid>("event_id").ToString());
  event.set_tenant_id(row.Get<base::Uuid>("tenant_id").ToString());
  event.set_aggregate_type(row.Get<std::string>("aggregate_type"));
  event.set_aggregate_id(row.Get<std::string>("aggregate_id"));
  event.set_event_type(row.Get<std::string>("event_type"));
  event.set_payload(feed.payload_of ? feed.payload_of(row) : row.Get<pg::Bytes>("payload").value);
  event.set_traceparent(row.Get<std::string>("traceparent"));
  base::SetTime(row.Get<absl::Time>("recorded_at"), event.mutable_recorded_at());
  event.set_shard(row.Get<int32_t>("shard"));
  return event;
}

absl::Status Lost(std::string_view why) { return base::Fail(base::ErrorCode::CURSOR_LOST, why); }

}  // namespace

uint64_t ParseTxid(const std::string& text) {
  uint64_t txid = 0;
  return absl::SimpleAtoi(text, &txid) ? txid : 0;
}

Runner RunOn(pg::Pool* pool, absl::Time deadline) {
  return [pool, deadline](const pg::Query& query, const std::vector<pg::Param>& params) {
    return pool->ExecParams({.tenant = {}, .deadline = deadline}, query, params.data(),
                            params.size());
  };
}

Runner RunIn(pg::Tx* tx) {
  return [tx](const pg::Query& query, const std::vector<pg::Param>& params) {
    return tx->ExecParams(query, params.data(), params.size());
  };
}

absl::StatusOr<LogState> ReadLogState(const Runner& run, const Cursor& cursor) {
  CLOUDPOS_ASSIGN_OR_RETURN(
      const pg::Result rows,
      run(kSelectLogState, {cursor.at.generation, std::to_string(cursor.at.txid), cursor.at.seq}));
  if (rows.empty()) {
    return base::Fail(base::ErrorCode::INTERNAL, "feed_generation has no row");
  }
  const pg::Row row = rows[0];
  LogState state;
  state.generation = row.Get<int32_t>("generation");
  state.horizon = ParseTxid(row.Get<std::string>("horizon"));
  state.head = ParseTxid(row.Get<std::string>("head"));
  state.pruned = {row.Get<int32_t>("pruned_generation"),
                  ParseTxid(row.Get<std::string>("pruned_txid")), row.Get<int64_t>("pruned_seq")};
  if (!row.is_null("event_id")) state.tag_at_cursor = TagOf(row.Get<base::Uuid>("event_id"));
  return state;
}

absl::StatusOr<LogState> ReadSnapshotState(const Runner& run) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows, run(kSelectSnapshotState, {}));
  if (rows.empty()) {
    return base::Fail(base::ErrorCode::INTERNAL, "feed_generation has no row");
  }
  LogState state;
  state.generation = rows[0].Get<int32_t>("generation");
  state.horizon = ParseTxid(rows[0].Get<std::string>("horizon"));
  return state;
}

absl::Status CheckCursor(const LogState& state, const Cursor& cursor) {
  if (cursor == Cursor{}) return absl::OkStatus();  // from the oldest event kept
  if (cursor.at.generation > state.generation) return Lost("the cursor's generation is unknown");
  if (cursor.at < state.pruned) return Lost("events after the cursor were dropped");
  if (cursor.at == state.pruned) return absl::OkStatus();
  if (cursor.at.seq != 0) {
    // The event read last must still be there: otherwise this log is another than the one read.
    if (state.tag_at_cursor != cursor.tag) return Lost("the cursor's event is not in the log");
    return absl::OkStatus();
  }
  // No event to check by: of an earlier generation the log may have lost what was read.
  if (cursor.at.generation < state.generation) return Lost("the log was restored since");
  if (cursor.at.txid > state.head) return Lost("the cursor is ahead of the log");
  return absl::OkStatus();
}

absl::StatusOr<Page> ReadPage(const Runner& run, const FeedOptions& feed,
                              const PageRequest& request) {
  CLOUDPOS_ASSIGN_OR_RETURN(
      const pg::Result rows,
      run(SEEDED_SQL("cursor_bare_sequence",
                     feed.page_query != nullptr ? *feed.page_query : kSelectPage,
                     "outbox_page($1, $2::xid8, $3, $4::smallint[], $5)", kBareSequence),
          {request.after.generation, std::to_string(request.after.txid), request.after.seq,
           pg::Param(request.shards), request.events, kPageBytes}));
  Page page;
  int64_t bytes = 0;
  int64_t weight = 0;
  size_t seen = 0;
  bool passed = false;
  for (const pg::Row row : rows) {
    if (!IsWanted(request, row.Get<std::string>("event_type"))) {
      page.last = CursorOf(row);
      ++seen;
      passed = true;
      continue;
    }
    Event event = EventOf(row, feed);
    bytes += static_cast<int64_t>(event.payload().size());
    weight += row.Get<int32_t>("weight");
    if (!page.events.empty() && (bytes > kPageBytes || weight > kPageWeight)) break;
    page.last = CursorOf(row);
    ++seen;
    page.events.push_back(std::move(event));
  }
  // The query leaves rows out only after kPageBytes, which events passed over count towards; a
  // page that ends there by chance costs one more pull.
  page.more = passed || seen < rows.size() ||
              rows.size() >= static_cast<size_t>(request.events) || bytes >= kPageBytes;
  return page;
}

absl::StatusOr<Skipped> SkipUnwanted(const Runner& run, const PageRequest& request) {
  CLOUDPOS_ASSIGN_OR_RETURN(
      const pg::Result rows,
      run(kSelectUnwanted,
          {request.after.generation, std::to_string(request.after.txid), request.after.seq,
           pg::Param(request.shards), kSkipEvents, pg::Param(request.types)}));
  if (rows.empty()) return Skipped{.last = {}, .more = true};
  return Skipped{.last = CursorOf(rows[0]), .more = rows[0].Get<bool>("more")};
}

}  // namespace cloudpos::events
