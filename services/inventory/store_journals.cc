#include "services/inventory/store_journals.h"

#include "libs/base/status_macros.h"

namespace cloudpos::inventory {
namespace {

constexpr pg::Query kSelectProgress{"select_journal_progress_for_update", R"sql(
  SELECT p.tenant_id, p.journal_id, p.contiguous_to, p.ahead
  FROM unnest($1::uuid[], $2::uuid[]) AS e (tenant_id, journal_id)
  JOIN journal_progress AS p ON p.tenant_id = e.tenant_id AND p.journal_id = e.journal_id
  ORDER BY p.tenant_id, p.journal_id
  FOR UPDATE OF p)sql"};

// The cursor's lock already lets one batch at a time get here.
constexpr pg::Query kUpsertContiguous{"upsert_journal_contiguous", R"sql(
  INSERT INTO journal_progress AS p (tenant_id, journal_id, contiguous_to)
  SELECT e.tenant_id, e.journal_id, e.contiguous_to
  FROM unnest($1::uuid[], $2::uuid[], $3::bigint[]) AS e (tenant_id, journal_id, contiguous_to)
  ORDER BY e.tenant_id, e.journal_id
  ON CONFLICT (tenant_id, journal_id) DO UPDATE
    SET contiguous_to = excluded.contiguous_to, ahead = '{}')sql"};

constexpr pg::Query kUpsertAhead{"upsert_journal_ahead", R"sql(
  INSERT INTO journal_progress AS p (tenant_id, journal_id, contiguous_to, ahead)
  VALUES ($1, $2, $3, $4::bigint[])
  ON CONFLICT (tenant_id, journal_id) DO UPDATE
    SET contiguous_to = excluded.contiguous_to, ahead = excluded.ahead)sql"};

constexpr pg::Query kSelectContiguous{"select_journal_contiguous", R"sql(
  SELECT coalesce(p.contiguous_to, 0) AS contiguous_to
  FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS e (tenant_id, journal_id, place)
  LEFT JOIN journal_progress AS p ON p.tenant_id = e.tenant_id AND p.journal_id = e.journal_id
  ORDER BY e.place)sql"};

struct Keys {
  std::vector<base::Uuid> tenants;
  std::vector<base::Uuid> journals;
  void Add(const JournalKey& key) {
    tenants.push_back(key.first);
    journals.push_back(key.second);
  }
};

}  // namespace

absl::Status SeeEntries(pg::Tx& tx, const std::map<JournalKey, std::vector<int64_t>>& numbers) {
  if (numbers.empty()) return absl::OkStatus();
  Keys all;
  std::map<JournalKey, JournalProgress> progress;
  for (const auto& [key, seen] : numbers) {
    all.Add(key);
    progress[key] = {};
  }
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows,
                            tx.Exec(kSelectProgress, all.tenants, all.journals));
  for (const pg::Row row : rows) {
    progress[{row.Get<base::Uuid>("tenant_id"), row.Get<base::Uuid>("journal_id")}] = {
        .contiguous_to = row.Get<int64_t>("contiguous_to"),
        .ahead = row.Get<std::vector<int64_t>>("ahead")};
  }
  Keys whole;
  std::vector<int64_t> contiguous;
  for (const auto& [key, seen] : numbers) {
    JournalProgress& now = progress[key];
    for (const int64_t number : seen) See(now, number);
    if (now.ahead.empty()) {
      whole.Add(key);
      contiguous.push_back(now.contiguous_to);
      continue;
    }
    CLOUDPOS_RETURN_IF_ERROR(
        tx.Exec(kUpsertAhead, key.first, key.second, now.contiguous_to, now.ahead).status());
  }
  if (contiguous.empty()) return absl::OkStatus();
  return tx.Exec(kUpsertContiguous, whole.tenants, whole.journals, contiguous).status();
}

absl::StatusOr<std::vector<int64_t>> SelectContiguous(pg::Pool& pool, absl::Time deadline,
                                                      const std::vector<JournalKey>& journals) {
  Keys keys;
  for (const JournalKey& key : journals) keys.Add(key);
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows,
                            pool.Exec({.tenant = {}, .deadline = deadline}, kSelectContiguous,
                                      keys.tenants, keys.journals));
  std::vector<int64_t> contiguous;
  for (const pg::Row row : rows) contiguous.push_back(row.Get<int64_t>("contiguous_to"));
  return contiguous;
}

}  // namespace cloudpos::inventory
