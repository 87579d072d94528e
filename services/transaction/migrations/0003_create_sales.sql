-- The truth of every sale. A document (sale, return, tombstone) is a row of sales with its lines
-- and tenders, written together with its journal entry by record_documents (0004) and never changed
-- afterwards, except for what has been returned of a line.

CREATE TABLE journals (
  tenant_id uuid NOT NULL,
  journal_id uuid NOT NULL,
  store_id uuid NOT NULL,
  register_id uuid NOT NULL,
  device_id uuid NOT NULL,              -- nil: the register's server journal
  generation integer NOT NULL CHECK (generation >= 1),
  series text NOT NULL CHECK (series IN ('SALES', 'TRAINING')),
  journal_no bigint NOT NULL DEFAULT 0,
  receipt_no bigint NOT NULL DEFAULT 0,
  z_no bigint NOT NULL DEFAULT 0,
  grand_total bigint NOT NULL DEFAULT 0,
  hash bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex') CHECK (length(hash) = 32),
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, journal_id),
  CONSTRAINT journals_owner_key UNIQUE (tenant_id, register_id, device_id, generation, series)
) WITH (fillfactor = 50);
CREATE INDEX journals_by_store ON journals (tenant_id, store_id);

CREATE TABLE journal_entries (
  tenant_id uuid NOT NULL,
  journal_id uuid NOT NULL,
  journal_no bigint NOT NULL CHECK (journal_no >= 1),
  kind text NOT NULL,
  document_id uuid NOT NULL,
  line_count integer NOT NULL,
  payload bytea NOT NULL,               -- canonical JSON (libs/journal/entry.h)
  hash bytea NOT NULL CHECK (length(hash) = 32),
  signature bytea,                      -- of the device over `hash`
  state text NOT NULL DEFAULT 'ACCEPTED' CHECK (state IN ('ACCEPTED', 'QUARANTINED')),
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, journal_id, journal_no)
);
-- lz4 halves a basket's payload for a tenth of pglz's time.
ALTER TABLE journal_entries ALTER COLUMN payload SET COMPRESSION lz4;

CREATE TABLE sales (
  tenant_id uuid NOT NULL,
  sale_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('SALE', 'RETURN', 'ABANDONED')),
  fingerprint bytea NOT NULL,           -- SHA-256 of the request, tells a replay from a conflict
  store_id uuid NOT NULL,
  register_id uuid NOT NULL,
  operator_id uuid,
  device_id uuid,
  journal_id uuid NOT NULL,
  journal_no bigint NOT NULL,
  receipt_no bigint,
  receipt_number text NOT NULL,
  series text NOT NULL,
  currency_code text NOT NULL,
  gross bigint NOT NULL,
  discount bigint NOT NULL,
  net bigint NOT NULL,
  tax bigint NOT NULL,
  total bigint NOT NULL,
  cash_rounding bigint NOT NULL,
  change bigint NOT NULL,
  taxes jsonb NOT NULL,                 -- [{"id", "name"}]: names as printed
  occurred_at timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL,
  business_date date NOT NULL,
  posting_date date NOT NULL,
  shift_id uuid,
  drawer_id uuid,
  approval_ids uuid[],
  catalogue_version bigint NOT NULL,
  exceptions text[],                    -- what a manager should look at: CLOCK, ...
  fiscal_provider text,
  fiscal_version text,
  fiscal_evidence bytea,                -- opaque to us
  fiscal_printable jsonb,
  fiscal_outage boolean,
  customer_ref uuid,
  source_sale_id uuid,
  reason_code text,
  order_reference text,
  note text,
  PRIMARY KEY (tenant_id, sale_id),
  CONSTRAINT sales_adds_up CHECK (net + tax = total),
  CONSTRAINT sales_not_negative CHECK (total >= 0 OR kind <> 'SALE' OR tax < 0)
);
CREATE INDEX sales_by_store ON sales (tenant_id, store_id, recorded_at, sale_id);
CREATE INDEX sales_by_source ON sales (tenant_id, source_sale_id) WHERE source_sale_id IS NOT NULL;

CREATE TABLE sale_lines (
  tenant_id uuid NOT NULL,
  sale_id uuid NOT NULL,
  line_no integer NOT NULL,
  variant_id uuid NOT NULL,
  sku text NOT NULL,
  name text NOT NULL,
  quantity_milli bigint NOT NULL CHECK (quantity_milli > 0),
  returned_milli bigint NOT NULL DEFAULT 0,
  price_per bigint NOT NULL,
  list_price bigint NOT NULL,
  unit_price bigint NOT NULL,
  gross bigint NOT NULL,
  discount bigint NOT NULL,             -- of the line's own discounts
  order_discount bigint NOT NULL,       -- its share of the order's (the allocation, features 5.4)
  net bigint NOT NULL,
  tax bigint NOT NULL,
  total bigint NOT NULL,
  taxes jsonb,                          -- allocation by tax, in order
  source_line_no integer,
  note text,
  PRIMARY KEY (tenant_id, sale_id, line_no),
  CONSTRAINT sale_lines_returned_at_most CHECK (returned_milli BETWEEN 0 AND quantity_milli),
  CONSTRAINT sale_lines_adds_up CHECK (net + tax = total)
) WITH (fillfactor = 90);

CREATE TABLE tenders (
  tenant_id uuid NOT NULL,
  sale_id uuid NOT NULL,
  tender_no integer NOT NULL,
  type text NOT NULL,
  applied bigint NOT NULL,
  tendered bigint NOT NULL,
  change bigint NOT NULL,
  rounding bigint NOT NULL,
  reference text,
  PRIMARY KEY (tenant_id, sale_id, tender_no),
  CONSTRAINT tenders_add_up CHECK (tendered - change = applied + rounding)
);
