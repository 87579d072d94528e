#include "services/transaction/store_journals.h"

#include "libs/base/status_macros.h"

namespace cloudpos::transaction {
namespace {

constexpr pg::Query kSelectJournals{"select_journals", R"sql(
  SELECT journal_id, store_id, register_id, device_id, generation, series, journal_no, receipt_no,
    grand_total, hash
  FROM journals WHERE tenant_id = $1 AND store_id = $2 ORDER BY created_at, journal_id LIMIT 1000
  )sql"};

constexpr pg::Query kSelectJournal{"select_journal", R"sql(
  SELECT journal_id, store_id, register_id, device_id, generation, series, journal_no, receipt_no,
    grand_total, hash
  FROM journals WHERE tenant_id = $1 AND journal_id = $2)sql"};

constexpr pg::Query kSelectJournalEntries{"select_journal_entries", R"sql(
  SELECT page.journal_no, page.payload, page.hash, s.signature, s.key_id
  FROM (
    SELECT journal_no, payload, hash,
      coalesce(sum(length(payload)) OVER (ORDER BY journal_no
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS bytes_before
    FROM (
      SELECT journal_no, payload, hash FROM journal_entries
      WHERE tenant_id = $1 AND journal_id = $2 AND journal_no BETWEEN $3 AND $4
      ORDER BY journal_no LIMIT $5) AS wanted) AS page
  LEFT JOIN journal_signatures s ON s.tenant_id = $1 AND s.journal_id = $2
    AND s.journal_no = page.journal_no
  WHERE bytes_before < $6 ORDER BY page.journal_no)sql"};

constexpr pg::Query kSelectHeads{"select_journal_heads", R"sql(
  SELECT tenant_id, journal_id, journal_no FROM journals
  WHERE (tenant_id, journal_id) > ($1, $2) AND ($3::uuid IS NULL OR tenant_id = $3)
  ORDER BY tenant_id, journal_id LIMIT $4)sql"};

JournalRow JournalOf(const pg::Row& row) {
  return {.journal = row.Get<base::Uuid>("journal_id"),
          .store = row.Get<base::Uuid>("store_id"),
          .register_id = row.Get<base::Uuid>("register_id"),
          .device = row.Get<base::Uuid>("device_id"),
          .generation = row.Get<int32_t>("generation"),
          .series = row.Get<std::string>("series"),
          .journal_no = row.Get<int64_t>("journal_no"),
          .receipt_no = row.Get<int64_t>("receipt_no"),
          .grand_total = row.Get<int64_t>("grand_total"),
          .hash = row.Get<pg::Bytes>("hash").value};
}

}  // namespace

absl::StatusOr<std::vector<JournalRow>> SelectJournals(pg::Pool& pool, const base::Uuid& tenant,
                                                       const base::Uuid& store,
                                                       absl::Time deadline) {
  CLOUDPOS_ASSIGN_OR_RETURN(
      const pg::Result rows,
      pool.Exec({.tenant = tenant, .deadline = deadline}, kSelectJournals, tenant, store));
  std::vector<JournalRow> journals;
  for (const pg::Row row : rows) journals.push_back(JournalOf(row));
  return journals;
}

absl::StatusOr<std::optional<JournalRow>> SelectJournal(pg::Pool& pool, const base::Uuid& tenant,
                                                        const base::Uuid& journal,
                                                        absl::Time deadline) {
  CLOUDPOS_ASSIGN_OR_RETURN(
      const pg::Result rows,
      pool.Exec({.tenant = tenant, .deadline = deadline}, kSelectJournal, tenant, journal));
  if (rows.empty()) return std::nullopt;
  return std::optional(JournalOf(rows[0]));
}

absl::StatusOr<std::vector<EntryRow>> SelectEntries(pg::Pool& pool, const base::Uuid& tenant,
                                                    const base::Uuid& journal, int64_t from,
                                                    int64_t to, int limit, int64_t bytes_max,
                                                    absl::Time deadline) {
  CLOUDPOS_ASSIGN_OR_RETURN(
      const pg::Result rows,
      pool.Exec({.tenant = tenant, .deadline = deadline}, kSelectJournalEntries, tenant, journal,
                from, to, limit, bytes_max));
  std::vector<EntryRow> entries;
  for (const pg::Row row : rows) {
    const auto signature = row.Get<std::optional<pg::Bytes>>("signature");
    entries.push_back({row.Get<int64_t>("journal_no"), row.Get<pg::Bytes>("payload").value,
                       row.Get<pg::Bytes>("hash").value,
                       signature ? signature->value : std::string(),
                       row.Get<std::optional<std::string>>("key_id").value_or("")});
  }
  return entries;
}

absl::StatusOr<std::vector<HeadRow>> SelectHeads(pg::Pool& worker_pool, const base::Uuid& tenant,
                                                 const base::Uuid& journal,
                                                 const std::optional<base::Uuid>& only, int limit,
                                                 absl::Time deadline) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows,
                            worker_pool.Exec({.tenant = {}, .deadline = deadline}, kSelectHeads,
                                             tenant, journal, only, limit));
  std::vector<HeadRow> heads;
  for (const pg::Row row : rows) {
    heads.push_back({row.Get<base::Uuid>("tenant_id"), row.Get<base::Uuid>("journal_id"),
                     row.Get<int64_t>("journal_no")});
  }
  return heads;
}

}  // namespace cloudpos::transaction
