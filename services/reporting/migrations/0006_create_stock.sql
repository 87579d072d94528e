-- What is on hand, for the dashboard (R-07): adjustments and movements of stocked lines added up,
-- and how variants are called. Needed from the version that shows stock. New tables only.

CREATE TABLE {{schema}}.variants (
  tenant_id  uuid     NOT NULL,
  set_id     smallint NOT NULL,
  variant_id uuid     NOT NULL,
  version    bigint   NOT NULL,
  sku        text     NOT NULL,
  name       text     NOT NULL,
  stocked    boolean  NOT NULL,
  archived   boolean  NOT NULL,
  CONSTRAINT variants_pkey PRIMARY KEY (tenant_id, set_id, variant_id)
) PARTITION BY LIST (set_id);

CREATE TABLE {{schema}}.rollup_stock (
  tenant_id     uuid     NOT NULL,
  set_id        smallint NOT NULL,
  store_id      uuid     NOT NULL,
  variant_id    uuid     NOT NULL,
  on_hand_milli bigint   NOT NULL,
  CONSTRAINT rollup_stock_pkey PRIMARY KEY (tenant_id, set_id, store_id, variant_id)
) PARTITION BY LIST (set_id);

-- As in 0005.
DO $block$
DECLARE
  t text;
  part text;
BEGIN
  FOREACH t IN ARRAY ARRAY['variants', 'rollup_stock'] LOOP
    EXECUTE format('ALTER TABLE {{schema}}.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE {{schema}}.%I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant ON {{schema}}.%I FOR SELECT TO {{schema}}_rw
      USING (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::uuid)', t);
    EXECUTE format('CREATE POLICY worker ON {{schema}}.%I TO {{schema}}_worker, {{schema}}_owner
      USING (true) WITH CHECK (true)', t);
    EXECUTE format('CREATE POLICY reader ON {{schema}}.%I FOR SELECT TO {{schema}}_ro
      USING (true)', t);
    EXECUTE format('GRANT SELECT ON {{schema}}.%I TO {{schema}}_rw, {{schema}}_ro', t);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON {{schema}}.%I TO {{schema}}_worker', t);
    FOR set_no IN 1..2 LOOP
      part := t || '_' || set_no;
      EXECUTE format('CREATE TABLE {{schema}}.%I PARTITION OF {{schema}}.%I FOR VALUES IN (%s)
        WITH (fillfactor = 70)', part, t, set_no);
      EXECUTE format('ALTER TABLE {{schema}}.%I ENABLE ROW LEVEL SECURITY', part);
      EXECUTE format('GRANT TRUNCATE ON {{schema}}.%I TO {{schema}}_worker', part);
    END LOOP;
  END LOOP;
END
$block$;
