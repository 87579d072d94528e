-- The audit log of the whole suite. Rows are only ever added: nobody but the owner may change one,
-- and a trigger stops the owner's slips too.
-- New table only: locks nothing, takes no time.

CREATE TABLE {{schema}}.audit_events (
  tenant_id uuid NOT NULL,
  audit_id uuid NOT NULL,
  occurred_at timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL,
  service text NOT NULL,
  action text NOT NULL,
  actor_id uuid,
  session_id uuid,
  subject_type text NOT NULL,
  subject_id text NOT NULL,
  store_id uuid,
  client_ip text NOT NULL,
  before jsonb,
  after jsonb,
  request_id text NOT NULL,
  CONSTRAINT audit_events_pkey PRIMARY KEY (tenant_id, audit_id)
);
CREATE INDEX audit_events_time ON {{schema}}.audit_events (tenant_id, occurred_at, audit_id);
CREATE INDEX audit_events_subject
  ON {{schema}}.audit_events (tenant_id, subject_type, subject_id, occurred_at);

CREATE FUNCTION {{schema}}.refuse_audit_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  RAISE EXCEPTION 'audit rows are never changed';
END $$;
REVOKE ALL ON FUNCTION {{schema}}.refuse_audit_change() FROM PUBLIC;
CREATE TRIGGER audit_events_are_final BEFORE UPDATE OR DELETE OR TRUNCATE
  ON {{schema}}.audit_events FOR EACH STATEMENT EXECUTE FUNCTION {{schema}}.refuse_audit_change();

ALTER TABLE {{schema}}.audit_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE {{schema}}.audit_events FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON {{schema}}.audit_events TO {{schema}}_rw
  USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
  WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);
CREATE POLICY worker ON {{schema}}.audit_events TO {{schema}}_worker, {{schema}}_owner
  USING (true) WITH CHECK (true);
CREATE POLICY reader ON {{schema}}.audit_events FOR SELECT TO {{schema}}_ro USING (true);

GRANT SELECT, INSERT ON {{schema}}.audit_events TO {{schema}}_rw, {{schema}}_worker;
GRANT SELECT ON {{schema}}.audit_events TO {{schema}}_ro;
