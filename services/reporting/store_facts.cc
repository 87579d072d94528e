#include "services/reporting/store_facts.h"

#include <set>
#include <utility>

#include "libs/base/status_macros.h"
#include "libs/faults/faults.h"
#include "services/reporting/store_columns.h"

namespace cloudpos::reporting {
namespace {

constexpr pg::Query kInsertSales{"insert_fact_sales", R"sql(
  INSERT INTO fact_sales (tenant_id, set_id, sale_id, sign, store_id, register_id, operator_id,
    customer_ref, journal_id, journal_no, business_date, occurred_at, utc_offset_min,
    currency_code, gross_minor, discount_minor, net_minor, tax_minor, total_minor,
    cash_rounding_minor)
  SELECT tenant_id, $1::smallint, sale_id, sign, store_id, register_id, operator_id, customer_ref,
    journal_id, journal_no, business_date,
    'epoch'::timestamptz + occurred_us * interval '1 microsecond', utc_offset_min, currency_code,
    gross, discount, net, tax, total, cash_rounding
  FROM unnest($2::uuid[], $3::uuid[], $4::smallint[], $5::uuid[], $6::uuid[], $7::uuid[],
    $8::text[], $9::uuid[], $10::bigint[], $11::date[], $12::bigint[], $13::integer[],
    $14::text[], $15::bigint[], $16::bigint[], $17::bigint[], $18::bigint[], $19::bigint[],
    $20::bigint[])
    AS f (tenant_id, sale_id, sign, store_id, register_id, operator_id, customer_ref, journal_id,
      journal_no, business_date, occurred_us, utc_offset_min, currency_code, gross, discount, net,
      tax, total, cash_rounding)
  ON CONFLICT (tenant_id, set_id, sale_id) DO NOTHING
  RETURNING tenant_id, sale_id)sql"};

constexpr pg::Query kNoteSeen{"note_journal_entries_seen", R"sql(
  INSERT INTO journals AS j (tenant_id, set_id, journal_id, store_id, register_id, seen)
  SELECT f.tenant_id, $1::smallint, f.journal_id, (array_agg(f.store_id))[1],
    (array_agg(f.register_id))[1],
    range_agg(int8range(f.journal_no, f.journal_no, '[]'))
  FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::bigint[])
    AS f (tenant_id, journal_id, store_id, register_id, journal_no)
  GROUP BY f.tenant_id, f.journal_id
  ORDER BY f.tenant_id, f.journal_id
  ON CONFLICT (tenant_id, set_id, journal_id) DO UPDATE SET seen = j.seen + excluded.seen)sql"};

// Stock moves by the rows that were new alone, in the order of keys (see add_rollup_stock).
constexpr pg::Query kInsertCorrections{"insert_fact_corrections", R"sql(
  WITH fresh AS (
  INSERT INTO fact_corrections (tenant_id, set_id, adjustment_id, line_no, store_id, variant_id,
    quantity_milli, reason_code, occurred_at)
  SELECT f.tenant_id, $1::smallint, f.adjustment_id, f.line_no, f.store_id, f.variant_id,
    f.quantity, f.reason_code, 'epoch'::timestamptz + f.occurred_us * interval '1 microsecond'
  FROM unnest($2::uuid[], $3::uuid[], $4::integer[], $5::uuid[], $6::uuid[], $7::bigint[],
    $8::text[], $9::bigint[])
    AS f (tenant_id, adjustment_id, line_no, store_id, variant_id, quantity, reason_code,
      occurred_us)
  ON CONFLICT (tenant_id, set_id, adjustment_id, line_no) DO NOTHING
  RETURNING tenant_id, store_id, variant_id, quantity_milli)
  INSERT INTO rollup_stock AS r (set_id, tenant_id, store_id, variant_id, on_hand_milli)
  SELECT $1::smallint, tenant_id, store_id, variant_id, sum(quantity_milli)::bigint FROM fresh
  GROUP BY tenant_id, store_id, variant_id
  ORDER BY tenant_id, store_id, variant_id
  ON CONFLICT (tenant_id, set_id, store_id, variant_id)
  DO UPDATE SET on_hand_milli = r.on_hand_milli + excluded.on_hand_milli)sql"};

using SaleKey = std::pair<base::Uuid, base::Uuid>;

/// Inserts documents; answers those that were new.
absl::StatusOr<std::set<SaleKey>> InsertSales(pg::Tx& tx, int set, const std::vector<Fact>& facts) {
  std::vector<base::Uuid> tenants, sales, stores, registers, operators, journals;
  std::vector<int32_t> signs;
  std::vector<int64_t> numbers, occurred, offsets, gross, discount, net, tax, total, rounding;
  std::vector<std::string> customers, dates, currencies;
  for (const Fact& fact : facts) {
    if (fact.sign == 0) continue;
    tenants.push_back(fact.tenant);
    sales.push_back(fact.sale);
    signs.push_back(fact.sign);
    stores.push_back(fact.store);
    registers.push_back(fact.register_id);
    operators.push_back(fact.operator_id);
    customers.push_back(fact.customer_ref);
    journals.push_back(fact.journal);
    numbers.push_back(fact.journal_no);
    dates.push_back(fact.business_date);
    occurred.push_back(fact.occurred_at_us);
    offsets.push_back(fact.utc_offset_min);
    currencies.push_back(fact.currency);
    gross.push_back(fact.totals.gross);
    discount.push_back(fact.totals.discount);
    net.push_back(fact.totals.net);
    tax.push_back(fact.totals.tax);
    total.push_back(fact.totals.total);
    rounding.push_back(fact.totals.cash_rounding);
  }
  std::set<SaleKey> fresh;
  if (sales.empty()) return fresh;
  Params params(set);
  params.Add(tenants).Add(sales).Add(signs).Add(stores).Add(registers).Add(operators);
  params.Add(customers).Add(journals).Add(numbers).Add(dates).Add(occurred).Add(offsets);
  params.Add(currencies).Add(gross).Add(discount).Add(net).Add(tax).Add(total).Add(rounding);
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows, params.Exec(tx, kInsertSales));
  for (const pg::Row row : rows) {
    fresh.emplace(row.Get<base::Uuid>("tenant_id"), row.Get<base::Uuid>("sale_id"));
  }
  return fresh;
}

