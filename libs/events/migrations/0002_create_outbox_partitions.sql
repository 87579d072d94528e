-- Partitions of the outbox, made ahead and dropped by the feed's maintenance. The worker role has
-- no right to change tables: these functions run as the schema's owner and do just this.
-- New functions and a few empty partitions: takes no time.

-- Makes the partition of a day. False when there is one already, or when events of that day are in
-- the default partition (they stay there, and go with outbox_drop_partition).
-- The table is built first and attached, so that writers are not stopped: attaching locks only
-- the default partition, which nobody writes to while partitions are made in time; readers wait
-- 200 ms at most.
CREATE FUNCTION {{schema}}.outbox_create_partition(for_day date) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog SET lock_timeout = '200ms'
AS $$
DECLARE
  part text := 'outbox_' || to_char(for_day, 'YYYYMMDD');
BEGIN
  IF to_regclass(format('%I.%I', '{{schema}}', part)) IS NOT NULL
     OR EXISTS (SELECT FROM {{schema}}.outbox_default d WHERE d.day = for_day) THEN
    RETURN false;
  END IF;
  EXECUTE format('CREATE TABLE {{schema}}.%I (LIKE {{schema}}.outbox INCLUDING DEFAULTS '
                 'INCLUDING GENERATED INCLUDING STORAGE INCLUDING COMPRESSION)', part);
  EXECUTE format('ALTER TABLE {{schema}}.%I ENABLE ROW LEVEL SECURITY', part);
  EXECUTE format('REVOKE ALL ON {{schema}}.%I FROM PUBLIC, {{schema}}_rw, {{schema}}_worker, '
                 '{{schema}}_ro', part);
  EXECUTE format('ALTER TABLE {{schema}}.outbox ATTACH PARTITION {{schema}}.%I '
                 'FOR VALUES FROM (%L) TO (%L)', part, for_day, for_day + 1);
  RETURN true;
EXCEPTION WHEN duplicate_table OR unique_violation OR check_violation THEN
  RETURN false;  -- another replica was first, or an event of the day came in between
END $$;

-- Drops the events of a day and remembers the last of them, so that a cursor before it is told that
-- it lost events. Young days are refused: the caller decides by 14 days, this is the last guard.
-- The lock on the outbox stops writers: it is waited for 50 ms at most (a checkout takes less), and
-- tried again a minute later.
CREATE FUNCTION {{schema}}.outbox_drop_partition(for_day date) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog SET lock_timeout = '50ms'
AS $$
DECLARE
  part text := 'outbox_' || to_char(for_day, 'YYYYMMDD');
  last record;
BEGIN
  IF for_day > (now() AT TIME ZONE 'UTC')::date - 2 THEN
    RAISE EXCEPTION 'the events of % are too young to drop', for_day;
  END IF;
  SELECT o.generation, o.txid, o.seq INTO last FROM {{schema}}.outbox o WHERE o.day = for_day
  ORDER BY o.generation DESC, o.txid DESC, o.seq DESC LIMIT 1;
  IF FOUND THEN
    UPDATE {{schema}}.feed_generation f
    SET pruned_generation = last.generation, pruned_txid = last.txid, pruned_seq = last.seq
    WHERE (f.pruned_generation, f.pruned_txid, f.pruned_seq)
          < (last.generation, last.txid, last.seq);
  END IF;
  DELETE FROM {{schema}}.outbox_default d WHERE d.day = for_day;
  EXECUTE format('DROP TABLE IF EXISTS {{schema}}.%I', part);
  RETURN true;
END $$;

-- The days that have a partition, or events in the default one.
CREATE FUNCTION {{schema}}.outbox_days() RETURNS SETOF date
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT to_date(right(c.relname, 8), 'YYYYMMDD')
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
  WHERE i.inhparent = '{{schema}}.outbox'::regclass AND c.relname ~ '^outbox_[0-9]{8}$'
  UNION
  SELECT d.day FROM {{schema}}.outbox_default d
$$;

SELECT {{schema}}.outbox_create_partition((now() AT TIME ZONE 'UTC')::date + ahead)
FROM generate_series(0, 3) AS ahead;

REVOKE ALL ON FUNCTION {{schema}}.outbox_guard(), {{schema}}.outbox_generation(),
  {{schema}}.outbox_raise_generation(), {{schema}}.shard_of(uuid),
  {{schema}}.outbox_create_partition(date), {{schema}}.outbox_drop_partition(date),
  {{schema}}.outbox_days() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION {{schema}}.outbox_guard(), {{schema}}.outbox_generation(),
  {{schema}}.shard_of(uuid) TO {{schema}}_rw, {{schema}}_worker;
GRANT EXECUTE ON FUNCTION {{schema}}.outbox_raise_generation(),
  {{schema}}.outbox_create_partition(date), {{schema}}.outbox_drop_partition(date),
  {{schema}}.outbox_days() TO {{schema}}_worker;
