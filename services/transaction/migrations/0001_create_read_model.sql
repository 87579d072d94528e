-- What the checkout must know of other services' data, fed by their events (architecture 6):
-- stores, registers and devices from auth, the catalogue with its history from inventory. Rows keep
-- the highest version seen; catalogue_variants keeps every version, so that a late offline sale can
-- be priced with what was true then.

CREATE TABLE read_model_versions (
  tenant_id uuid PRIMARY KEY,
  catalogue_version bigint NOT NULL DEFAULT 0,
  -- Counts the batches applied to the catalogue: what caches compare, since versions may arrive out
  -- of order.
  catalogue_applied bigint NOT NULL DEFAULT 0,
  -- Raised with every change of stores, registers, devices, taxes and policies: caches compare it.
  settings_version bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 70);

CREATE TABLE stores (
  tenant_id uuid NOT NULL,
  store_id uuid NOT NULL,
  version bigint NOT NULL,
  name text NOT NULL,
  code text NOT NULL,
  time_zone text NOT NULL,
  currency_code text NOT NULL,
  cutoff_minutes integer NOT NULL,
  address text NOT NULL,
  receipt_header text NOT NULL,
  receipt_footer text NOT NULL,
  tax_number text NOT NULL,
  archived boolean NOT NULL,
  PRIMARY KEY (tenant_id, store_id)
);

CREATE TABLE registers (
  tenant_id uuid NOT NULL,
  register_id uuid NOT NULL,
  version bigint NOT NULL,
  store_id uuid NOT NULL,
  name text NOT NULL,
  code text NOT NULL,
  active boolean NOT NULL,
  PRIMARY KEY (tenant_id, register_id)
);

CREATE TABLE devices (
  tenant_id uuid NOT NULL,
  device_id uuid NOT NULL,
  version bigint NOT NULL,
  store_id uuid NOT NULL,
  register_id uuid,
  code text NOT NULL,
  public_key bytea NOT NULL,
  revoked boolean NOT NULL,
  PRIMARY KEY (tenant_id, device_id)
);

CREATE TABLE catalogue_variants (
  tenant_id uuid NOT NULL,
  variant_id uuid NOT NULL,
  version bigint NOT NULL,
  product_id uuid NOT NULL,
  sku text NOT NULL,
  name text NOT NULL,
  category_id uuid,
  tax_category text NOT NULL,
  stocked boolean NOT NULL,
  archived boolean NOT NULL,
  -- [{"storeId"?, "currency", "amount", "per"}]
  prices jsonb NOT NULL,
  applied bigint NOT NULL,  -- read_model_versions.catalogue_applied when it came
  PRIMARY KEY (tenant_id, variant_id, version)
);
CREATE INDEX catalogue_variants_by_applied ON catalogue_variants (tenant_id, applied);
