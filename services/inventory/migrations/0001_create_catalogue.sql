-- Categories, products, variants, barcodes, prices with history, and the log of catalogue changes
-- (C-01..C-03, C-29). Every write of a tenant first locks its row of catalogue_versions, so
-- versions are dense and writers of one tenant never wait for each other in a circle. Quick: new.
CREATE TABLE {{schema}}.catalogue_versions (
  tenant_id uuid   NOT NULL,
  version   bigint NOT NULL DEFAULT 0,
  CONSTRAINT catalogue_versions_pkey PRIMARY KEY (tenant_id),
  CONSTRAINT catalogue_versions_version_check CHECK (version >= 0)
);

-- The state of a variant or category as of one version: the payload is the event that went out.
CREATE TABLE {{schema}}.catalogue_changes (
  tenant_id   uuid     NOT NULL,
  version     bigint   NOT NULL,
  is_category boolean  NOT NULL,
  entity_id   uuid     NOT NULL,
  payload     bytea    NOT NULL,
  CONSTRAINT catalogue_changes_pkey PRIMARY KEY (tenant_id, version)
);

CREATE TABLE {{schema}}.categories (
  tenant_id          uuid        NOT NULL,
  category_id        uuid        NOT NULL,
  version            bigint      NOT NULL,
  name               text        NOT NULL,
  parent_category_id uuid,
  archived           boolean     NOT NULL DEFAULT false,
  created_at         timestamptz NOT NULL,
  updated_at         timestamptz NOT NULL,
  created_version    bigint      NOT NULL,
  request_hash       bytea       NOT NULL,
  CONSTRAINT categories_pkey PRIMARY KEY (tenant_id, category_id),
  CONSTRAINT categories_parent_fkey FOREIGN KEY (tenant_id, parent_category_id)
    REFERENCES {{schema}}.categories (tenant_id, category_id),
  CONSTRAINT categories_name_check CHECK (name <> '')
);
CREATE INDEX categories_name_idx ON {{schema}}.categories (tenant_id, name, category_id);

CREATE TABLE {{schema}}.products (
  tenant_id       uuid        NOT NULL,
  product_id      uuid        NOT NULL,
  version         bigint      NOT NULL DEFAULT 1,
  name            text        NOT NULL,
  description     text        NOT NULL DEFAULT '',
  category_id     uuid,
  tax_category    text        NOT NULL,
  archived        boolean     NOT NULL DEFAULT false,
  created_at      timestamptz NOT NULL,
  updated_at      timestamptz NOT NULL,
  -- Catalogue version of its first variant as it was made; the others follow.
  created_version bigint      NOT NULL,
  request_hash    bytea       NOT NULL,
  CONSTRAINT products_pkey PRIMARY KEY (tenant_id, product_id),
  CONSTRAINT products_category_fkey FOREIGN KEY (tenant_id, category_id)
    REFERENCES {{schema}}.categories (tenant_id, category_id),
  CONSTRAINT products_name_check CHECK (name <> '')
);
CREATE INDEX products_name_idx ON {{schema}}.products (tenant_id, name, product_id);
CREATE INDEX products_category_idx
  ON {{schema}}.products (tenant_id, category_id, name, product_id);

CREATE TABLE {{schema}}.variants (
  tenant_id             uuid        NOT NULL,
  variant_id            uuid        NOT NULL,
  product_id            uuid        NOT NULL,
  position              integer     NOT NULL,
  version               bigint      NOT NULL,
  sku                   text        COLLATE "C" NOT NULL,
  name                  text        NOT NULL DEFAULT '',
  option_names          text[]      NOT NULL DEFAULT '{}',
  option_values         text[]      NOT NULL DEFAULT '{}',
  stocked               boolean     NOT NULL DEFAULT true,
  negative_stock_policy smallint    NOT NULL DEFAULT 2,
  archived              boolean     NOT NULL DEFAULT false,
  created_at            timestamptz NOT NULL,
  updated_at            timestamptz NOT NULL,
  created_version       bigint      NOT NULL,
  -- Of the request that added it to a product; null when it came with the product.
  request_hash          bytea,
  CONSTRAINT variants_pkey PRIMARY KEY (tenant_id, variant_id),
  CONSTRAINT variants_sku_key UNIQUE (tenant_id, sku),
  CONSTRAINT variants_product_key UNIQUE (tenant_id, product_id, position),
  CONSTRAINT variants_product_fkey FOREIGN KEY (tenant_id, product_id)
    REFERENCES {{schema}}.products (tenant_id, product_id),
  CONSTRAINT variants_policy_check CHECK (negative_stock_policy BETWEEN 1 AND 3)
);
CREATE INDEX variants_version_idx ON {{schema}}.variants (tenant_id, version);

