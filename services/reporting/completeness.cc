#include "services/reporting/completeness.h"

#include "libs/base/clock.h"
#include "libs/base/status_macros.h"
#include "libs/log/log.h"
#include "libs/metrics/metrics.h"

namespace cloudpos::reporting {
namespace {

constexpr absl::Duration kCallTimeout = absl::Seconds(10);
constexpr int64_t kPage = 10'000;

constexpr pg::Query kSelectSeen{"select_journals_seen", R"sql(
  SELECT tenant_id, journal_id, upper(seen) - 1 AS highest_no,
    CASE WHEN lower(seen) = 1
      THEN (SELECT min(upper(part)) FROM unnest(seen) AS part) - 1 ELSE 0 END AS dense_no
  FROM journals
  WHERE set_id = (SELECT set_id FROM report_sets WHERE state = 'LIVE')
    AND (tenant_id, journal_id) > ($1::uuid, $2::uuid)
  ORDER BY tenant_id, journal_id LIMIT $3)sql"};

}  // namespace

Completeness::Completeness(pg::Pool& worker_pool, HeadsFunction heads)
    : pool_(worker_pool),
      heads_function_(std::move(heads)),
      gaps_(metrics::Gauge("cloudpos_reporting_journal_gaps",
                           "Journals with entries that reports have missed for a minute")),
      ahead_(metrics::Gauge("cloudpos_reporting_journals_ahead",
                            "Journals of which reports hold more than exists")) {}

Completeness::~Completeness() { Stop(); }

void Completeness::Start(std::chrono::milliseconds interval) {
  thread_ = std::thread([this, interval] { Run(interval); });
}

void Completeness::Stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Completeness::Run(std::chrono::milliseconds interval) {
  std::unique_lock lock(mutex_);
  bool was_ok = true;
  while (!changed_.wait_for(lock, interval, [this] { return is_stopping_; })) {
    lock.unlock();
    const absl::StatusOr<Outcome> outcome = Check();
    if (!outcome.ok() && was_ok) {
      log::Warn("journals were not checked for gaps", {{"error", outcome.status().ToString()}});
    }
    was_ok = outcome.ok();
    lock.lock();
  }
}

absl::StatusOr<std::map<Completeness::Key, Completeness::Seen>> Completeness::ReadSeen() {
  std::map<Key, Seen> seen;
  Key last;
  while (true) {
    CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows,
                              pool_.Exec({}, kSelectSeen, last.tenant, last.journal, kPage));
    for (const pg::Row row : rows) {
      last = {row.Get<base::Uuid>("tenant_id"), row.Get<base::Uuid>("journal_id")};
      seen[last] = {.dense = row.Get<int64_t>("dense_no"),
                    .highest = row.Get<int64_t>("highest_no")};
    }
    if (static_cast<int64_t>(rows.size()) < kPage) return seen;
  }
}

absl::StatusOr<std::map<Completeness::Key, int64_t>> Completeness::ReadHeads() {
  std::map<Key, int64_t> heads;
  transaction::v1::ListJournalHeadsRequest request;
  do {
    transaction::v1::ListJournalHeadsResponse response;
    const absl::Time deadline = base::SystemClock().Now() + kCallTimeout;
    CLOUDPOS_RETURN_IF_ERROR(heads_function_(request, deadline, &response));
    for (const transaction::v1::JournalHead& head : response.heads()) {
      CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid tenant,
                                base::Uuid::ParseField(head.tenant_id(), "tenantId"));
      CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid journal,
                                base::Uuid::ParseField(head.journal_id(), "journalId"));
      heads[{tenant, journal}] = head.journal_no();
    }
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  return heads;
}

absl::StatusOr<Completeness::Outcome> Completeness::Check() {
  // Seen before heads: what was seen existed then, so a head below it is no race.
  CLOUDPOS_ASSIGN_OR_RETURN(const auto seen, ReadSeen());
  CLOUDPOS_ASSIGN_OR_RETURN(auto heads, ReadHeads());
  Outcome outcome;
  for (const auto& [key, number] : heads_before_) {
    const auto found = seen.find(key);
    const int64_t dense = found == seen.end() ? 0 : found->second.dense;
    if (dense >= number) continue;
    ++outcome.gaps;
    log::Error("journal entries did not arrive", {{"tenant", key.tenant.ToString()},
                                                  {"journal", key.journal.ToString()},
                                                  {"seen_to", dense},
                                                  {"existed_to", number}});
  }
  for (const auto& [key, numbers] : seen) {
    const auto head = heads.find(key);
    if (head != heads.end() && head->second >= numbers.highest) continue;
    ++outcome.ahead;
    log::Error("reports hold entries that the journal does not: rebuild them",
               {{"tenant", key.tenant.ToString()},
                {"journal", key.journal.ToString()},
                {"seen_to", numbers.highest},
                {"exists_to", head == heads.end() ? 0 : head->second}});
  }
  gaps_.Set(outcome.gaps);
  ahead_.Set(outcome.ahead);
  heads_before_ = std::move(heads);
  return outcome;
}

}  // namespace cloudpos::reporting
