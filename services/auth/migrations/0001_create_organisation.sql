-- Tenants, what is unique across them, and their stores, registers and devices.
-- New tables only: locks nothing, takes no time.

CREATE TABLE {{schema}}.tenants (
  tenant_id uuid PRIMARY KEY,
  version bigint NOT NULL CHECK (version > 0),
  name text NOT NULL,
  slug text NOT NULL,
  active boolean NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);

-- The only uniqueness that reaches across tenants, and the way from such a name to its tenant
-- before anybody is signed in. Holds no rights and no secrets, so it has no row-level security.
CREATE TABLE {{schema}}.directory (
  kind text NOT NULL CHECK (kind IN ('tenant_slug', 'email', 'device', 'api_key', 'receipt_token')),
  key text NOT NULL,
  tenant_id uuid NOT NULL,
  ref_id uuid NOT NULL,
  CONSTRAINT directory_pkey PRIMARY KEY (kind, key)
);

-- Where a row was made by a request with an id of its own, `request_hash` tells a repeat of that
-- request from another one with the same id.
CREATE TABLE {{schema}}.stores (
  tenant_id uuid NOT NULL REFERENCES {{schema}}.tenants,
  store_id uuid NOT NULL,
  version bigint NOT NULL CHECK (version > 0),
  code text NOT NULL,
  name text NOT NULL,
  time_zone text NOT NULL,
  currency_code text NOT NULL CHECK (currency_code ~ '^[A-Z]{3}$'),
  cutoff_minutes integer NOT NULL CHECK (cutoff_minutes BETWEEN 0 AND 1439),
  address_line1 text NOT NULL,
  address_line2 text NOT NULL,
  city text NOT NULL,
  region text NOT NULL,
  postal_code text NOT NULL,
  country_code text NOT NULL,
  receipt_header text NOT NULL,
  receipt_footer text NOT NULL,
  tax_number text NOT NULL,
  phone text NOT NULL,
  archived boolean NOT NULL,
  request_hash bytea NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT stores_pkey PRIMARY KEY (tenant_id, store_id),
  CONSTRAINT stores_code_key UNIQUE (tenant_id, code)
);

CREATE TABLE {{schema}}.registers (
  tenant_id uuid NOT NULL,
  register_id uuid NOT NULL,
  store_id uuid NOT NULL,
  version bigint NOT NULL CHECK (version > 0),
  code text NOT NULL,
  name text NOT NULL,
  active boolean NOT NULL,
  request_hash bytea NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT registers_pkey PRIMARY KEY (tenant_id, register_id),
  CONSTRAINT registers_code_key UNIQUE (tenant_id, store_id, code),
  CONSTRAINT registers_store_fkey FOREIGN KEY (tenant_id, store_id) REFERENCES {{schema}}.stores
);

CREATE TABLE {{schema}}.devices (
  tenant_id uuid NOT NULL,
  device_id uuid NOT NULL,
  store_id uuid NOT NULL,
  version bigint NOT NULL CHECK (version > 0),
  code text NOT NULL,
  name text NOT NULL,
  register_id uuid,
  public_key bytea,  -- uncompressed P-256 point; null until enrolled
  revoked_at timestamptz,
  request_hash bytea NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT devices_pkey PRIMARY KEY (tenant_id, device_id),
  CONSTRAINT devices_code_key UNIQUE (tenant_id, store_id, code),
  CONSTRAINT devices_store_fkey FOREIGN KEY (tenant_id, store_id) REFERENCES {{schema}}.stores,
  CONSTRAINT devices_register_fkey FOREIGN KEY (tenant_id, register_id)
    REFERENCES {{schema}}.registers
);

ALTER TABLE {{schema}}.tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE {{schema}}.tenants FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON {{schema}}.tenants TO {{schema}}_rw
  USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
  WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);
CREATE POLICY worker ON {{schema}}.tenants TO {{schema}}_worker, {{schema}}_owner
  USING (true) WITH CHECK (true);
CREATE POLICY reader ON {{schema}}.tenants FOR SELECT TO {{schema}}_ro USING (true);

ALTER TABLE {{schema}}.stores ENABLE ROW LEVEL SECURITY;
ALTER TABLE {{schema}}.stores FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON {{schema}}.stores TO {{schema}}_rw
  USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
  WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);
CREATE POLICY worker ON {{schema}}.stores TO {{schema}}_worker, {{schema}}_owner
  USING (true) WITH CHECK (true);
CREATE POLICY reader ON {{schema}}.stores FOR SELECT TO {{schema}}_ro USING (true);

ALTER TABLE {{schema}}.registers ENABLE ROW LEVEL SECURITY;
ALTER TABLE {{schema}}.registers FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON {{schema}}.registers TO {{schema}}_rw
  USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
  WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);
CREATE POLICY worker ON {{schema}}.registers TO {{schema}}_worker, {{schema}}_owner
  USING (true) WITH CHECK (true);
CREATE POLICY reader ON {{schema}}.registers FOR SELECT TO {{schema}}_ro USING (true);

ALTER TABLE {{schema}}.devices ENABLE ROW LEVEL SECURITY;
ALTER TABLE {{schema}}.devices FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON {{schema}}.devices TO {{schema}}_rw
  USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
  WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);
CREATE POLICY worker ON {{schema}}.devices TO {{schema}}_worker, {{schema}}_owner
  USING (true) WITH CHECK (true);
CREATE POLICY reader ON {{schema}}.devices FOR SELECT TO {{schema}}_ro USING (true);

GRANT SELECT, INSERT, UPDATE ON {{schema}}.tenants, {{schema}}.stores, {{schema}}.registers,
  {{schema}}.devices TO {{schema}}_rw;
GRANT SELECT, INSERT, DELETE ON {{schema}}.directory TO {{schema}}_rw;
GRANT SELECT ON {{schema}}.tenants, {{schema}}.stores, {{schema}}.registers, {{schema}}.devices
  TO {{schema}}_worker, {{schema}}_ro;
