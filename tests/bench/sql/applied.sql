-- Waits (30 s at most) until the sales with ids from :first on are reported and all their :lines
-- lines moved stock; says how long that took and counts them. Ids ascend with time. Each look is a
-- statement of its own.
SELECT set_config('bench.tenant', :'tenant', false), set_config('bench.first', :'first', false),
  set_config('bench.sales', :'sales', false),
  set_config('bench.lines', :'lines', false) \g /dev/null
DO $$
DECLARE
  p_tenant CONSTANT uuid := current_setting('bench.tenant');
  p_first CONSTANT uuid := current_setting('bench.first');
  p_sales CONSTANT bigint := current_setting('bench.sales');
  p_lines CONSTANT bigint := current_setting('bench.lines');
  begun CONSTANT timestamptz := clock_timestamp();
  newest uuid;
BEGIN
  LOOP
    SELECT sale_id INTO newest FROM transaction.sales
      WHERE tenant_id = p_tenant ORDER BY sale_id DESC LIMIT 1;
    -- The newest first: counting is for when it may be true.
    EXIT WHEN clock_timestamp() > begun + interval '30 s' OR (
      EXISTS (SELECT FROM reporting.fact_sales
        WHERE tenant_id = p_tenant AND set_id = 1 AND sale_id = newest)
      AND EXISTS (SELECT FROM inventory.stock_movements
        WHERE tenant_id = p_tenant AND document_id = newest)
      AND p_sales <= (SELECT count(*) FROM reporting.fact_sales
        WHERE tenant_id = p_tenant AND set_id = 1 AND sale_id >= p_first)
      AND p_lines <= (SELECT count(*) FROM inventory.stock_movements
        WHERE tenant_id = p_tenant AND document_id >= p_first));
    PERFORM pg_sleep(0.02);
  END LOOP;
  PERFORM set_config('bench.took', extract(epoch FROM clock_timestamp() - begun)::text, false);
END $$;
SELECT round(current_setting('bench.took')::numeric, 2),
  (SELECT count(*) FROM transaction.sales WHERE tenant_id = :'tenant' AND sale_id >= :'first'),
  (SELECT count(*) FROM reporting.fact_sales
    WHERE tenant_id = :'tenant' AND set_id = 1 AND sale_id >= :'first'),
  (SELECT count(*) FROM inventory.stock_movements
    WHERE tenant_id = :'tenant' AND document_id >= :'first');
