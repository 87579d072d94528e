-- growth.copy_day(k): the tenant's first :sales sales, with everything that belongs to them in the
-- transaction, inventory and reporting schemas, once more, as if made k days earlier: sale ids hold
-- the earlier time (so that they lie where old sales lie), entries continue one old journal per
-- register, roll-ups are of that day. Entries keep their bytes: chains of copies prove nothing.
-- Events are not made again: those of old days are gone.
CREATE SCHEMA growth;
CREATE TABLE growth.originals AS
  SELECT tenant_id, sale_id, journal_id, journal_no, business_date FROM (
    SELECT * FROM transaction.sales WHERE tenant_id = :'tenant' AND kind = 'SALE'
    ORDER BY sale_id LIMIT :sales) AS s;
CREATE TABLE growth.bounds AS
  SELECT tenant_id, min(sale_id::text)::uuid AS first_sale, max(sale_id::text)::uuid AS last_sale,
    max(journal_no) AS journal_no, max(business_date) AS business_date,
    array_agg(DISTINCT journal_id) AS journals
  FROM growth.originals GROUP BY tenant_id;

CREATE FUNCTION growth.older(id uuid, days integer) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT overlay(id::text PLACING substr(earlier, 1, 8) || '-' || substr(earlier, 9)
    FROM 1 FOR 13)::uuid
  FROM (SELECT lpad(to_hex(
    ('x' || translate(left(id::text, 13), '-', ''))::bit(48)::bigint - days * 86400000::bigint),
    12, '0')) AS t (earlier)
$$;

-- Copies the rows of `source` for which `condition` holds; `changes`: expression by column, where
-- $1 is the number of days and b.* the bounds.
CREATE FUNCTION growth.copy_rows(source regclass, condition text, changes jsonb, days integer)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  columns text;
  expressions text;
BEGIN
  SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum),
      string_agg(coalesce(changes ->> attname, 't.' || quote_ident(attname)), ', ' ORDER BY attnum)
    INTO columns, expressions
    FROM pg_attribute
    WHERE attrelid = source AND attnum > 0 AND NOT attisdropped AND attgenerated = '';
  EXECUTE format('INSERT INTO %s (%s) SELECT %s FROM growth.bounds AS b
    JOIN %s AS t USING (tenant_id) WHERE %s', source, columns, expressions, source, condition)
    USING days;
END $$;

CREATE FUNCTION growth.copy_day(days integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  old_sale CONSTANT text := 'growth.older(t.sale_id, $1)';
  old_journal CONSTANT text := 'md5(t.journal_id::text)::uuid';
  old_no CONSTANT text := '($1 - 1) * b.journal_no + t.journal_no';
  by_sale CONSTANT text := 't.sale_id BETWEEN b.first_sale AND b.last_sale';
  by_date CONSTANT text := 't.business_date = b.business_date';
  name text;
BEGIN
  PERFORM growth.copy_rows('transaction.sales', by_sale || ' AND t.kind = ''SALE''',
    jsonb_build_object(
    'sale_id', old_sale, 'journal_id', old_journal, 'journal_no', old_no,
    'occurred_at', 't.occurred_at - $1 * interval ''1 day''',
    'recorded_at', 't.recorded_at - $1 * interval ''1 day''',
    'business_date', 't.business_date - $1', 'posting_date', 't.posting_date - $1'), days);
  PERFORM growth.copy_rows('transaction.sale_lines', by_sale,
    jsonb_build_object('sale_id', old_sale), days);
  PERFORM growth.copy_rows('transaction.tenders', by_sale,
    jsonb_build_object('sale_id', old_sale), days);
  PERFORM growth.copy_rows('transaction.journal_entries',
    't.journal_id = ANY (b.journals) AND t.document_id BETWEEN b.first_sale AND b.last_sale',
    jsonb_build_object('journal_id', old_journal, 'journal_no', old_no,
      'document_id', 'growth.older(t.document_id, $1)',
      'recorded_at', 't.recorded_at - $1 * interval ''1 day'''), days);
  PERFORM growth.copy_rows('inventory.stock_movements',
    't.document_id BETWEEN b.first_sale AND b.last_sale',
    jsonb_build_object('document_id', 'growth.older(t.document_id, $1)',
      'occurred_at', 't.occurred_at - $1 * interval ''1 day''',
      'recorded_at', 't.recorded_at - $1 * interval ''1 day'''), days);
  PERFORM growth.copy_rows('reporting.fact_sales', 't.set_id = 1 AND ' || by_sale,
    jsonb_build_object(
    'sale_id', old_sale, 'journal_id', old_journal, 'journal_no', old_no,
    'occurred_at', 't.occurred_at - $1 * interval ''1 day''',
    'business_date', 't.business_date - $1'), days);
  FOREACH name IN ARRAY ARRAY['rollup_days', 'rollup_products', 'rollup_taxes'] LOOP
    PERFORM growth.copy_rows(('reporting.' || name)::regclass, 't.set_id = 1 AND ' || by_date,
      '{"business_date": "t.business_date - $1"}', days);
  END LOOP;
  PERFORM growth.copy_rows('reporting.rollup_hours', 't.set_id = 1 AND ' || by_date,
    '{"business_date": "t.business_date - $1",
      "hour_start": "t.hour_start - $1 * interval ''1 day''"}', days);
END $$;

-- The old journals stand where :days days brought them.
INSERT INTO transaction.journals (tenant_id, journal_id, store_id, register_id, device_id,
    generation, series, journal_no, receipt_no)
  SELECT tenant_id, md5(j.journal_id::text)::uuid, store_id, register_id, device_id,
    1000 + generation, series, :days * b.journal_no, :days * b.journal_no
  FROM growth.bounds AS b JOIN transaction.journals AS j USING (tenant_id)
  WHERE j.journal_id = ANY (b.journals);
