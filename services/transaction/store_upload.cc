#include "services/transaction/store_upload.h"

#include <boost/json.hpp>

#include "libs/base/clock.h"
#include "libs/base/status_macros.h"

namespace cloudpos::transaction {
namespace {

constexpr pg::Query kSelectStandingHead{"select_standing_head", R"sql(
  SELECT journal_no, receipt_no, grand_total, hash FROM journals
  WHERE tenant_id = $1 AND journal_id = $2)sql"};

// Signatures come in order, so that the highest stands for all before it.
constexpr pg::Query kSelectSafety{"select_journal_safety", R"sql(
  SELECT durable_head($1, $2, $3, $4) AS durable_head,
    coalesce((SELECT max(journal_no) FROM journal_signatures
              WHERE tenant_id = $1 AND journal_id = $2), 0) AS signed_head)sql"};

constexpr pg::Query kSelectStanding{"select_standing_entries", R"sql(
  SELECT e.journal_no, e.document_id, e.hash, s.journal_no IS NOT NULL AS is_signed,
    coalesce(f.findings, '{}') AS findings
  FROM journal_entries e
  LEFT JOIN journal_signatures s USING (tenant_id, journal_id, journal_no)
  LEFT JOIN journal_findings f USING (tenant_id, journal_id, journal_no)
  WHERE e.tenant_id = $1 AND e.journal_id = $2 AND e.journal_no BETWEEN $3 AND $4)sql"};

constexpr pg::Query kInsertSignatures{"insert_journal_signatures", R"sql(
  INSERT INTO journal_signatures (tenant_id, journal_id, journal_no, signature, key_id)
  SELECT $1, $2, n, signature, key_id
  FROM unnest($3::bigint[], $4::bytea[], $5::text[]) AS u (n, signature, key_id)
  ON CONFLICT DO NOTHING)sql"};

constexpr pg::Query kSelectDocumentKinds{"select_document_kinds", R"sql(
  SELECT sale_id, kind FROM sales WHERE tenant_id = $1 AND sale_id = ANY ($2))sql"};

constexpr pg::Query kSelectOperators{"select_operators", R"sql(
  SELECT staff_id, changed_at, created_at, active, grants::text AS grants FROM operators
  WHERE tenant_id = $1 AND staff_id = ANY ($2) ORDER BY staff_id, changed_at)sql"};

journal::Hash HashOf(const std::string& bytes) {
  journal::Hash hash{};
  std::copy_n(bytes.begin(), std::min(bytes.size(), hash.size()),
              reinterpret_cast<char*>(hash.data()));
  return hash;
}

std::vector<token::Grant> GrantsOf(const std::string& text) {
  std::vector<token::Grant> grants;
  const boost::json::value stored = boost::json::parse(text);
  for (const boost::json::value& one : stored.as_array()) {
    const boost::json::object& object = one.as_object();
    token::Grant grant;
    for (const boost::json::value& store : object.at("s").as_array()) {
      grant.stores.push_back(base::Uuid::Parse(store.as_string()).value_or(base::Uuid()));
    }
    grant.permissions = token::PermissionSet::FromBase64Url(object.at("p").as_string())
                            .value_or(token::PermissionSet());
    grants.push_back(std::move(grant));
  }
  return grants;
}

}  // namespace

absl::StatusOr<Head> SelectHead(pg::Pool& pool, const base::Uuid& tenant, const base::Uuid& journal,
                                absl::Time deadline) {
  CLOUDPOS_ASSIGN_OR_RETURN(
      const pg::Result rows,
      pool.Exec({.tenant = tenant, .deadline = deadline}, kSelectStandingHead, tenant, journal));
  if (rows.empty()) return Head{};
  const pg::Row row = rows[0];
  return Head{.journal_no = row.Get<int64_t>("journal_no"),
              .receipt_no = row.Get<int64_t>("receipt_no"),
              .grand_total = row.Get<int64_t>("grand_total"),
              .hash = HashOf(row.Get<pg::Bytes>("hash").value)};
}

absl::StatusOr<Safety> SelectSafety(pg::Pool& pool, const base::Uuid& tenant,
                                    const base::Uuid& journal, int64_t head, absl::Time before,
                                    absl::Time deadline) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows,
                            pool.Exec({.tenant = tenant, .deadline = deadline}, kSelectSafety,
                                      tenant, journal, head, before));
  return Safety{.durable_head = rows[0].Get<int64_t>("durable_head"),
                .signed_head = rows[0].Get<int64_t>("signed_head")};
}

absl::StatusOr<std::map<int64_t, StandingEntry>> SelectStanding(pg::Pool& pool,
                                                                const base::Uuid& tenant,
                                                                const base::Uuid& journal,
                                                                int64_t from, int64_t to,
                                                                absl::Time deadline) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows,
                            pool.Exec({.tenant = tenant, .deadline = deadline}, kSelectStanding,
                                      tenant, journal, from, to));
  std::map<int64_t, StandingEntry> standing;
  for (const pg::Row row : rows) {
    standing.emplace(row.Get<int64_t>("journal_no"),
                     StandingEntry{.document = row.Get<base::Uuid>("document_id"),
                                   .hash = HashOf(row.Get<pg::Bytes>("hash").value),
                                   .is_signed = row.Get<bool>("is_signed"),
                                   .findings = row.Get<std::vector<std::string>>("findings")});
  }
  return standing;
}

absl::Status InsertSignatures(pg::Pool& pool, const base::Uuid& tenant, const base::Uuid& journal,
                              const std::vector<EntrySignature>& signatures, absl::Time deadline) {
  if (signatures.empty()) return absl::OkStatus();
  std::vector<int64_t> numbers;
  std::vector<pg::Bytes> bytes;
  std::vector<std::string> keys;
  for (const EntrySignature& one : signatures) {
    numbers.push_back(one.journal_no);
    bytes.push_back({one.signature});
    keys.push_back(one.key_id);
  }
  return pool
      .Exec({.tenant = tenant, .deadline = deadline}, kInsertSignatures, tenant, journal, numbers,
            bytes, keys)
      .status();
}

absl::StatusOr<std::map<base::Uuid, std::string>> SelectDocumentKinds(
    pg::Pool& pool, const base::Uuid& tenant, const std::vector<base::Uuid>& ids,
    absl::Time deadline) {
  CLOUDPOS_ASSIGN_OR_RETURN(
      const pg::Result rows,
      pool.Exec({.tenant = tenant, .deadline = deadline}, kSelectDocumentKinds, tenant, ids));
  std::map<base::Uuid, std::string> kinds;
  for (const pg::Row row : rows) {
    kinds.emplace(row.Get<base::Uuid>("sale_id"), row.Get<std::string>("kind"));
  }
  return kinds;
}

absl::StatusOr<Operators> SelectOperators(pg::Pool& pool, const base::Uuid& tenant,
                                          const std::vector<base::Uuid>& ids, absl::Time deadline) {
  CLOUDPOS_ASSIGN_OR_RETURN(
      const pg::Result rows,
      pool.Exec({.tenant = tenant, .deadline = deadline}, kSelectOperators, tenant, ids));
  Operators operators;
  for (const pg::Row row : rows) {
    operators[row.Get<base::Uuid>("staff_id")].push_back(
        {.changed_at = row.Get<absl::Time>("changed_at"),
         .created_at = row.Get<absl::Time>("created_at"),
         .active = row.Get<bool>("active"),
         .grants = GrantsOf(row.Get<std::string>("grants"))});
  }
  return operators;
}

}  // namespace cloudpos::transaction
