-- One page of the log: the rule of the horizon in one place, for the feed's own query and those of
-- services that join their payload from elsewhere.
-- A new function: takes no time.

-- Events after a position and below the horizon, oldest first. Below the horizon means: of an
-- earlier generation, or of a transaction older than every one still running, so that nothing can
-- commit before what was read. Written as one row comparison so that both ends are ends of an index
-- range; a backlog above the horizon costs nothing.
-- The settings keep the plan to a merge of the partitions' index scans, whatever the statistics say
-- of a table that grew since: reading a backlog page by page must not sort it page by page. The
-- costs they feign would also start the JIT compiler, for 200 ms a page.
CREATE FUNCTION {{schema}}.outbox_page(
  after_generation integer, after_txid xid8, after_seq bigint, shards smallint[], page integer)
RETURNS TABLE (generation integer, txid xid8, seq bigint, event_id uuid, tenant_id uuid,
  shard smallint, aggregate_type text, aggregate_id text, event_type text, payload bytea,
  traceparent text, recorded_at timestamptz)
LANGUAGE plpgsql STABLE ROWS 200
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off
SET enable_sort = off SET jit = off AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  SELECT o.generation, o.txid, o.seq, o.event_id, o.tenant_id, o.shard, o.aggregate_type,
         o.aggregate_id, o.event_type, o.payload, o.traceparent, o.recorded_at
  FROM {{schema}}.outbox o
  WHERE (o.generation, o.txid, o.seq) > (after_generation, after_txid, after_seq)
    AND (o.generation, o.txid)
        < ((SELECT f.generation FROM {{schema}}.feed_generation f WHERE f.only_row),
           pg_snapshot_xmin(pg_current_snapshot()))
    AND (shards IS NULL OR o.shard = ANY (shards))
  ORDER BY o.generation, o.txid, o.seq
  LIMIT page;
END $$;

REVOKE ALL ON FUNCTION {{schema}}.outbox_page(integer, xid8, bigint, smallint[], integer)
  FROM PUBLIC;
GRANT EXECUTE ON FUNCTION {{schema}}.outbox_page(integer, xid8, bigint, smallint[], integer)
  TO {{schema}}_worker;
