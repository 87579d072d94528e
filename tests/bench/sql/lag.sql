-- Percentiles, in milliseconds, of the age of the newest sale that reports and stock know of,
-- looked at each 20 ms for :seconds.
CREATE TEMP TABLE age (report double precision, stock double precision);
SELECT set_config('bench.tenant', :'tenant', false), set_config('bench.seconds', :'seconds', false)
  \g /dev/null
CREATE FUNCTION pg_temp.ms_of(id uuid) RETURNS double precision LANGUAGE sql AS $$
  SELECT ('x' || substr(replace(id::text, '-', ''), 1, 12))::bit(48)::bigint::double precision
$$;
DO $$
DECLARE
  p_tenant CONSTANT uuid := current_setting('bench.tenant');
  ends CONSTANT timestamptz := clock_timestamp() + current_setting('bench.seconds')::interval;
  now_ms double precision;
  reported uuid;
  moved uuid;
BEGIN
  WHILE clock_timestamp() < ends LOOP
    SELECT sale_id INTO reported FROM reporting.fact_sales
      WHERE tenant_id = p_tenant AND set_id = 1 ORDER BY sale_id DESC LIMIT 1;
    SELECT document_id INTO moved FROM inventory.stock_movements
      WHERE tenant_id = p_tenant ORDER BY document_id DESC LIMIT 1;
    now_ms := extract(epoch FROM clock_timestamp()) * 1000;
    INSERT INTO age VALUES (now_ms - pg_temp.ms_of(reported), now_ms - pg_temp.ms_of(moved));
    COMMIT;  -- an open transaction would hold the events back
    PERFORM pg_sleep(0.02);
  END LOOP;
END $$;
SELECT json_build_object('looks', count(*),
  'report_lag_p50', round(percentile_disc(0.5) WITHIN GROUP (ORDER BY report)),
  'report_lag_p99', round(percentile_disc(0.99) WITHIN GROUP (ORDER BY report)),
  'stock_lag_p50', round(percentile_disc(0.5) WITHIN GROUP (ORDER BY stock)),
  'stock_lag_p99', round(percentile_disc(0.99) WITHIN GROUP (ORDER BY stock)))
FROM age;
