#include "libs/events/applier.h"

#include <tuple>
#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/faults/faults.h"
#include "libs/log/log.h"

namespace cloudpos::events {
namespace {

using base::ErrorCode;

constexpr size_t kErrorTextMax = 1000;
constexpr int kRetryBatch = 200;

constexpr pg::Query kSelectCursor{"events_select_cursor",
                                  "SELECT cursor FROM consumer_cursors WHERE name = $1"};

constexpr pg::Query kInsertCursor{"events_insert_cursor", R"sql(
  INSERT INTO consumer_cursors (name, cursor, updated_at) VALUES ($1, '', $2)
  ON CONFLICT (name) DO NOTHING)sql"};

// Skips a locked row: who holds it applies the same events right now.
constexpr pg::Query kHoldCursor{"events_hold_cursor", R"sql(
  SELECT cursor FROM consumer_cursors WHERE name = $1 FOR UPDATE SKIP LOCKED)sql"};

constexpr pg::Query kWaitForCursor{"events_wait_for_cursor", R"sql(
  SELECT cursor FROM consumer_cursors WHERE name = $1 FOR UPDATE)sql"};

constexpr pg::Query kMoveCursor{"events_move_cursor", R"sql(
  UPDATE consumer_cursors SET cursor = $2, updated_at = $3 WHERE name = $1)sql"};

constexpr pg::Query kSelectParkedAmong{"events_select_parked_among", R"sql(
  SELECT DISTINCT d.tenant_id, d.aggregate_type, d.aggregate_id
  FROM unnest($2::uuid[], $3::text[], $4::text[]) AS e (tenant_id, aggregate_type, aggregate_id)
  JOIN dead_letter d ON d.tenant_id = e.tenant_id AND d.cursor_name = $1
   AND d.aggregate_type = e.aggregate_type AND d.aggregate_id = e.aggregate_id)sql"};

constexpr pg::Query kInsertDeadLetter{"events_insert_dead_letter", R"sql(
  INSERT INTO dead_letter (tenant_id, cursor_name, aggregate_type, aggregate_id, event_id,
                           event_type, event, error, parked_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
  ON CONFLICT (tenant_id, cursor_name, aggregate_type, aggregate_id, event_id) DO NOTHING)sql"};

constexpr pg::Query kSelectParkedKeys{"events_select_parked_keys", R"sql(
  SELECT tenant_id, aggregate_type, aggregate_id FROM dead_letter WHERE cursor_name = $1
  GROUP BY tenant_id, aggregate_type, aggregate_id ORDER BY min(parked_no))sql"};

constexpr pg::Query kCountParked{"events_count_parked", R"sql(
  SELECT count(*) AS parked FROM dead_letter WHERE cursor_name = $1)sql"};

constexpr pg::Query kSelectDeadLetters{"events_select_dead_letters", R"sql(
  SELECT parked_no, event FROM dead_letter
  WHERE tenant_id = $1 AND cursor_name = $2 AND aggregate_type = $3 AND aggregate_id = $4
  ORDER BY parked_no LIMIT $5)sql"};

constexpr pg::Query kDeleteDeadLetters{"events_delete_dead_letters", R"sql(
  DELETE FROM dead_letter
  WHERE tenant_id = $1 AND cursor_name = $2 AND aggregate_type = $3 AND aggregate_id = $4
    AND parked_no <= $5)sql"};

constexpr pg::Query kCountRetry{"events_count_retry", R"sql(
  UPDATE dead_letter SET attempts = attempts + 1
  WHERE tenant_id = $1 AND cursor_name = $2 AND aggregate_type = $3 AND aggregate_id = $4)sql"};

constexpr pg::Query kAdoptCursor{"events_adopt_cursor", R"sql(
  UPDATE consumer_cursors l SET cursor = r.cursor, updated_at = r.updated_at
  FROM consumer_cursors r WHERE r.name = $1 AND l.name = $2)sql"};
constexpr pg::Query kAdoptDeadLetters{"events_adopt_dead_letters", R"sql(
  UPDATE dead_letter SET cursor_name = $2 WHERE cursor_name = $1)sql"};
constexpr pg::Query kDropDeadLetters{"events_drop_dead_letters", R"sql(
  DELETE FROM dead_letter WHERE cursor_name = $1)sql"};
constexpr pg::Query kDropCursor{"events_drop_cursor", R"sql(
  DELETE FROM consumer_cursors WHERE name = $1)sql"};

/// Nil when the producer sent something that is no UUID: such an event can still be parked.
base::Uuid UuidOf(const std::string& text) {
  return base::Uuid::Parse(text).value_or(base::Uuid{});
}

}  // namespace

bool IsPassing(const absl::Status& status) {
  return pg::IsTransient(status) || absl::IsUnavailable(status) ||
         absl::IsDeadlineExceeded(status) || absl::IsCancelled(status);
}

Applier::Applier(Options options)
    : options_(std::move(options)),
      event_types_(options_.event_types.begin(), options_.event_types.end()) {}

absl::StatusOr<std::string> Applier::ReadCursor() {
  CLOUDPOS_ASSIGN_OR_RETURN(pg::Result rows,
                            options_.pool->Exec({}, kSelectCursor, options_.cursor_name));
  if (!rows.empty()) return rows[0].Get<pg::Bytes>("cursor").value;
  CLOUDPOS_RETURN_IF_ERROR(
      options_.pool->Exec({}, kInsertCursor, options_.cursor_name, options_.clock->Now())
          .status());
  return std::string();
}

absl::StatusOr<bool> Applier::HoldCursor(pg::Tx& tx, const std::string& before) const {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows, tx.Exec(kHoldCursor, options_.cursor_name));
  return !rows.empty() && rows[0].Get<pg::Bytes>("cursor").value == before;
}

absl::Status Applier::MoveCursor(pg::Tx& tx, const std::string& after) const {
  return tx.Exec(kMoveCursor, options_.cursor_name, pg::Bytes{after}, options_.clock->Now())
      .status();
}

absl::Status Applier::InsertDeadLetter(pg::Tx& tx, const Event& event,
                                       std::string_view error) const {
  return tx
      .Exec(kInsertDeadLetter, UuidOf(event.tenant_id()), options_.cursor_name,
            event.aggregate_type(), event.aggregate_id(), UuidOf(event.event_id()),
            event.event_type(), pg::Bytes{event.SerializeAsString()},
            error.substr(0, kErrorTextMax), options_.clock->Now())
      .status();
}

// Events of a parked key wait behind it, so that the key's order holds when it is retried.
absl::StatusOr<Applier::Split> Applier::SplitParked(pg::Tx& tx,
                                                    const std::vector<Event>& events) const {
  Split split;
  std::vector<const Event*> wanted;
  std::vector<base::Uuid> tenants;
  std::vector<std::string> types, ids;
  for (const Event& event : events) {
    if (!event_types_.empty() && !event_types_.contains(event.event_type())) continue;
    wanted.push_back(&event);
    tenants.push_back(UuidOf(event.tenant_id()));
    types.push_back(event.aggregate_type());
    ids.push_back(event.aggregate_id());
  }
  if (wanted.empty()) return split;
  CLOUDPOS_ASSIGN_OR_RETURN(
      const pg::Result rows,
      tx.Exec(kSelectParkedAmong, options_.cursor_name, tenants, types, ids));
  std::set<std::tuple<base::Uuid, std::string, std::string>> parked;
  for (const pg::Row row : rows) {
    parked.emplace(row.Get<base::Uuid>("tenant_id"), row.Get<std::string>("aggregate_type"),
                   row.Get<std::string>("aggregate_id"));
  }
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (parked.contains({tenants[i], types[i], ids[i]})) {
      split.park.push_back(wanted[i]);
    } else {
      split.apply.push_back(*wanted[i]);
    }
  }
  return split;
}

