#include "libs/events/maintenance.h"

#include <utility>

#include "absl/time/civil_time.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/events/page.h"
#include "libs/log/log.h"
#include "libs/metrics/metrics.h"

namespace cloudpos::events {
namespace {

constexpr int kDaysAhead = 3;
constexpr int kDaysKept = 14;

constexpr pg::Query kGuard{"events_guard", R"sql(
  SELECT outbox_guard() AS generation, pg_snapshot_xmin(s)::text AS xmin,
         pg_snapshot_xmax(s)::text AS xmax
  FROM pg_current_snapshot() AS s)sql"};

constexpr pg::Query kCreatePartition{"events_create_partition",
                                     "SELECT outbox_create_partition($1::date) AS done"};
constexpr pg::Query kDropPartition{"events_drop_partition",
                                   "SELECT outbox_drop_partition($1::date) AS done"};
constexpr pg::Query kSelectDays{"events_select_days", R"sql(
  SELECT day FROM outbox_days() AS day WHERE day < $1::date ORDER BY day)sql"};

constexpr pg::Query kSelectLastOfDay{"events_select_last_of_day", R"sql(
  SELECT o.generation, o.txid::text AS txid_text, o.seq FROM outbox o WHERE o.day = $1::date
  ORDER BY o.generation DESC, o.txid DESC, o.seq DESC LIMIT 1)sql"};

constexpr pg::Query kSelectAcks{"events_select_acks", R"sql(
  SELECT consumer, cursor FROM consumer_acks WHERE seen_at >= $1)sql"};

}  // namespace

Maintenance::Maintenance(std::string producer, pg::Pool* pool, const base::Clock* clock)
    : producer_(std::move(producer)),
      pool_(pool),
      clock_(clock),
      horizon_age_(metrics::Gauge("cloudpos_" + producer_ + "_event_horizon_age_seconds",
                                  "How long the same transaction has held the event log back.")) {}

absl::Status Maintenance::Guard() {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows, pool_->Exec({}, kGuard));
  const auto generation = rows[0].Get<int32_t>("generation");
  const std::lock_guard lock(mutex_);
  if (generation_ != 0 && generation != generation_) {
    log::Warn("the event log began a new generation",
              {{"producer", producer_}, {"generation", generation}});
  }
  generation_ = generation;
  MeasureHorizon(ParseTxid(rows[0].Get<std::string>("xmin")),
                 ParseTxid(rows[0].Get<std::string>("xmax")));
  return absl::OkStatus();
}

// The worker role may not see other roles' sessions, so the age is taken from the horizon itself:
// how long xmin has stood still while newer transactions exist.
void Maintenance::MeasureHorizon(uint64_t xmin, uint64_t xmax) {
  const absl::Time now = clock_->Now();
  if (xmin != horizon_ || xmin >= xmax) {
    horizon_ = xmin;
    horizon_since_ = now;
  }
  horizon_age_.Set(absl::ToDoubleSeconds(now - horizon_since_));
}

absl::Status Maintenance::MaintainPartitions() {
  const absl::CivilDay today = absl::ToCivilDay(clock_->Now(), absl::UTCTimeZone());
  CLOUDPOS_RETURN_IF_ERROR(CreateAhead(today));
  return DropPassed(today);
}

absl::Status Maintenance::CreateAhead(absl::CivilDay today) {
  for (int ahead = 0; ahead <= kDaysAhead; ++ahead) {
    CLOUDPOS_RETURN_IF_ERROR(pool_->Exec({}, kCreatePartition, today + ahead).status());
  }
  return absl::OkStatus();
}

absl::Status Maintenance::DropPassed(absl::CivilDay today) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result days, pool_->Exec({}, kSelectDays, today - kDaysKept));
  if (days.empty()) return absl::OkStatus();
  CLOUDPOS_ASSIGN_OR_RETURN(
      const pg::Result acks,
      pool_->Exec({}, kSelectAcks, clock_->Now() - absl::Hours(24) * kDaysKept));
  for (const pg::Row row : days) {
    const auto day = row.Get<absl::CivilDay>("day");
    CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result last, pool_->Exec({}, kSelectLastOfDay, day));
    Position end;
    if (!last.empty()) {
      end = {last[0].Get<int32_t>("generation"),
             ParseTxid(last[0].Get<std::string>("txid_text")), last[0].Get<int64_t>("seq")};
    }
    bool is_passed = true;
    for (const pg::Row ack : acks) {
      const absl::StatusOr<Cursor> cursor = DecodeCursor(ack.Get<pg::Bytes>("cursor").value);
      is_passed = is_passed && cursor.ok() && cursor->at >= end;
    }
    if (!is_passed) continue;
    CLOUDPOS_RETURN_IF_ERROR(pool_->Exec({}, kDropPartition, day).status());
    log::Info("dropped a day of the event log",
              {{"producer", producer_}, {"day", base::FormatDate(day)}});
  }
  return absl::OkStatus();
}

}  // namespace cloudpos::events
