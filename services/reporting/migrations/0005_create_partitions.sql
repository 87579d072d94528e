-- Partitions of both sets, and who may do what: requests read one tenant, the worker writes all.
-- Partitions are reached through their parents only (row-level security without a policy shows
-- nothing), except to be emptied. New tables only.
DO $block$
DECLARE
  t text;
  part text;
  free integer;
BEGIN
  FOREACH t IN ARRAY ARRAY['stores', 'registers', 'products', 'categories', 'journals',
      'fact_sales', 'fact_lines', 'fact_taxes', 'fact_tenders', 'fact_corrections',
      'rollup_days', 'rollup_hours', 'rollup_products', 'rollup_customers', 'rollup_taxes'] LOOP
    EXECUTE format('ALTER TABLE {{schema}}.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE {{schema}}.%I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant ON {{schema}}.%I FOR SELECT TO {{schema}}_rw
      USING (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::uuid)', t);
    EXECUTE format('CREATE POLICY worker ON {{schema}}.%I TO {{schema}}_worker, {{schema}}_owner
      USING (true) WITH CHECK (true)', t);
    EXECUTE format('CREATE POLICY reader ON {{schema}}.%I FOR SELECT TO {{schema}}_ro
      USING (true)', t);
    EXECUTE format('GRANT SELECT ON {{schema}}.%I TO {{schema}}_rw, {{schema}}_ro', t);
    IF t LIKE 'fact_%' THEN
      EXECUTE format('GRANT SELECT, INSERT ON {{schema}}.%I TO {{schema}}_worker', t);
      free := 100;
    ELSE
      EXECUTE format('GRANT SELECT, INSERT, UPDATE ON {{schema}}.%I TO {{schema}}_worker', t);
      free := 70;  -- rows are updated often: room for the new version beside the old one
    END IF;
    FOR set_no IN 1..2 LOOP
      part := t || '_' || set_no;
      EXECUTE format('CREATE TABLE {{schema}}.%I PARTITION OF {{schema}}.%I FOR VALUES IN (%s)
        WITH (fillfactor = %s)', part, t, set_no, free);
      EXECUTE format('ALTER TABLE {{schema}}.%I ENABLE ROW LEVEL SECURITY', part);
      EXECUTE format('GRANT TRUNCATE ON {{schema}}.%I TO {{schema}}_worker', part);
    END LOOP;
  END LOOP;
END
$block$;
