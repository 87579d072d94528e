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

-- What a day's copy is made of lies apart: no copy reads the tables that grow, so the last day
-- takes as long as the first.
CREATE PROCEDURE growth.keep(source regclass, condition text) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE TABLE growth.%I AS SELECT t.* FROM growth.bounds AS b
    JOIN %s AS t USING (tenant_id) WHERE %s',
    (SELECT relname FROM pg_class WHERE oid = source), source, condition);
END $$;

DO $$
DECLARE
  by_sale CONSTANT text := 't.sale_id BETWEEN b.first_sale AND b.last_sale';
  by_document CONSTANT text := 't.document_id BETWEEN b.first_sale AND b.last_sale';
  by_date CONSTANT text := 't.set_id = 1 AND t.business_date = b.business_date';
  name text;
BEGIN
  CALL growth.keep('transaction.sales', by_sale || ' AND t.kind = ''SALE''');
  CALL growth.keep('transaction.sale_lines', by_sale);
  CALL growth.keep('transaction.tenders', by_sale);
  CALL growth.keep('transaction.journal_entries',
    't.journal_id = ANY (b.journals) AND ' || by_document);
  CALL growth.keep('inventory.stock_movements', by_document);
  CALL growth.keep('reporting.fact_sales', 't.set_id = 1 AND ' || by_sale);
  FOREACH name IN ARRAY ARRAY['rollup_days', 'rollup_products', 'rollup_taxes', 'rollup_hours'] LOOP
    CALL growth.keep(('reporting.' || name)::regclass, by_date);
  END LOOP;
END $$;

-- Copies what is kept of `target` into it; `changes`: expression by column, where $1 is the number
-- of days and b.* the bounds.
CREATE PROCEDURE growth.copy_rows(target regclass, changes jsonb, days integer)
LANGUAGE plpgsql AS $$
DECLARE
  columns text;
  expressions text;
BEGIN
  SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum),
      string_agg(coalesce(changes ->> attname, 't.' || quote_ident(attname)), ', ' ORDER BY attnum)
    INTO columns, expressions
    FROM pg_attribute
    WHERE attrelid = target AND attnum > 0 AND NOT attisdropped AND attgenerated = '';
  EXECUTE format('INSERT INTO %s (%s) SELECT %s FROM growth.bounds AS b
    JOIN growth.%I AS t USING (tenant_id)', target, columns, expressions,
    (SELECT relname FROM pg_class WHERE oid = target))
    USING days;
END $$;

CREATE PROCEDURE growth.copy_day(days integer) LANGUAGE plpgsql AS $$
DECLARE
  old_sale CONSTANT text := 'growth.older(t.sale_id, $1)';
  old_document CONSTANT text := 'growth.older(t.document_id, $1)';
  old_journal CONSTANT text := 'md5(t.journal_id::text)::uuid';
  old_no CONSTANT text := '($1 - 1) * b.journal_no + t.journal_no';
  old_occurred CONSTANT text := 't.occurred_at - $1 * interval ''1 day''';
  old_recorded CONSTANT text := 't.recorded_at - $1 * interval ''1 day''';
  old_date CONSTANT text := 't.business_date - $1';
  name text;
BEGIN
  CALL growth.copy_rows('transaction.sales', jsonb_build_object(
    'sale_id', old_sale, 'journal_id', old_journal, 'journal_no', old_no,
    'occurred_at', old_occurred, 'recorded_at', old_recorded,
    'business_date', old_date, 'posting_date', 't.posting_date - $1'), days);
  CALL growth.copy_rows('transaction.sale_lines', jsonb_build_object('sale_id', old_sale), days);
  CALL growth.copy_rows('transaction.tenders', jsonb_build_object('sale_id', old_sale), days);
  CALL growth.copy_rows('transaction.journal_entries', jsonb_build_object(
    'journal_id', old_journal, 'journal_no', old_no, 'document_id', old_document,
    'recorded_at', old_recorded), days);
  CALL growth.copy_rows('inventory.stock_movements', jsonb_build_object(
    'document_id', old_document, 'occurred_at', old_occurred, 'recorded_at', old_recorded), days);
  CALL growth.copy_rows('reporting.fact_sales', jsonb_build_object(
    'sale_id', old_sale, 'journal_id', old_journal, 'journal_no', old_no,
    'occurred_at', old_occurred, 'business_date', old_date), days);
  FOREACH name IN ARRAY ARRAY['rollup_days', 'rollup_products', 'rollup_taxes'] LOOP
    CALL growth.copy_rows(('reporting.' || name)::regclass,
      jsonb_build_object('business_date', old_date), days);
  END LOOP;
  CALL growth.copy_rows('reporting.rollup_hours', jsonb_build_object(
    'business_date', old_date, 'hour_start', 't.hour_start - $1 * interval ''1 day'''), days);
END $$;

-- The old journals stand where :days days brought them.
INSERT INTO transaction.journals (tenant_id, journal_id, store_id, register_id, device_id,
    generation, series, journal_no, receipt_no)
  SELECT tenant_id, md5(j.journal_id::text)::uuid, store_id, register_id, device_id,
    1000 + generation, series, :days * b.journal_no, :days * b.journal_no
  FROM growth.bounds AS b JOIN transaction.journals AS j USING (tenant_id)
  WHERE j.journal_id = ANY (b.journals);