-- lookup_key is the same for all ways to write one code (domain/barcode.h).
CREATE TABLE {{schema}}.barcodes (
  tenant_id  uuid     NOT NULL,
  lookup_key text     COLLATE "C" NOT NULL,
  variant_id uuid     NOT NULL,
  position   integer  NOT NULL,
  code       text     NOT NULL,
  symbology  smallint NOT NULL,
  CONSTRAINT barcodes_pkey PRIMARY KEY (tenant_id, lookup_key),
  CONSTRAINT barcodes_variant_fkey FOREIGN KEY (tenant_id, variant_id)
    REFERENCES {{schema}}.variants (tenant_id, variant_id)
);
CREATE INDEX barcodes_variant_idx ON {{schema}}.barcodes (tenant_id, variant_id, position);

-- The nil store stands for every store. A price is never changed, only ended and followed.
CREATE TABLE {{schema}}.prices (
  tenant_id     uuid        NOT NULL,
  variant_id    uuid        NOT NULL,
  from_version  bigint      NOT NULL,
  store_id      uuid        NOT NULL,
  currency_code text        NOT NULL,
  amount_minor  bigint      NOT NULL,
  price_per     bigint      NOT NULL,
  to_version    bigint,
  valid_from    timestamptz NOT NULL,
  valid_to      timestamptz,
  actor_id      uuid        NOT NULL,
  CONSTRAINT prices_pkey PRIMARY KEY (tenant_id, variant_id, from_version, store_id, currency_code),
  CONSTRAINT prices_variant_fkey FOREIGN KEY (tenant_id, variant_id)
    REFERENCES {{schema}}.variants (tenant_id, variant_id),
  CONSTRAINT prices_amount_check CHECK (amount_minor >= 0),
  CONSTRAINT prices_per_check CHECK (price_per BETWEEN 1 AND 1000000),
  CONSTRAINT prices_period_check CHECK (to_version > from_version)
);
CREATE UNIQUE INDEX prices_current_key
  ON {{schema}}.prices (tenant_id, variant_id, store_id, currency_code) WHERE to_version IS NULL;

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['catalogue_versions', 'catalogue_changes', 'categories', 'products',
                              'variants', 'barcodes', 'prices'] LOOP
    EXECUTE format('ALTER TABLE {{schema}}.%I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE {{schema}}.%I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format($f$CREATE POLICY tenant ON {{schema}}.%I TO {{schema}}_rw
      USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
      WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)$f$, name);
    EXECUTE format($f$CREATE POLICY worker ON {{schema}}.%I
      TO {{schema}}_worker, {{schema}}_owner USING (true) WITH CHECK (true)$f$, name);
    EXECUTE format($f$CREATE POLICY reader ON {{schema}}.%I FOR SELECT
      TO {{schema}}_ro USING (true)$f$, name);
    EXECUTE format('GRANT SELECT ON {{schema}}.%I TO {{schema}}_worker, {{schema}}_ro', name);
  END LOOP;
END $$;

GRANT SELECT, INSERT ON {{schema}}.catalogue_changes TO {{schema}}_rw;
GRANT SELECT, INSERT, UPDATE ON {{schema}}.catalogue_versions, {{schema}}.categories,
  {{schema}}.products, {{schema}}.variants TO {{schema}}_rw;
GRANT SELECT, INSERT, DELETE ON {{schema}}.barcodes TO {{schema}}_rw;
GRANT SELECT, INSERT, UPDATE (to_version, valid_to) ON {{schema}}.prices TO {{schema}}_rw;
