-- People, their passwords and roles, their sessions, and the first administrator.
-- New tables only: locks nothing, takes no time.

CREATE TABLE {{schema}}.staff (
  tenant_id uuid NOT NULL REFERENCES {{schema}}.tenants,
  staff_id uuid NOT NULL,
  version bigint NOT NULL CHECK (version > 0),
  display_name text NOT NULL,
  email text,  -- normalised; unique through the directory
  active boolean NOT NULL,
  password_hash text,  -- argon2id, PHC string; null = no sign-in
  password_change_required boolean NOT NULL,
  -- Tokens issued earlier do not count; a new one never claims to be older.
  not_before timestamptz NOT NULL,
  request_hash bytea NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT staff_pkey PRIMARY KEY (tenant_id, staff_id)
);

CREATE TABLE {{schema}}.roles (
  tenant_id uuid NOT NULL REFERENCES {{schema}}.tenants,
  role_id uuid NOT NULL,
  version bigint NOT NULL CHECK (version > 0),
  name text NOT NULL,
  built_in text CHECK (built_in IN ('admin', 'manager', 'cashier')),
  permissions integer[] NOT NULL,  -- empty for a built-in role: its permissions are in the program
  request_hash bytea NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT roles_pkey PRIMARY KEY (tenant_id, role_id),
  CONSTRAINT roles_name_key UNIQUE (tenant_id, name)
);

CREATE TABLE {{schema}}.staff_grants (
  tenant_id uuid NOT NULL,
  staff_id uuid NOT NULL,
  role_id uuid NOT NULL,
  all_stores boolean NOT NULL,
  store_ids uuid[] NOT NULL,
  CONSTRAINT staff_grants_pkey PRIMARY KEY (tenant_id, staff_id, role_id),
  CONSTRAINT staff_grants_staff_fkey FOREIGN KEY (tenant_id, staff_id) REFERENCES {{schema}}.staff,
  CONSTRAINT staff_grants_role_fkey FOREIGN KEY (tenant_id, role_id) REFERENCES {{schema}}.roles,
  CONSTRAINT staff_grants_scope CHECK (all_stores = (cardinality(store_ids) = 0))
);
CREATE INDEX staff_grants_role ON {{schema}}.staff_grants (tenant_id, role_id);

CREATE TABLE {{schema}}.sessions (
  tenant_id uuid NOT NULL,
  session_id uuid NOT NULL,
  staff_id uuid NOT NULL,
  created_at timestamptz NOT NULL,
  last_used_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz,
  revoke_reason text,
  client_ip text NOT NULL,
  user_agent text NOT NULL,
  CONSTRAINT sessions_pkey PRIMARY KEY (tenant_id, session_id),
  CONSTRAINT sessions_staff_fkey FOREIGN KEY (tenant_id, staff_id) REFERENCES {{schema}}.staff
);
CREATE INDEX sessions_staff ON {{schema}}.sessions (tenant_id, staff_id, created_at);

-- Every refresh token a session ever had, so that the use of an old one is noticed.
CREATE TABLE {{schema}}.refresh_tokens (
  tenant_id uuid NOT NULL,
  token_hash bytea NOT NULL,  -- SHA-256
  session_id uuid NOT NULL,
  used_at timestamptz,
  CONSTRAINT refresh_tokens_pkey PRIMARY KEY (tenant_id, token_hash),
  CONSTRAINT refresh_tokens_session_fkey FOREIGN KEY (tenant_id, session_id)
    REFERENCES {{schema}}.sessions ON DELETE CASCADE
);
CREATE INDEX refresh_tokens_session ON {{schema}}.refresh_tokens (tenant_id, session_id);

-- Ended sessions and raised not_before times for as long as a token from before could live.
CREATE TABLE {{schema}}.revocations (
  tenant_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('session', 'subject')),
  ref_id uuid NOT NULL,
  not_before timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  CONSTRAINT revocations_pkey PRIMARY KEY (tenant_id, kind, ref_id)
);

-- Failed sign-ins by hash of the address, whether it belongs to somebody or not: there is no tenant
-- before it is known, and an unknown address must behave like a known one.
CREATE TABLE {{schema}}.login_failures (
  account_hash bytea PRIMARY KEY,
  failures integer NOT NULL,
  last_failed_at timestamptz NOT NULL,
  locked_until timestamptz
);

