// I7, of what services know of each other: who follows an owner's events has the owner's latest
// version of each thing, and what is sold is priced as it is.

#include "libs/base/status_macros.h"
#include "tests/chaos/check/checks.h"

namespace cloudpos::chaos {
namespace {

#define LIVE_SET "(SELECT r.set_id FROM reporting.report_sets AS r WHERE r.state = 'LIVE')"
/// A copy of `owned` (id, version) in table `copy`.
#define COPY_OF(owned, copy, id, where)                                   \
  "SELECT '" copy "', coalesce(o.id, c." id                               \
  "), coalesce(o.version, 0),"                                            \
  " coalesce(c.version, 0) FROM (" owned ") AS o FULL JOIN (SELECT x." id \
  ", x.version"                                                           \
  " FROM " copy " AS x WHERE x.tenant_id = $1::uuid" where ") AS c ON c." id " = o.id"
#define IN_LIVE_SET " AND x.set_id = " LIVE_SET

#define STORES                                               \
  "SELECT s.store_id AS id, s.version FROM auth.stores AS s" \
  " WHERE s.tenant_id = $1::uuid"
#define REGISTERS                                                  \
  "SELECT s.register_id AS id, s.version FROM auth.registers AS s" \
  " WHERE s.tenant_id = $1::uuid"
#define DEVICES                                                \
  "SELECT s.device_id AS id, s.version FROM auth.devices AS s" \
  " WHERE s.tenant_id = $1::uuid"
#define CHANGES(of)                                                             \
  "SELECT s.entity_id AS id, max(s.version) AS version"                         \
  " FROM inventory.catalogue_changes AS s WHERE s.tenant_id = $1::uuid AND " of \
  " GROUP BY s.entity_id"
/// The newest version alone of a table that keeps all.
#define SOLD \
  "SELECT 'transaction.catalogue_variants', coalesce(o.id, c.variant_id),"            \
  " coalesce(o.version, 0), coalesce(c.version, 0) FROM (" CHANGES("NOT s.is_category") \
  ") AS o FULL JOIN (SELECT x.variant_id, max(x.version) AS version"                  \
  " FROM transaction.catalogue_variants AS x WHERE x.tenant_id = $1::uuid"            \
  " GROUP BY x.variant_id) AS c ON c.variant_id = o.id"

constexpr Query kCopies{
    "copies",
    COPY_OF(STORES, "inventory.stores", "store_id", "") " UNION ALL "
    COPY_OF(STORES, "transaction.stores", "store_id", "") " UNION ALL "
    COPY_OF(STORES, "reporting.stores", "store_id", IN_LIVE_SET) " UNION ALL "
    COPY_OF(REGISTERS, "transaction.registers", "register_id", "") " UNION ALL "
    COPY_OF(REGISTERS, "reporting.registers", "register_id", IN_LIVE_SET) " UNION ALL "
    COPY_OF(DEVICES, "transaction.devices", "device_id", "") " UNION ALL "
    COPY_OF(CHANGES("s.is_category"), "reporting.categories", "category_id", IN_LIVE_SET)
    " UNION ALL "
    COPY_OF(CHANGES("NOT s.is_category"), "reporting.variants", "variant_id", IN_LIVE_SET)
    " UNION ALL " SOLD};

// The nil store stands for every store in one of the two, nothing at all in the other.
constexpr Query kPrices{"prices", R"sql(
  WITH newest AS (
    SELECT DISTINCT ON (v.variant_id) v.variant_id, v.prices
    FROM transaction.catalogue_variants AS v WHERE v.tenant_id = $1::uuid
    ORDER BY v.variant_id, v.version DESC
  ), copied AS (
    SELECT n.variant_id, coalesce(nullif(p->>'storeId', '')::uuid,
        '00000000-0000-0000-0000-000000000000') AS store_id,
      p->>'currency' AS currency, (p->>'amount')::bigint AS amount, (p->>'per')::bigint AS per
    FROM newest AS n CROSS JOIN LATERAL jsonb_array_elements(n.prices) AS p
  )
  SELECT coalesce(o.variant_id, c.variant_id), coalesce(o.amount_minor, -1),
    coalesce(c.amount, -1), coalesce(o.price_per, 0), coalesce(c.per, 0)
  FROM (SELECT x.variant_id, x.store_id, x.currency_code, x.amount_minor, x.price_per
        FROM inventory.prices AS x WHERE x.tenant_id = $1::uuid AND x.to_version IS NULL) AS o
  FULL JOIN copied AS c ON c.variant_id = o.variant_id AND c.store_id = o.store_id
    AND c.currency = o.currency_code)sql"};

// What other services have to tell of people's actions goes to auth's log, each once.
constexpr Query kAudited{"audited", R"sql(
  SELECT coalesce(t.id, a.id), coalesce(t.times, 0), a.id IS NOT NULL
  FROM (
    SELECT o.aggregate_id AS id, count(*) AS times FROM (
      SELECT x.aggregate_id FROM inventory.outbox AS x
      WHERE x.tenant_id = $1::uuid AND x.aggregate_type = 'audit'
      UNION ALL
      SELECT x.aggregate_id FROM transaction.outbox AS x
      WHERE x.tenant_id = $1::uuid AND x.aggregate_type = 'audit') AS o
    GROUP BY o.aggregate_id
  ) AS t
  LEFT JOIN (SELECT x.audit_id::text AS id FROM auth.audit_events AS x
             WHERE x.tenant_id = $1::uuid) AS a ON a.id = t.id)sql"};

}  // namespace

absl::Status CheckCopies(const Evidence& e) {
  CLOUDPOS_RETURN_IF_ERROR(e.database->Stream(kCopies, [&e](const Row& row) {
    e.report->Compared(Rule::kEvents, 1);
    if (row.Int(2) == row.Int(3)) return;
    e.report->Broken(Rule::kEvents, std::string(row.Text(0)) + " has version " +
                                        std::to_string(row.Int(3)) + " of " + row.Id(1).ToString() +
                                        ", its owner " + std::to_string(row.Int(2)));
  }));
  CLOUDPOS_RETURN_IF_ERROR(e.database->Stream(kAudited, [&e](const Row& row) {
    e.report->Compared(Rule::kEvents, 1);
    if (row.Int(1) == 1 && row.Bool(2)) return;
    e.report->Broken(Rule::kEvents, "audit record " + std::string(row.Text(0)) + " was told " +
                                        std::to_string(row.Int(1)) + " times and is " +
                                        (row.Bool(2) ? "" : "not ") + "in auth's log");
  }));
  return e.database->Stream(kPrices, [&e](const Row& row) {
    e.report->Compared(Rule::kEvents, 1);
    if (row.Int(1) == row.Int(2) && row.Int(3) == row.Int(4)) return;
    e.report->Broken(Rule::kEvents, "variant " + row.Id(0).ToString() + " is sold for " +
                                        std::to_string(row.Int(2)) + ", its price is " +
                                        std::to_string(row.Int(1)));
  });
}

}  // namespace cloudpos::chaos