absl::Status NoteSeen(pg::Tx& tx, int set, const std::vector<Fact>& facts) {
  std::vector<base::Uuid> tenants, journals, stores, registers;
  std::vector<int64_t> numbers;
  for (const Fact& fact : facts) {
    tenants.push_back(fact.tenant);
    journals.push_back(fact.journal);
    stores.push_back(fact.store);
    registers.push_back(fact.register_id);
    numbers.push_back(fact.journal_no);
  }
  Params params(set);
  params.Add(tenants).Add(journals).Add(stores).Add(registers).Add(numbers);
  return params.Exec(tx, kNoteSeen).status();
}

}  // namespace

absl::Status RecordFacts(pg::Tx& tx, int set, const std::vector<Fact>& facts) {
  if (facts.empty()) return absl::OkStatus();
  CLOUDPOS_RETURN_IF_ERROR(NoteSeen(tx, set, facts));
  CLOUDPOS_ASSIGN_OR_RETURN(std::set<SaleKey> fresh, InsertSales(tx, set, facts));
  Rollups rollups;
  for (const Fact& fact : facts) {
    // Erased as it is taken: an entry that is twice in the batch counts once.
    if (fact.sign == 0) continue;
    const bool is_new = fresh.erase({fact.tenant, fact.sale}) > 0;
    if (is_new || SEEDED_BUG("rollup_without_fact")) rollups.Add(fact);
  }
  return rollups.days.empty() ? absl::OkStatus() : AddRollups(tx, set, rollups);
}

absl::Status RecordCorrections(pg::Tx& tx, int set,
                               const std::vector<inventory::v1::StockAdjusted>& events) {
  std::vector<base::Uuid> tenants, adjustments, stores, variants;
  std::vector<int64_t> numbers, quantities, occurred;
  std::vector<std::string> reasons;
  for (const inventory::v1::StockAdjusted& event : events) {
    CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid tenant,
                              base::Uuid::ParseField(event.tenant_id(), "tenantId"));
    CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid id,
                              base::Uuid::ParseField(event.adjustment_id(), "adjustmentId"));
    CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid store,
                              base::Uuid::ParseField(event.store_id(), "storeId"));
    for (const inventory::v1::StockAdjustedLine& line : event.lines()) {
      tenants.push_back(tenant);
      adjustments.push_back(id);
      numbers.push_back(line.line_no());
      stores.push_back(store);
      variants.push_back(base::Uuid::Parse(line.variant_id()).value_or(base::Uuid()));
      quantities.push_back(line.quantity_milli());
      reasons.push_back(event.reason_code());
      occurred.push_back(event.occurred_at().seconds() * 1'000'000 +
                         event.occurred_at().nanos() / 1000);
    }
  }
  if (tenants.empty()) return absl::OkStatus();
  Params params(set);
  params.Add(tenants).Add(adjustments).Add(numbers).Add(stores).Add(variants).Add(quantities);
  params.Add(reasons).Add(occurred);
  return params.Exec(tx, kInsertCorrections).status();
}

}  // namespace cloudpos::reporting