absl::StatusOr<Applied> Applier::WithCursor(const std::string& before,
                                            const std::function<absl::Status(pg::Tx&)>& body) {
  Applied applied;
  CLOUDPOS_RETURN_IF_ERROR(
      pg::TransactRaw(*options_.pool, {}, [&](pg::Tx& tx) -> absl::Status {
        CLOUDPOS_ASSIGN_OR_RETURN(const bool is_held, HoldCursor(tx, before));
        applied.is_fenced = !is_held;
        return is_held ? body(tx) : absl::OkStatus();
      }));
  return applied;
}

absl::StatusOr<Applied> Applier::Apply(const std::string& before, const std::vector<Event>& events,
                                       const std::string& after) {
  const auto move = [&](pg::Tx& tx) { return MoveCursor(tx, after); };
  if (SEEDED_BUG("cursor_before_apply") && before != after) {
    CLOUDPOS_RETURN_IF_ERROR(WithCursor(before, move).status());
    return Apply(after, events, after);
  }
  if (SEEDED_BUG("cursor_outside_transaction") && before != after) {
    auto applied = Apply(before, events, before);
    if (applied.ok() && !applied->is_fenced) WithCursor(before, move).status().IgnoreError();
    return applied;
  }
  is_poison_ = false;
  int given = 0;
  int parked = 0;
  absl::StatusOr<Applied> applied = WithCursor(before, [&](pg::Tx& tx) -> absl::Status {
    is_poison_ = false;
    CLOUDPOS_ASSIGN_OR_RETURN(const Split split, SplitParked(tx, events));
    given = static_cast<int>(split.apply.size());
    parked = static_cast<int>(split.park.size());
    if (!split.apply.empty()) {
      is_poison_ = true;  // until it went well
      CLOUDPOS_RETURN_IF_ERROR(options_.apply(tx, split.apply));
      is_poison_ = false;
    }
    for (const Event* event : split.park) {
      CLOUDPOS_RETURN_IF_ERROR(InsertDeadLetter(tx, *event, "waits behind a parked event"));
    }
    if (before != after) CLOUDPOS_RETURN_IF_ERROR(move(tx));
    if (!events.empty()) FAIL_POINT("consumer.before_commit");
    return absl::OkStatus();
  });
  if (applied.ok() && !applied->is_fenced) {
    if (!events.empty()) FAIL_POINT("consumer.after_commit");
    applied->events = given;
    applied->parked = parked;
  }
  return applied;
}

