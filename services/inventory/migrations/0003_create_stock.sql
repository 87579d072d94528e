-- Stores as auth tells them, their stock locations, the ledger and the levels it adds up to (C-07,
-- C-08, C-11), and how far each journal of the transaction service was seen. Quick: new.
CREATE TABLE {{schema}}.stores (
  tenant_id     uuid    NOT NULL,
  store_id      uuid    NOT NULL,
  version       bigint  NOT NULL,
  name          text    NOT NULL,
  currency_code text    NOT NULL,
  archived      boolean NOT NULL,
  CONSTRAINT stores_pkey PRIMARY KEY (tenant_id, store_id)
);

-- No foreign key to stores: a sale may arrive before the news of its store.
CREATE TABLE {{schema}}.stock_locations (
  tenant_id   uuid     NOT NULL,
  location_id uuid     NOT NULL,
  store_id    uuid     NOT NULL,
  kind        smallint NOT NULL,
  name        text     NOT NULL,
  CONSTRAINT stock_locations_pkey PRIMARY KEY (tenant_id, location_id),
  CONSTRAINT stock_locations_kind_key UNIQUE (tenant_id, store_id, kind),
  CONSTRAINT stock_locations_kind_check CHECK (kind BETWEEN 1 AND 3)
);

-- No foreign key to variants: what happened is written down, whatever the catalogue says.
CREATE TABLE {{schema}}.stock_levels (
  tenant_id      uuid        NOT NULL,
  location_id    uuid        NOT NULL,
  variant_id     uuid        NOT NULL,
  on_hand_milli  bigint      NOT NULL DEFAULT 0,
  reserved_milli bigint      NOT NULL DEFAULT 0,
  updated_at     timestamptz NOT NULL,
  CONSTRAINT stock_levels_pkey PRIMARY KEY (tenant_id, location_id, variant_id),
  CONSTRAINT stock_levels_location_fkey FOREIGN KEY (tenant_id, location_id)
    REFERENCES {{schema}}.stock_locations (tenant_id, location_id),
  CONSTRAINT stock_levels_reserved_check CHECK (reserved_milli >= 0)
) WITH (fillfactor = 80);
CREATE INDEX stock_levels_variant_idx ON {{schema}}.stock_levels (tenant_id, variant_id);

-- Append-only: nobody may update or delete. The key is what makes an event that comes twice count
-- once. Its location is held by the foreign key of the level that moves with it.
CREATE TABLE {{schema}}.stock_movements (
  tenant_id      uuid        NOT NULL,
  document_id    uuid        NOT NULL,
  line_no        integer     NOT NULL,
  kind           smallint    NOT NULL,
  location_id    uuid        NOT NULL,
  variant_id     uuid        NOT NULL,
  quantity_milli bigint      NOT NULL,
  reason_code    text        NOT NULL DEFAULT '',
  actor_id       uuid,
  occurred_at    timestamptz NOT NULL,
  recorded_at    timestamptz NOT NULL,
  CONSTRAINT stock_movements_pkey PRIMARY KEY (tenant_id, document_id, line_no, kind),
  CONSTRAINT stock_movements_kind_check CHECK (kind BETWEEN 1 AND 3),
  CONSTRAINT stock_movements_quantity_check CHECK (quantity_milli <> 0)
);
CREATE INDEX stock_movements_location_idx ON {{schema}}.stock_movements
  (tenant_id, location_id, recorded_at, document_id, line_no, kind);
CREATE INDEX stock_movements_variant_idx ON {{schema}}.stock_movements
  (tenant_id, variant_id, recorded_at, document_id, line_no, kind);

CREATE TABLE {{schema}}.stock_adjustments (
  tenant_id     uuid        NOT NULL,
  adjustment_id uuid        NOT NULL,
  store_id      uuid        NOT NULL,
  location_id   uuid        NOT NULL,
  reason_code   text        NOT NULL,
  note          text        NOT NULL DEFAULT '',
  actor_id      uuid        NOT NULL,
  occurred_at   timestamptz NOT NULL,
  recorded_at   timestamptz NOT NULL,
  request_hash  bytea       NOT NULL,
  CONSTRAINT stock_adjustments_pkey PRIMARY KEY (tenant_id, adjustment_id),
  CONSTRAINT stock_adjustments_location_fkey FOREIGN KEY (tenant_id, location_id)
    REFERENCES {{schema}}.stock_locations (tenant_id, location_id)
);

-- Entries 1..contiguous_to were seen, and those in `ahead`.
CREATE TABLE {{schema}}.journal_progress (
  tenant_id     uuid     NOT NULL,
  journal_id    uuid     NOT NULL,
  contiguous_to bigint   NOT NULL,
  ahead         bigint[] NOT NULL DEFAULT '{}',
  CONSTRAINT journal_progress_pkey PRIMARY KEY (tenant_id, journal_id)
) WITH (fillfactor = 80);

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['stores', 'stock_locations', 'stock_levels', 'stock_movements',
                              'stock_adjustments', 'journal_progress'] LOOP
    EXECUTE format('ALTER TABLE {{schema}}.%I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE {{schema}}.%I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format($f$CREATE POLICY tenant ON {{schema}}.%I TO {{schema}}_rw
      USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
      WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)$f$, name);
    EXECUTE format($f$CREATE POLICY worker ON {{schema}}.%I
      TO {{schema}}_worker, {{schema}}_owner USING (true) WITH CHECK (true)$f$, name);
    EXECUTE format($f$CREATE POLICY reader ON {{schema}}.%I FOR SELECT
      TO {{schema}}_ro USING (true)$f$, name);
    EXECUTE format('GRANT SELECT ON {{schema}}.%I TO {{schema}}_ro', name);
  END LOOP;
END $$;

GRANT SELECT ON {{schema}}.stores TO {{schema}}_rw;
GRANT SELECT, INSERT ON {{schema}}.stock_movements, {{schema}}.stock_locations
  TO {{schema}}_rw, {{schema}}_worker;
GRANT SELECT, INSERT, UPDATE ON {{schema}}.stock_levels TO {{schema}}_rw, {{schema}}_worker;
GRANT SELECT, INSERT ON {{schema}}.stock_adjustments TO {{schema}}_rw;
GRANT SELECT ON {{schema}}.stock_adjustments TO {{schema}}_worker;
GRANT SELECT, INSERT, UPDATE ON {{schema}}.stores, {{schema}}.journal_progress
  TO {{schema}}_worker;
