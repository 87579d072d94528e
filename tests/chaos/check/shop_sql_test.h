#pragma once

// The tables of all services as they should be, made by SQL from the journal entries alone: a
// second opinion on what an entry becomes. $1 is the tenant.

#include "libs/pg/pg.h"

namespace cloudpos::chaos {

inline constexpr pg::Query kInsertLocations{"test_locations", R"sql(
  INSERT INTO inventory.stock_locations (tenant_id, location_id, store_id, kind, name)
  SELECT $1::uuid, gen_random_uuid(), s, k, 'Place'
  FROM unnest($2::uuid[]) AS s, generate_series(1, 3) AS k)sql"};

inline constexpr pg::Query kInsertOpening{"test_opening", R"sql(
  WITH asked AS (
    SELECT gen_random_uuid() AS id, o.store, o.variant, l.location_id
    FROM unnest($2::uuid[], $3::uuid[]) AS o (store, variant)
    JOIN inventory.stock_locations AS l ON l.tenant_id = $1::uuid AND l.store_id = o.store
      AND l.kind = 1
  ), adjusted AS (
    INSERT INTO inventory.stock_adjustments (tenant_id, adjustment_id, store_id, location_id,
      reason_code, actor_id, occurred_at, recorded_at, request_hash)
    SELECT $1::uuid, id, store, location_id, 'OPENING', gen_random_uuid(), now(), now(), ''
    FROM asked RETURNING 1)
  INSERT INTO inventory.stock_movements (tenant_id, document_id, line_no, kind, location_id,
    variant_id, quantity_milli, reason_code, occurred_at, recorded_at)
  SELECT $1::uuid, id, 1, 3, location_id, variant, $4::bigint, 'OPENING', now(), now()
  FROM asked)sql"};

inline constexpr pg::Query kInsertJournal{"test_journal", R"sql(
  INSERT INTO transaction.journals (tenant_id, journal_id, store_id, register_id, device_id,
    generation, series, journal_no, receipt_no, grand_total, hash)
  VALUES ($1, $2, $3, $4, $9, 1, 'SALES', $5, $6, $7, $8))sql"};

inline constexpr pg::Query kInsertKey{"test_key", R"sql(
  INSERT INTO transaction.device_keys (tenant_id, device_id, public_key, version)
  VALUES ($1, $2, $3, 1))sql"};

inline constexpr pg::Query kInsertEntries{"test_entries", R"sql(
  INSERT INTO transaction.journal_entries (tenant_id, journal_id, journal_no, kind, document_id,
    line_count, payload, hash, state, recorded_at)
  SELECT $1::uuid, e.journal, e.no, e.kind, e.document, e.lines, e.payload, e.hash,
    CASE WHEN e.held THEN 'QUARANTINED' ELSE 'ACCEPTED' END, now()
  FROM unnest($2::uuid[], $3::bigint[], $4::text[], $5::uuid[], $6::integer[], $7::bytea[],
    $8::bytea[], $9::boolean[]) AS e (journal, no, kind, document, lines, payload, hash, held)
  )sql"};

inline constexpr pg::Query kInsertSignatures{"test_signatures", R"sql(
  INSERT INTO transaction.journal_signatures (tenant_id, journal_id, journal_no, signature, key_id)
  SELECT $1::uuid, e.journal, e.no, e.signature, 'key'
  FROM unnest($2::uuid[], $3::bigint[], $4::bytea[]) AS e (journal, no, signature)
  WHERE length(e.signature) = 64)sql"};

inline constexpr pg::Query kInsertReleases{"test_releases", R"sql(
  INSERT INTO transaction.journal_resolutions (tenant_id, journal_id, journal_no, resolution,
    actor_id, resolved_at)
  SELECT $1::uuid, e.journal, e.no, 'RELEASED', gen_random_uuid(), now()
  FROM unnest($2::uuid[], $3::bigint[], $4::boolean[]) AS e (journal, no, released)
  WHERE e.released)sql"};

// Those that are documents, as far as their own time is believed; each is parsed once (OFFSET 0).
#define ENTRIES                                                                               \
  "(SELECT x.journal_id, x.journal_no, x.document_id, x.kind,"                                \
  " convert_from(x.payload, 'UTF8')::jsonb || CASE WHEN x.believed_at IS NULL THEN '{}'"      \
  " ELSE jsonb_build_object('occurredAtUs',"                                                  \
  " (extract(epoch FROM x.believed_at) * 1000000)::bigint, 'businessDate', x.believed_date,"  \
  " 'postingDate', x.believed_date) END AS p"                                                 \
  " FROM transaction.journal_entries AS x WHERE x.tenant_id = $1::uuid"                       \
  " AND x.kind IN ('SALE', 'RETURN', 'ABANDONED')"                                            \
  " AND (x.state = 'ACCEPTED' OR EXISTS (SELECT 1 FROM transaction.journal_resolutions AS r"  \
  " WHERE r.tenant_id = x.tenant_id AND r.journal_id = x.journal_id"                          \
  " AND r.journal_no = x.journal_no))"                                                        \
  " AND NOT (x.kind = 'ABANDONED' AND EXISTS (SELECT 1 FROM transaction.journal_entries AS y" \
  " WHERE y.tenant_id = x.tenant_id AND y.document_id = x.document_id"                        \
  " AND y.kind = 'SALE')) OFFSET 0) AS e"
#define ENTRY_LINES ENTRIES " CROSS JOIN LATERAL jsonb_array_elements(e.p->'lines') AS l"
#define NIL "'00000000-0000-0000-0000-000000000000'"
// Taxes of the lines as reports count them: what carries none is zero-rated.
#define LINE_TAXES                                                                           \
  "(SELECT e.document_id AS sale_id,"                                                        \
  " coalesce(x->>'jurisdiction', '') AS jurisdiction, CASE WHEN x IS NULL THEN 2 ELSE 1 END" \
  " AS treatment, coalesce((x->>'ratePpm')::integer, 0) AS rate_ppm,"                        \
  " coalesce(x->>'taxId', '') AS tax_id,"                                                    \
  " coalesce((x->>'inclusive')::boolean, false) AS inclusive,"                               \
  " coalesce((x->>'base')::bigint, (l->>'net')::bigint) AS base,"                            \
  " coalesce((x->>'amount')::bigint, 0) AS tax FROM " ENTRY_LINES                            \
  " LEFT JOIN LATERAL jsonb_array_elements(l->'taxes') AS x ON true) AS t"

inline constexpr pg::Query kDerived[] = {
    {"test_sales",
     "INSERT INTO transaction.sales (tenant_id, sale_id, kind, fingerprint, store_id,"
     " register_id, operator_id, device_id, journal_id, journal_no, receipt_no, receipt_number,"
     " series,"
     " currency_code, gross, discount, net, tax, total, cash_rounding, change, taxes, occurred_at,"
     " recorded_at, business_date, posting_date, catalogue_version, source_sale_id, reason_code) "
     "SELECT $1::uuid, e.document_id, e.kind, '', (e.p->>'store')::uuid,"
     " (e.p->>'register')::uuid, (e.p->>'operatorId')::uuid, (e.p->>'device')::uuid,"
     " e.journal_id, e.journal_no, (e.p->>'receiptNo')::bigint,"
     " CASE WHEN e.kind = 'ABANDONED' THEN '' ELSE 'S1-R1-0-' || (e.p->>'receiptNo') END,"
     " e.p->>'series', e.p->>'currency', coalesce((t->>'gross')::bigint, 0),"
     " coalesce((t->>'discount')::bigint, 0), coalesce((t->>'net')::bigint, 0),"
     " coalesce((t->>'tax')::bigint, 0), coalesce((t->>'total')::bigint, 0),"
     " coalesce((t->>'cashRounding')::bigint, 0), coalesce((t->>'change')::bigint, 0), '[]',"
     " 'epoch'::timestamptz + (e.p->>'occurredAtUs')::bigint * interval '1 microsecond', now(),"
     " (e.p->>'businessDate')::date, (e.p->>'postingDate')::date,"
     " coalesce((e.p->>'catalogueVersion')::bigint, 0), (e.p->>'sourceSaleId')::uuid,"
     " e.p->>'reason' FROM " ENTRIES ", LATERAL (SELECT e.p->'totals' AS t) AS o"},
    {"test_lines",
     "INSERT INTO transaction.sale_lines (tenant_id, sale_id, line_no, variant_id,"
     " sku, name, quantity_milli, price_per, list_price, unit_price, gross, discount,"
     " order_discount, net, tax, total, source_line_no) "
     "SELECT $1::uuid, e.document_id, (l->>'lineNo')::integer, (l->>'variantId')::uuid, l->>'sku',"
     " 'Thing', (l->>'quantityMilli')::bigint, coalesce((l->>'pricePer')::bigint, 1),"
     " coalesce((l->>'listPrice')::bigint, (l->>'unitPrice')::bigint), (l->>'unitPrice')::bigint,"
     " (l->>'gross')::bigint,"
     " coalesce((SELECT sum((d->>'amount')::bigint) FROM jsonb_array_elements(l->'discounts') d), "
     "0),"
     " coalesce((l->>'orderDiscount')::bigint, 0), (l->>'net')::bigint,"
     " (l->>'total')::bigint - (l->>'net')::bigint, (l->>'total')::bigint,"
     " (l->>'sourceLineNo')::integer FROM " ENTRY_LINES},
    {"test_returned", R"sql(
     UPDATE transaction.sale_lines AS s SET returned_milli = least(b.quantity, s.quantity_milli)
     FROM (SELECT r.source_sale_id, x.source_line_no, sum(x.quantity_milli) AS quantity
           FROM transaction.sales AS r
           JOIN transaction.sale_lines AS x ON x.tenant_id = r.tenant_id AND x.sale_id = r.sale_id
           WHERE r.tenant_id = $1::uuid AND r.kind = 'RETURN' GROUP BY 1, 2) AS b
     WHERE s.tenant_id = $1::uuid AND s.sale_id = b.source_sale_id
       AND s.line_no = b.source_line_no)sql"},
    {"test_tenders",
     "INSERT INTO transaction.tenders (tenant_id, sale_id, tender_no, type, applied,"
     " tendered, change, rounding) "
     "SELECT $1::uuid, e.document_id, (t->>'tenderNo')::integer, t->>'type',"
     " (t->>'amount')::bigint, (t->>'tendered')::bigint, coalesce((t->>'change')::bigint, 0),"
     " coalesce((t->>'rounding')::bigint, 0) FROM " ENTRIES
     ", jsonb_array_elements(e.p->'tenders') AS t"},
    {"test_outbox", R"sql(
     INSERT INTO transaction.outbox (event_id, tenant_id, aggregate_type, aggregate_id, event_type,
       payload)
     SELECT gen_random_uuid(), $1::uuid, 'sale', x.document_id::text,
       'cloudpos.transaction.v1.JournalEntryRecorded',
       uuid_send(x.journal_id) || int8send(x.journal_no)
     FROM transaction.journal_entries AS x WHERE x.tenant_id = $1::uuid
     UNION ALL
     SELECT gen_random_uuid(), $1::uuid, 'sale', x.document_id::text,
       'cloudpos.transaction.v1.JournalEntryRecorded',
       uuid_send(x.journal_id) || int8send(x.journal_no)
     FROM transaction.journal_entries AS x
     JOIN transaction.journal_resolutions AS r ON r.tenant_id = x.tenant_id
       AND r.journal_id = x.journal_id AND r.journal_no = x.journal_no
     WHERE x.tenant_id = $1::uuid)sql"},
    {"test_movements",
     "INSERT INTO inventory.stock_movements (tenant_id, document_id, line_no,"
     " kind, location_id, variant_id, quantity_milli, reason_code, actor_id, occurred_at,"
     " recorded_at) "
     "SELECT $1::uuid, e.document_id, (l->>'lineNo')::integer,"
     " CASE e.kind WHEN 'SALE' THEN 1 ELSE 2 END, p.location_id, (l->>'variantId')::uuid,"
     " CASE e.kind WHEN 'SALE' THEN -1 ELSE 1 END * (l->>'quantityMilli')::bigint,"
     " coalesce(l->>'returnReason', ''), (e.p->>'operatorId')::uuid,"
     " 'epoch'::timestamptz + (e.p->>'occurredAtUs')::bigint * interval '1 microsecond', now() "
     "FROM " ENTRY_LINES " JOIN inventory.stock_locations AS p ON p.tenant_id = $1::uuid"
     " AND p.store_id = (e.p->>'store')::uuid AND p.kind = CASE coalesce(l->>'disposition', '')"
     " WHEN 'DAMAGED' THEN 2 WHEN 'TO_VENDOR' THEN 3 ELSE 1 END "
     "WHERE (l->>'stocked')::boolean"},
    {"test_levels", R"sql(
     INSERT INTO inventory.stock_levels (tenant_id, location_id, variant_id, on_hand_milli,
       updated_at)
     SELECT $1::uuid, location_id, variant_id, sum(quantity_milli), now()
     FROM inventory.stock_movements WHERE tenant_id = $1::uuid GROUP BY 2, 3)sql"},
    {"test_progress", R"sql(
     INSERT INTO inventory.journal_progress (tenant_id, journal_id, contiguous_to)
     SELECT $1::uuid, journal_id, max(journal_no) FROM transaction.journal_entries
     WHERE tenant_id = $1::uuid GROUP BY 2)sql"},
    {"test_seen", R"sql(
     INSERT INTO reporting.journals (tenant_id, set_id, journal_id, store_id, register_id, seen)
     SELECT $1::uuid, 1, j.journal_id, j.store_id, j.register_id,
       range_agg(int8range(x.journal_no, x.journal_no, '[]'))
     FROM transaction.journals AS j
     JOIN transaction.journal_entries AS x ON x.tenant_id = j.tenant_id
       AND x.journal_id = j.journal_id
     WHERE j.tenant_id = $1::uuid GROUP BY 3, 4, 5)sql"},
    {"test_fact_sales",
     "INSERT INTO reporting.fact_sales (tenant_id, set_id, sale_id, sign,"
     " store_id, register_id, operator_id, customer_ref, journal_id, journal_no, business_date,"
     " occurred_at, utc_offset_min, currency_code, gross_minor, discount_minor, net_minor,"
     " tax_minor, total_minor, cash_rounding_minor) "
     "SELECT $1::uuid, 1, e.document_id, CASE e.kind WHEN 'SALE' THEN 1 ELSE -1 END,"
     " (e.p->>'store')::uuid, (e.p->>'register')::uuid, (e.p->>'operatorId')::uuid, '',"
     " e.journal_id, e.journal_no, (e.p->>'businessDate')::date,"
     " 'epoch'::timestamptz + (e.p->>'occurredAtUs')::bigint * interval '1 microsecond', 0,"
     " e.p->>'currency', (t->>'gross')::bigint, coalesce((t->>'discount')::bigint, 0),"
     " (t->>'net')::bigint, (t->>'tax')::bigint, (t->>'total')::bigint,"
     " coalesce((t->>'cashRounding')::bigint, 0)"
     " FROM " ENTRIES ", LATERAL (SELECT e.p->'totals' AS t) AS o"
     " WHERE e.kind IN ('SALE', 'RETURN')"},
    {"test_corrections", R"sql(
     INSERT INTO reporting.fact_corrections (tenant_id, set_id, adjustment_id, line_no, store_id,
       variant_id, quantity_milli, reason_code, occurred_at)
     SELECT $1::uuid, 1, m.document_id, m.line_no, p.store_id, m.variant_id, m.quantity_milli,
       m.reason_code, m.occurred_at
     FROM inventory.stock_movements AS m
     JOIN inventory.stock_locations AS p ON p.tenant_id = m.tenant_id
       AND p.location_id = m.location_id
     WHERE m.tenant_id = $1::uuid AND m.kind = 3)sql"},
#define SIGNED_LINES                                                                         \
  "(SELECT s.business_date, s.store_id, s.currency_code, s.register_id, s.operator_id,"      \
  " date_trunc('hour', s.occurred_at) AS hour_start, (l->>'productId')::uuid AS product_id," \
  " s.sale_id, s.sign,"                                                                      \
  " CASE s.sign WHEN 1 THEN (l->>'total')::bigint ELSE 0 END AS sales,"                      \
  " CASE s.sign WHEN 1 THEN 0 ELSE -(l->>'total')::bigint END AS returns,"                   \
  " s.sign * (l->>'gross')::bigint AS gross,"                                                \
  " s.sign * ((l->>'gross')::bigint - (l->>'net')::bigint - coalesce((SELECT"                \
  " sum((x->>'amount')::bigint) FROM jsonb_array_elements(l->'taxes') AS x"                  \
  " WHERE (x->>'inclusive')::boolean), 0)) AS discount,"                                     \
  " s.sign * (l->>'net')::bigint AS net,"                                                    \
  " s.sign * ((l->>'total')::bigint - (l->>'net')::bigint) AS tax,"                          \
  " CASE s.sign WHEN 1 THEN (l->>'quantityMilli')::bigint ELSE 0 END AS sold,"               \
  " CASE s.sign WHEN 1 THEN 0 ELSE (l->>'quantityMilli')::bigint END AS returned"            \
  " FROM " ENTRY_LINES                                                                       \
  " JOIN reporting.fact_sales AS s ON s.tenant_id = $1::uuid"                                \
  " AND s.set_id = 1 AND s.sale_id = e.document_id) AS f"
#define FIGURE_NAMES                                                                   \
  "currency_code, sales_minor, returns_minor, gross_minor, discount_minor, net_minor," \
  " tax_minor, units_sold_milli, units_returned_milli, sale_count, return_count"
#define FIGURE_SUMS                                                                           \
  "f.currency_code, sum(f.sales), sum(f.returns), sum(f.gross), sum(f.discount), sum(f.net)," \
  " sum(f.tax), sum(f.sold), sum(f.returned)"
#define DOCUMENTS                                          \
  ", count(DISTINCT f.sale_id) FILTER (WHERE f.sign = 1)," \
  " count(DISTINCT f.sale_id) FILTER (WHERE f.sign = -1) FROM " SIGNED_LINES
    {"test_days",
     "INSERT INTO reporting.rollup_days (tenant_id, set_id, business_date, store_id, " FIGURE_NAMES
     ") SELECT $1::uuid, 1, f.business_date, f.store_id, " FIGURE_SUMS DOCUMENTS
     " GROUP BY f.business_date, f.store_id, f.currency_code"},
    {"test_hours",
     "INSERT INTO reporting.rollup_hours (tenant_id, set_id, business_date, store_id,"
     " register_id, operator_id, hour_start, utc_offset_min, " FIGURE_NAMES ") "
     "SELECT $1::uuid, 1, f.business_date, f.store_id, f.register_id, f.operator_id, f.hour_start,"
     " 0, " FIGURE_SUMS DOCUMENTS
     " GROUP BY f.business_date, f.store_id, f.register_id, f.operator_id, f.hour_start,"
     " f.currency_code"},
    {"test_products",
     "INSERT INTO reporting.rollup_products (tenant_id, set_id, business_date,"
     " store_id, product_id, category_id, " FIGURE_NAMES ") "
     "SELECT $1::uuid, 1, f.business_date, f.store_id, f.product_id, " NIL ", " FIGURE_SUMS
     ", count(*) FILTER (WHERE f.sign = 1), count(*) FILTER (WHERE f.sign = -1) FROM " SIGNED_LINES
     " GROUP BY f.business_date, f.store_id, f.product_id, f.currency_code"},
    {"test_customers",
     "INSERT INTO reporting.rollup_customers (tenant_id, set_id, business_date,"
     " store_id, customer_ref, " FIGURE_NAMES ") "
     "SELECT $1::uuid, 1, f.business_date, f.store_id, '', " FIGURE_SUMS DOCUMENTS
     " GROUP BY f.business_date, f.store_id, f.currency_code"},
    {"test_taxes",
     "INSERT INTO reporting.rollup_taxes (tenant_id, set_id, business_date, store_id,"
     " currency_code, jurisdiction, treatment, rate_ppm, fixed_per_unit_minor, tax_id, inclusive,"
     " base_minor, tax_minor, returned_base_minor, returned_tax_minor) "
     "SELECT $1::uuid, 1, s.business_date, s.store_id, s.currency_code, t.jurisdiction,"
     " t.treatment, t.rate_ppm, 0, t.tax_id, t.inclusive, sum(s.sign * t.base),"
     " sum(s.sign * t.tax), coalesce(sum(-t.base) FILTER (WHERE s.sign = -1), 0),"
     " coalesce(sum(-t.tax) FILTER (WHERE s.sign = -1), 0) FROM " LINE_TAXES
     " JOIN reporting.fact_sales AS s ON s.tenant_id = $1::uuid AND s.set_id = 1"
     " AND s.sale_id = t.sale_id GROUP BY 3, 4, 5, 6, 7, 8, t.tax_id, t.inclusive"},
    {"test_stock", R"sql(
     INSERT INTO reporting.rollup_stock (tenant_id, set_id, store_id, variant_id, on_hand_milli)
     SELECT $1::uuid, 1, p.store_id, m.variant_id, sum(m.quantity_milli)
     FROM inventory.stock_movements AS m
     JOIN inventory.stock_locations AS p ON p.tenant_id = m.tenant_id
       AND p.location_id = m.location_id
     WHERE m.tenant_id = $1::uuid GROUP BY 3, 4)sql"},
};

// The shop as auth and inventory know it, and what follows from their events elsewhere.

inline constexpr pg::Query kInsertTenant{"test_tenant", R"sql(
     INSERT INTO auth.tenants (tenant_id, version, name, slug, active, created_at, updated_at)
     VALUES ($1::uuid, 1, 'Shop', $1::uuid::text, true, now(), now()))sql"};

inline constexpr pg::Query kInsertStore{"test_store", R"sql(
     WITH made AS (
       INSERT INTO auth.stores (tenant_id, store_id, version, code, name, time_zone, currency_code,
         cutoff_minutes, address_line1, address_line2, city, region, postal_code, country_code,
         receipt_header, receipt_footer, tax_number, phone, archived, request_hash, created_at,
         updated_at)
       VALUES ($1::uuid, $2::uuid, 3, $2::uuid::text, 'Shop', 'UTC', 'GBP', 0, '', '', '', '', '', '', '', '',
         '', '', false, '', now(), now()) RETURNING tenant_id, store_id, version
     ), a AS (
       INSERT INTO inventory.stores (tenant_id, store_id, version, name, currency_code, archived)
       SELECT tenant_id, store_id, version, 'Shop', 'GBP', false FROM made RETURNING 1
     ), b AS (
       INSERT INTO reporting.stores (tenant_id, set_id, store_id, version, name, time_zone,
         currency_code, cutoff_minutes, archived)
       SELECT tenant_id, 1, store_id, version, 'Shop', 'UTC', 'GBP', 0, false FROM made RETURNING 1
     )
     INSERT INTO transaction.stores (tenant_id, store_id, version, name, code, time_zone,
       currency_code, cutoff_minutes, address, receipt_header, receipt_footer, tax_number, archived)
     SELECT tenant_id, store_id, version, 'Shop', 'S1', 'UTC', 'GBP', 0, '', '', '', '', false
     FROM made)sql"};

inline constexpr pg::Query kInsertRegister{"test_register", R"sql(
     WITH made AS (
       INSERT INTO auth.registers (tenant_id, register_id, store_id, version, code, name, active,
         request_hash, created_at, updated_at)
       VALUES ($1::uuid, $3::uuid, $2::uuid, 2, $3::uuid::text, 'Till', true, '', now(), now())
       RETURNING tenant_id, register_id, store_id, version
     ), a AS (
       INSERT INTO reporting.registers (tenant_id, set_id, register_id, version, store_id, name)
       SELECT tenant_id, 1, register_id, version, store_id, 'Till' FROM made RETURNING 1
     )
     INSERT INTO transaction.registers (tenant_id, register_id, version, store_id, name, code,
       active)
     SELECT tenant_id, register_id, version, store_id, 'Till', 'R1', true FROM made)sql"};

inline constexpr pg::Query kInsertVariant{"test_variant", R"sql(
     WITH product AS (
       INSERT INTO inventory.products (tenant_id, product_id, name, tax_category, created_at,
         updated_at, created_version, request_hash)
       VALUES ($1::uuid, $2::uuid, 'Mug', 'standard', now(), now(), 1, '') RETURNING 1
     ), variant AS (
       INSERT INTO inventory.variants (tenant_id, variant_id, product_id, position, version, sku,
         created_at, updated_at, created_version)
       VALUES ($1::uuid, $2::uuid, $2::uuid, 1, 9, 'MUG', now(), now(), 1) RETURNING 1
     ), changes AS (
       INSERT INTO inventory.catalogue_changes (tenant_id, version, is_category, entity_id, payload)
       SELECT $1::uuid, v, false, $2::uuid, '' FROM unnest(ARRAY[1, 9]) AS v RETURNING 1
     ), price AS (
       INSERT INTO inventory.prices (tenant_id, variant_id, from_version, store_id, currency_code,
         amount_minor, price_per, to_version, valid_from, actor_id)
       SELECT $1::uuid, $2::uuid, v.from_version, '00000000-0000-0000-0000-000000000000', 'GBP',
         v.amount, 1, v.to_version, now(), $2::uuid
       FROM (VALUES (1, 240, 9), (9, 250, NULL)) AS v (from_version, amount, to_version) RETURNING 1
     ), reported AS (
       INSERT INTO reporting.variants (tenant_id, set_id, variant_id, version, sku, name, stocked,
         archived)
       VALUES ($1::uuid, 1, $2::uuid, 9, 'MUG', 'Mug', true, false) RETURNING 1
     )
     INSERT INTO transaction.catalogue_variants (tenant_id, variant_id, version, product_id, sku,
       name, tax_category, stocked, archived, prices, applied)
     SELECT $1::uuid, $2::uuid, v.version, $2::uuid, 'MUG', 'Mug', 'standard', true, false,
       jsonb_build_array(jsonb_build_object('currency', 'GBP', 'amount', v.amount, 'per', 1)), 1
     FROM (VALUES (1, 240), (9, 250)) AS v (version, amount))sql"};

inline constexpr pg::Query kInsertAudit{"test_audit", R"sql(
     WITH made AS (
       INSERT INTO inventory.outbox (event_id, tenant_id, aggregate_type, aggregate_id, event_type,
         payload)
       SELECT i, $1::uuid, 'audit', i::text, 'cloudpos.auth.v1.AuditRecorded', ''
       FROM gen_random_uuid() AS i RETURNING aggregate_id)
     INSERT INTO auth.audit_events (tenant_id, audit_id, occurred_at, recorded_at, service, action,
       subject_type, subject_id, client_ip, request_id)
     SELECT $1::uuid, aggregate_id::uuid, now(), now(), 'inventory', 'Adjust', 'x', 'x', '', ''
     FROM made)sql"};

/// Before a statement over many rows that were just written.
inline constexpr pg::Query kAnalyze{"test_analyze", "ANALYZE"};

/// Every consumer stands at the end of every log.
inline constexpr pg::Query kSetCursors{"test_cursors", R"sql(
  WITH body AS (
    SELECT '\x01'::bytea || int4send(1) || int8send(pg_current_xact_id()::text::bigint + 1)
      || int8send(0) || int8send(0) AS bytes
  ), made AS (SELECT bytes || substr(sha256(bytes), 1, 4) AS cursor FROM body),
  z AS (INSERT INTO auth.consumer_cursors (name, cursor, updated_at)
    SELECT n, cursor, now() FROM made, unnest(ARRAY['inventory', 'transaction']) AS n
    ON CONFLICT (name) DO UPDATE SET cursor = excluded.cursor RETURNING 1),
  a AS (INSERT INTO inventory.consumer_cursors (name, cursor, updated_at)
    SELECT n, cursor, now() FROM made, unnest(ARRAY['auth', 'transaction']) AS n
    ON CONFLICT (name) DO UPDATE SET cursor = excluded.cursor RETURNING 1),
  b AS (INSERT INTO transaction.consumer_cursors (name, cursor, updated_at)
    SELECT n, cursor, now() FROM made, unnest(ARRAY['auth', 'inventory']) AS n
    ON CONFLICT (name) DO UPDATE SET cursor = excluded.cursor RETURNING 1)
  INSERT INTO reporting.consumer_cursors (name, cursor, updated_at)
  SELECT n, cursor, now() FROM made, unnest(ARRAY['auth', 'inventory', 'transaction']) AS n
  ON CONFLICT (name) DO UPDATE SET cursor = excluded.cursor)sql"};

}  // namespace cloudpos::chaos
