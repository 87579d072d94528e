-- Who reads this schema's log, what this schema has read of others' logs, and what it could not
-- apply. New tables: takes no time.

-- Producer side: how far each consumer says it has come. Decides what may be dropped.
CREATE TABLE {{schema}}.consumer_acks (
  consumer text PRIMARY KEY,
  cursor bytea NOT NULL,
  seen_at timestamptz NOT NULL
);

-- Consumer side: where to go on. The row's lock makes one consumer of many, and its value is the
-- fence: a batch counts only while the cursor is the one it was pulled from.
CREATE TABLE {{schema}}.consumer_cursors (
  name text PRIMARY KEY,
  cursor bytea NOT NULL,
  updated_at timestamptz NOT NULL
);

-- Events that could not be applied, and those of the same key that came after them; in order of
-- parked_no.
CREATE TABLE {{schema}}.dead_letter (
  tenant_id uuid NOT NULL,
  cursor_name text NOT NULL,
  aggregate_type text NOT NULL,
  aggregate_id text NOT NULL,
  event_id uuid NOT NULL,
  parked_no bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  event_type text NOT NULL,
  event bytea NOT NULL,  -- cloudpos.common.v1.Event
  error text NOT NULL,
  parked_at timestamptz NOT NULL,
  attempts integer NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, cursor_name, aggregate_type, aggregate_id, event_id)
);

ALTER TABLE {{schema}}.dead_letter ENABLE ROW LEVEL SECURITY;
ALTER TABLE {{schema}}.dead_letter FORCE ROW LEVEL SECURITY;
REVOKE ALL ON {{schema}}.consumer_acks, {{schema}}.consumer_cursors, {{schema}}.dead_letter
  FROM PUBLIC, {{schema}}_rw, {{schema}}_worker, {{schema}}_ro;
GRANT SELECT, INSERT, UPDATE, DELETE
  ON {{schema}}.consumer_acks, {{schema}}.consumer_cursors, {{schema}}.dead_letter
  TO {{schema}}_worker;
GRANT SELECT ON {{schema}}.consumer_acks, {{schema}}.consumer_cursors TO {{schema}}_ro;
CREATE POLICY worker ON {{schema}}.dead_letter TO {{schema}}_worker, {{schema}}_owner
  USING (true) WITH CHECK (true);
