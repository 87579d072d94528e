#include "services/transaction/feed.h"

#include "cloudpos/transaction/v1/events.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/timestamp.h"

namespace cloudpos::transaction {
namespace {

// A row that is no pointer to an entry, or to none that exists, goes out as it is: it is poison to
// its readers, who park it, and must not stop the log for all others.
constexpr pg::Query kSelectFeedPage{"select_feed_page", R"sql(
  SELECT event_id, tenant_id, aggregate_type, aggregate_id, event_type, payload, traceparent,
    recorded_at, shard, generation, txid_text AS txid, seq, weight, entry, hash, is_held,
    believed_at, believed_date::text AS believed_date
  FROM (
    SELECT p.event_id, p.tenant_id, p.aggregate_type, p.aggregate_id, p.event_type,
      coalesce(p.payload, '') AS payload, p.traceparent, p.recorded_at, p.shard, p.generation,
      p.txid, p.txid::text AS txid_text, p.seq, coalesce(e.line_count, 1) AS weight,
      e.payload AS entry, e.hash, e.believed_at, e.believed_date,
      e.state = 'QUARANTINED'
        AND is_entry_held(e.tenant_id, e.journal_id, e.journal_no, e.state) AS is_held,
      coalesce(sum(coalesce(length(e.payload), length(p.payload))) OVER (
        ORDER BY p.generation, p.txid, p.seq
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS bytes_before
    FROM outbox_page($1, $2::xid8, $3, $4::smallint[], $5) AS p
    LEFT JOIN LATERAL (
      -- One by one: a plan made while there are few entries would go through all of them.
      SELECT j.tenant_id, j.journal_id, j.journal_no, j.payload, j.hash, j.state, j.line_count,
        j.believed_at, j.believed_date
      FROM journal_entries j WHERE p.aggregate_type = 'sale' AND j.tenant_id = p.tenant_id
        AND j.journal_id = CASE WHEN length(p.payload) = 24 THEN pointed_journal(p.payload) END
        AND j.journal_no = CASE WHEN length(p.payload) = 24 THEN pointed_number(p.payload) END
      LIMIT 1) AS e ON true
  ) AS page
  WHERE bytes_before < $6::bigint
  ORDER BY generation, page.txid, seq)sql"};

constexpr pg::Query kSelectEntries{"select_entries_for_snapshot", R"sql(
  SELECT tenant_id, journal_id, journal_no, document_id, payload AS entry, hash, recorded_at,
    state = 'QUARANTINED' AND is_entry_held(tenant_id, journal_id, journal_no, state) AS is_held,
    believed_at, believed_date::text AS believed_date
  FROM journal_entries
  WHERE (tenant_id, journal_id, journal_no) > ($1, $2, $3)
  ORDER BY tenant_id, journal_id, journal_no LIMIT 500)sql"};

/// The message of an entry's columns: entry, hash, is_held, believed_at, believed_date.
v1::JournalEntryRecorded RecordedFrom(const pg::Row& row) {
  v1::JournalEntryRecorded recorded;
  recorded.set_entry(row.Get<pg::Bytes>("entry").value);
  recorded.set_hash(row.Get<pg::Bytes>("hash").value);
  recorded.set_state(row.Get<bool>("is_held") ? v1::JournalEntryRecorded::QUARANTINED
                                              : v1::JournalEntryRecorded::ACCEPTED);
  if (const auto believed = row.Get<std::optional<absl::Time>>("believed_at")) {
    recorded.set_believed_at_us(absl::ToUnixMicros(*believed));
    recorded.set_believed_date(row.Get<std::optional<std::string>>("believed_date").value_or(""));
  }
  return recorded;
}

std::string PayloadOf(const pg::Row& row) {
  if (row.is_null("entry")) return row.Get<pg::Bytes>("payload").value;
  return RecordedFrom(row).SerializeAsString();
}

events::Event EventOf(const pg::Row& row, const base::Uuid& tenant) {
  events::Event event;
  const std::string document = row.Get<base::Uuid>("document_id").ToString();
  // The entry's place makes the event's id: the same entry, sent again, is the same event.
  event.set_event_id(base::DeriveUuidV5(row.Get<base::Uuid>("journal_id"),
                                        std::to_string(row.Get<int64_t>("journal_no")))
                         .ToString());
  event.set_tenant_id(tenant.ToString());
  event.set_aggregate_type("sale");
  event.set_aggregate_id(document);
  event.set_event_type(v1::JournalEntryRecorded::descriptor()->full_name());
  event.set_payload(RecordedFrom(row).SerializeAsString());
  base::SetTime(row.Get<absl::Time>("recorded_at"), event.mutable_recorded_at());
  event.set_shard(events::ShardOf(tenant));
  return event;
}

absl::Status SendEntries(pg::Tx& tx,
                         const std::function<absl::Status(std::vector<events::Event>)>& send) {
  base::Uuid tenant, journal;
  int64_t number = 0;
  while (true) {
    CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows,
                              tx.Exec(kSelectEntries, tenant, journal, number));
    if (rows.empty()) return absl::OkStatus();
    std::vector<events::Event> batch;
    for (const pg::Row row : rows) {
      tenant = row.Get<base::Uuid>("tenant_id");
      journal = row.Get<base::Uuid>("journal_id");
      number = row.Get<int64_t>("journal_no");
      batch.push_back(EventOf(row, tenant));
    }
    CLOUDPOS_RETURN_IF_ERROR(send(std::move(batch)));
  }
}

}  // namespace

events::FeedOptions FeedOptionsOf(pg::Pool& worker_pool, const base::Clock& clock) {
  return {.producer = "transaction",
          .pool = &worker_pool,
          .clock = &clock,
          .page_query = &kSelectFeedPage,
          .payload_of = PayloadOf,
          .snapshot = SendEntries};
}

}  // namespace cloudpos::transaction
