#include "services/transaction/store_quarantine.h"

#include "libs/base/clock.h"
#include "libs/base/status_macros.h"

namespace cloudpos::transaction {
namespace {

constexpr pg::Query kSelectQuarantined{"select_quarantined_entries", R"sql(
  SELECT f.journal_id, f.journal_no, f.store_id, f.findings, f.recorded_at, j.device_id, j.series,
    e.payload, e.hash, r.resolution, r.reason_code, r.actor_id, r.resolved_at
  FROM journal_findings f
  JOIN journal_entries e USING (tenant_id, journal_id, journal_no)
  LEFT JOIN journal_resolutions r USING (tenant_id, journal_id, journal_no)
  JOIN journals j ON j.tenant_id = f.tenant_id AND j.journal_id = f.journal_id
  WHERE f.tenant_id = $1 AND f.store_id = $2 AND f.state = 'QUARANTINED'
    AND (f.recorded_at, f.journal_id, f.journal_no) > ($3, $4, $5)
    AND ($6 OR r.resolution IS NULL)
  ORDER BY f.recorded_at, f.journal_id, f.journal_no LIMIT $7)sql"};

constexpr pg::Query kSelectQuarantinedEntry{"select_quarantined_entry", R"sql(
  SELECT f.journal_id, f.journal_no, f.store_id, f.findings, f.recorded_at, j.device_id, j.series,
    e.payload, e.hash, r.resolution, r.reason_code, r.actor_id, r.resolved_at
  FROM journal_findings f
  JOIN journal_entries e USING (tenant_id, journal_id, journal_no)
  LEFT JOIN journal_resolutions r USING (tenant_id, journal_id, journal_no)
  JOIN journals j ON j.tenant_id = f.tenant_id AND j.journal_id = f.journal_id
  WHERE f.tenant_id = $1 AND f.journal_id = $2 AND f.journal_no = $3 AND f.state = 'QUARANTINED'
  )sql"};

constexpr pg::Query kInsertResolution{"insert_journal_resolution", R"sql(
  INSERT INTO journal_resolutions (tenant_id, journal_id, journal_no, resolution, reason_code,
    actor_id, resolved_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING journal_no)sql"};

QuarantinedRow RowOf(const pg::Row& row) {
  QuarantinedRow out{.journal = row.Get<base::Uuid>("journal_id"),
                     .journal_no = row.Get<int64_t>("journal_no"),
                     .store = row.Get<base::Uuid>("store_id"),
                     .device = row.Get<base::Uuid>("device_id"),
                     .series = row.Get<std::string>("series"),
                     .payload = row.Get<pg::Bytes>("payload").value,
                     .hash = row.Get<pg::Bytes>("hash").value,
                     .reasons = row.Get<std::vector<std::string>>("findings"),
                     .recorded_at = row.Get<absl::Time>("recorded_at"),
                     .resolution = std::nullopt};
  if (const auto name = row.Get<std::optional<std::string>>("resolution")) {
    out.resolution =
        Resolution{.name = *name,
                   .reason_code = row.Get<std::optional<std::string>>("reason_code").value_or(""),
                   .actor = row.Get<base::Uuid>("actor_id"),
                   .at = row.Get<absl::Time>("resolved_at")};
  }
  return out;
}

}  // namespace

absl::StatusOr<std::vector<QuarantinedRow>> SelectQuarantined(
    pg::Pool& pool, const base::Uuid& tenant, const base::Uuid& store,
    const std::optional<QuarantinePosition>& after, bool resolved_too, int limit,
    absl::Time deadline) {
  const std::string start = "-infinity";
  CLOUDPOS_ASSIGN_OR_RETURN(
      const pg::Result rows,
      pool.Exec({.tenant = tenant, .deadline = deadline}, kSelectQuarantined, tenant, store,
                after ? base::FormatTime(after->recorded_at) : start,
                after ? after->journal : base::Uuid(), after ? after->journal_no : int64_t{0},
                resolved_too, limit));
  std::vector<QuarantinedRow> entries;
  for (const pg::Row row : rows) entries.push_back(RowOf(row));
  return entries;
}

absl::StatusOr<std::optional<QuarantinedRow>> SelectQuarantinedEntry(pg::Pool& pool,
                                                                     const base::Uuid& tenant,
                                                                     const base::Uuid& journal,
                                                                     int64_t journal_no,
                                                                     absl::Time deadline) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows,
                            pool.Exec({.tenant = tenant, .deadline = deadline},
                                      kSelectQuarantinedEntry, tenant, journal, journal_no));
  if (rows.empty()) return std::nullopt;
  return std::optional(RowOf(rows[0]));
}

absl::StatusOr<bool> InsertResolution(pg::Tx& tx, const base::Uuid& tenant,
                                      const QuarantinedRow& row, const Resolution& resolution) {
  const std::optional<std::string> reason =
      resolution.reason_code.empty() ? std::nullopt : std::optional(resolution.reason_code);
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows,
                            tx.Exec(kInsertResolution, tenant, row.journal, row.journal_no,
                                    resolution.name, reason, resolution.actor, resolution.at));
  return !rows.empty();
}

}  // namespace cloudpos::transaction