-- When the installation's one-time secrets were first seen, and that one of them was used.
CREATE TABLE {{schema}}.bootstrap_secrets (
  secret_hash bytea PRIMARY KEY,
  first_seen_at timestamptz NOT NULL
);
CREATE TABLE {{schema}}.bootstrap (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  tenant_id uuid NOT NULL,
  staff_id uuid NOT NULL,
  done_at timestamptz NOT NULL
);

ALTER TABLE {{schema}}.staff ENABLE ROW LEVEL SECURITY;
ALTER TABLE {{schema}}.staff FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON {{schema}}.staff TO {{schema}}_rw
  USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
  WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);
CREATE POLICY worker ON {{schema}}.staff TO {{schema}}_worker, {{schema}}_owner
  USING (true) WITH CHECK (true);
CREATE POLICY reader ON {{schema}}.staff FOR SELECT TO {{schema}}_ro USING (true);

ALTER TABLE {{schema}}.roles ENABLE ROW LEVEL SECURITY;
ALTER TABLE {{schema}}.roles FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON {{schema}}.roles TO {{schema}}_rw
  USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
  WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);
CREATE POLICY worker ON {{schema}}.roles TO {{schema}}_worker, {{schema}}_owner
  USING (true) WITH CHECK (true);
CREATE POLICY reader ON {{schema}}.roles FOR SELECT TO {{schema}}_ro USING (true);

ALTER TABLE {{schema}}.staff_grants ENABLE ROW LEVEL SECURITY;
ALTER TABLE {{schema}}.staff_grants FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON {{schema}}.staff_grants TO {{schema}}_rw
  USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
  WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);
CREATE POLICY worker ON {{schema}}.staff_grants TO {{schema}}_worker, {{schema}}_owner
  USING (true) WITH CHECK (true);
CREATE POLICY reader ON {{schema}}.staff_grants FOR SELECT TO {{schema}}_ro USING (true);

ALTER TABLE {{schema}}.sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE {{schema}}.sessions FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON {{schema}}.sessions TO {{schema}}_rw
  USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
  WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);
CREATE POLICY worker ON {{schema}}.sessions TO {{schema}}_worker, {{schema}}_owner
  USING (true) WITH CHECK (true);
CREATE POLICY reader ON {{schema}}.sessions FOR SELECT TO {{schema}}_ro USING (true);

ALTER TABLE {{schema}}.refresh_tokens ENABLE ROW LEVEL SECURITY;
ALTER TABLE {{schema}}.refresh_tokens FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON {{schema}}.refresh_tokens TO {{schema}}_rw
  USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
  WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);
CREATE POLICY worker ON {{schema}}.refresh_tokens TO {{schema}}_worker, {{schema}}_owner
  USING (true) WITH CHECK (true);
CREATE POLICY reader ON {{schema}}.refresh_tokens FOR SELECT TO {{schema}}_ro USING (true);

ALTER TABLE {{schema}}.revocations ENABLE ROW LEVEL SECURITY;
ALTER TABLE {{schema}}.revocations FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON {{schema}}.revocations TO {{schema}}_rw
  USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
  WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);
CREATE POLICY worker ON {{schema}}.revocations TO {{schema}}_worker, {{schema}}_owner
  USING (true) WITH CHECK (true);
CREATE POLICY reader ON {{schema}}.revocations FOR SELECT TO {{schema}}_ro USING (true);

GRANT SELECT, INSERT, UPDATE ON {{schema}}.staff, {{schema}}.sessions, {{schema}}.refresh_tokens,
  {{schema}}.revocations TO {{schema}}_rw;
GRANT SELECT, INSERT, UPDATE, DELETE ON {{schema}}.roles, {{schema}}.staff_grants,
  {{schema}}.login_failures TO {{schema}}_rw;
GRANT SELECT, INSERT ON {{schema}}.bootstrap_secrets, {{schema}}.bootstrap TO {{schema}}_rw;
-- The sweep, and the list of revocations of all tenants. No worker reads a password hash.
GRANT SELECT, DELETE ON {{schema}}.sessions, {{schema}}.refresh_tokens, {{schema}}.revocations,
  {{schema}}.login_failures TO {{schema}}_worker;
GRANT SELECT (tenant_id, staff_id, version, display_name, active, created_at, updated_at)
  ON {{schema}}.staff TO {{schema}}_ro;
GRANT SELECT ON {{schema}}.roles, {{schema}}.staff_grants TO {{schema}}_ro;
