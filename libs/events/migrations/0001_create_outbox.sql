-- The log of events of this schema (architecture section 7). Rows are inserted with the change they
-- tell of, read by the feed, dropped by the day; nobody updates or deletes one.
-- New tables only: locks nothing, takes no time.

-- Which life of the database this is. A position in the log is (generation, txid, seq); a restore
-- into another cluster or a promotion restarts txid, so it raises the generation. One row.
CREATE TABLE {{schema}}.feed_generation (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  generation integer NOT NULL CHECK (generation > 0),
  system_identifier text NOT NULL,
  timeline text NOT NULL,
  raised_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- Position of the newest event ever dropped: a cursor before it has missed something.
  pruned_generation integer NOT NULL DEFAULT 0,
  pruned_txid xid8 NOT NULL DEFAULT '0',
  pruned_seq bigint NOT NULL DEFAULT 0
);

INSERT INTO {{schema}}.feed_generation (generation, system_identifier, timeline)
SELECT 1, system_identifier::text, left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)
FROM pg_control_system();

-- Compares the stored cluster with the one we run on and raises the generation when it is another.
-- The timeline comes from the insert position: pg_control_checkpoint() lags after a promotion.
-- The session remembers what it saw, so that outbox_generation() need not read the control file for
-- each event; a session never outlives its cluster.
-- Above READ COMMITTED the row is locked: a writer whose snapshot is older than a raise must fail
-- rather than write an event of a generation that is closed.
CREATE FUNCTION {{schema}}.outbox_guard() RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  system_now text;
  timeline_now text;
  answer integer;
BEGIN
  IF pg_is_in_recovery() THEN
    RETURN (SELECT f.generation FROM {{schema}}.feed_generation f);
  END IF;
  SELECT c.system_identifier::text INTO system_now FROM pg_control_system() c;
  timeline_now := left(pg_walfile_name(pg_current_wal_insert_lsn()), 8);
  IF current_setting('transaction_isolation') = 'read committed' THEN
    SELECT f.generation INTO answer FROM {{schema}}.feed_generation f
    WHERE f.system_identifier = system_now AND f.timeline = timeline_now;
  ELSE
    SELECT f.generation INTO answer FROM {{schema}}.feed_generation f
    WHERE f.system_identifier = system_now AND f.timeline = timeline_now FOR SHARE;
  END IF;
  IF answer IS NULL THEN
    UPDATE {{schema}}.feed_generation f
    SET generation = f.generation + 1, system_identifier = system_now, timeline = timeline_now,
        raised_at = clock_timestamp()
    WHERE (f.system_identifier, f.timeline) <> (system_now, timeline_now)
    RETURNING f.generation INTO answer;
  END IF;
  IF answer IS NULL THEN  -- another session raised it while we waited for its row
    SELECT f.generation INTO answer FROM {{schema}}.feed_generation f;
  END IF;
  PERFORM set_config('cloudpos.cluster', system_now || ':' || timeline_now, false);
  RETURN answer;
END $$;

-- The generation for a row written now. Volatile: it must see a raise that committed while the
-- statement waited for the table (see outbox_raise_generation).
CREATE FUNCTION {{schema}}.outbox_generation() RETURNS integer
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  answer integer;
BEGIN
  IF current_setting('transaction_isolation') = 'read committed' THEN
    SELECT f.generation INTO answer FROM {{schema}}.feed_generation f
    WHERE f.system_identifier || ':' || f.timeline = current_setting('cloudpos.cluster', true);
  END IF;
  IF answer IS NULL THEN
    answer := {{schema}}.outbox_guard();
  END IF;
  RETURN answer;
END $$;

-- Raises the generation within one cluster (after its files were put back from a copy, say). Every
-- writer of an event holds ACCESS SHARE on the table until its end, so this waits for them: no
-- event of the old generation can commit after the raise, where a cursor would already have passed
-- it.
CREATE FUNCTION {{schema}}.outbox_raise_generation() RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  answer integer;
BEGIN
  LOCK TABLE {{schema}}.feed_generation IN ACCESS EXCLUSIVE MODE;
  UPDATE {{schema}}.feed_generation f
  SET generation = f.generation + 1, raised_at = clock_timestamp(),
      system_identifier = c.system_identifier::text,
      timeline = left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)
  FROM pg_control_system() c
  RETURNING f.generation INTO answer;
  RETURN answer;
END $$;

-- Equal to events::ShardOf: the last byte, random in every UUID we make.
CREATE FUNCTION {{schema}}.shard_of(tenant_id uuid) RETURNS smallint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT (get_byte(uuid_send(tenant_id), 15) & 63)::smallint
$$;

CREATE TABLE {{schema}}.outbox (
  day date NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')::date,
  event_id uuid NOT NULL,
  tenant_id uuid NOT NULL,
  shard smallint NOT NULL GENERATED ALWAYS AS ({{schema}}.shard_of(tenant_id)) STORED,
  aggregate_type text NOT NULL,
  aggregate_id text NOT NULL,
  event_type text NOT NULL,
  payload bytea,  -- null where the feed's own page query brings it
  traceparent text NOT NULL DEFAULT '',
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  generation integer NOT NULL DEFAULT {{schema}}.outbox_generation(),
  txid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  seq bigint NOT NULL GENERATED ALWAYS AS IDENTITY
) PARTITION BY RANGE (day);

CREATE INDEX outbox_position ON {{schema}}.outbox (generation, txid, seq);

-- Inserts never fail for want of a partition.
CREATE TABLE {{schema}}.outbox_default PARTITION OF {{schema}}.outbox DEFAULT;

ALTER TABLE {{schema}}.outbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE {{schema}}.outbox FORCE ROW LEVEL SECURITY;
ALTER TABLE {{schema}}.outbox_default ENABLE ROW LEVEL SECURITY;
REVOKE ALL ON {{schema}}.outbox, {{schema}}.outbox_default, {{schema}}.feed_generation
  FROM PUBLIC, {{schema}}_rw, {{schema}}_worker, {{schema}}_ro;
GRANT INSERT ON {{schema}}.outbox TO {{schema}}_rw;
GRANT INSERT, SELECT ON {{schema}}.outbox TO {{schema}}_worker;
GRANT SELECT ON {{schema}}.feed_generation TO {{schema}}_rw, {{schema}}_worker, {{schema}}_ro;
CREATE POLICY tenant ON {{schema}}.outbox FOR INSERT TO {{schema}}_rw
  WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);
CREATE POLICY worker ON {{schema}}.outbox TO {{schema}}_worker, {{schema}}_owner
  USING (true) WITH CHECK (true);