absl::StatusOr<Applied> Applier::Park(const std::string& before, const Event& event,
                                      const absl::Status& error, const std::string& after) {
  absl::StatusOr<Applied> applied = WithCursor(before, [&](pg::Tx& tx) -> absl::Status {
    if (!SEEDED_BUG("poison_skipped")) {
      CLOUDPOS_RETURN_IF_ERROR(InsertDeadLetter(tx, event, error.ToString()));
    }
    return before == after ? absl::OkStatus() : MoveCursor(tx, after);
  });
  if (applied.ok() && !applied->is_fenced) {
    applied->parked = 1;
    log::Error("an event cannot be applied, its key is parked",
               {{"cursor", options_.cursor_name},
                {"tenant", event.tenant_id()},
                {"aggregate_type", event.aggregate_type()},
                {"aggregate", event.aggregate_id()},
                {"event", event.event_id()},
                {"event_type", event.event_type()},
                {"error", error.ToString()}});
  }
  return applied;
}

absl::StatusOr<std::vector<ParkedKey>> Applier::ParkedKeys() {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows,
                            options_.pool->Exec({}, kSelectParkedKeys, options_.cursor_name));
  std::vector<ParkedKey> keys;
  for (const pg::Row row : rows) {
    keys.push_back({row.Get<base::Uuid>("tenant_id"), row.Get<std::string>("aggregate_type"),
                    row.Get<std::string>("aggregate_id")});
  }
  return keys;
}

absl::StatusOr<int64_t> Applier::CountParked() {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows,
                            options_.pool->Exec({}, kCountParked, options_.cursor_name));
  return rows[0].Get<int64_t>("parked");
}

absl::StatusOr<int> Applier::RetryIn(pg::Tx& tx, const ParkedKey& key) const {
  // With the cursor held no batch can park another event of the key meanwhile.
  CLOUDPOS_RETURN_IF_ERROR(tx.Exec(kWaitForCursor, options_.cursor_name).status());
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows,
                            tx.Exec(kSelectDeadLetters, key.tenant, options_.cursor_name,
                                    key.aggregate_type, key.aggregate_id, kRetryBatch));
  if (rows.empty()) return 0;
  std::vector<Event> events;
  int64_t last = 0;
  for (const pg::Row row : rows) {
    last = row.Get<int64_t>("parked_no");
    if (!events.emplace_back().ParseFromString(row.Get<pg::Bytes>("event").value)) {
      return base::Fail(ErrorCode::INTERNAL, "a dead letter is not an event");
    }
  }
  CLOUDPOS_RETURN_IF_ERROR(options_.apply(tx, events));
  CLOUDPOS_RETURN_IF_ERROR(tx.Exec(kDeleteDeadLetters, key.tenant, options_.cursor_name,
                                   key.aggregate_type, key.aggregate_id, last)
                               .status());
  return static_cast<int>(events.size());
}

// In batches of their own transactions: while one is left, later events of the key queue up behind.
absl::Status Applier::Retry(const ParkedKey& key) {
  bool is_found = false;
  while (true) {
    const absl::StatusOr<int> done = pg::Transact(
        *options_.pool, {}, [&](pg::Tx& tx) { return RetryIn(tx, key); });
    if (!done.ok()) return CountRetry(key, done.status());
    if (*done == 0) break;
    is_found = true;
  }
  return is_found ? absl::OkStatus()
                  : base::Fail(ErrorCode::NOT_FOUND, "nothing is parked under this key");
}

absl::Status Applier::CountRetry(const ParkedKey& key, const absl::Status& failure) const {
  const absl::Status counted = options_.pool
                                   ->Exec({}, kCountRetry, key.tenant, options_.cursor_name,
                                          key.aggregate_type, key.aggregate_id)
                                   .status();
  if (!counted.ok()) log::Warn("a retry was not counted", {{"error", counted.ToString()}});
  return failure;
}

absl::Status AdoptCursor(pg::Tx& tx, const std::string& rebuilt, const std::string& live) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result adopted, tx.Exec(kAdoptCursor, rebuilt, live));
  if (adopted.affected() == 0) {
    return base::Fail(ErrorCode::NOT_FOUND, "one of the cursors does not exist");
  }
  CLOUDPOS_RETURN_IF_ERROR(tx.Exec(kDropDeadLetters, live).status());
  CLOUDPOS_RETURN_IF_ERROR(tx.Exec(kAdoptDeadLetters, rebuilt, live).status());
  return tx.Exec(kDropCursor, rebuilt).status();
}

absl::Status DropCursor(pg::Tx& tx, const std::string& name) {
  CLOUDPOS_RETURN_IF_ERROR(tx.Exec(kDropDeadLetters, name).status());
  return tx.Exec(kDropCursor, name).status();
}

}  // namespace cloudpos::events
