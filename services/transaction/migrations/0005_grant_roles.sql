-- Who may do what. Requests (rw) see one tenant (row-level security), consumers and the feed
-- (worker) all of them; sales, entries and tenders can be added by the request role but never
-- changed or deleted by any, save what was returned of a line.
DO $block$
DECLARE
  t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['read_model_versions', 'stores', 'registers', 'devices',
      'catalogue_variants', 'taxes', 'tax_categories', 'tax_assignments', 'store_policies',
      'journals', 'journal_entries', 'sales', 'sale_lines', 'tenders'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant ON %I TO transaction_rw, transaction_ro
      USING (tenant_id = (SELECT nullif(current_setting(''app.tenant'', true), '''')::uuid))', t);
    EXECUTE format('CREATE POLICY worker ON %I TO transaction_worker USING (true)', t);
    EXECUTE format('GRANT SELECT ON %I TO transaction_rw, transaction_ro, transaction_worker', t);
  END LOOP;
END
$block$;

GRANT INSERT, UPDATE ON taxes, tax_categories, store_policies, read_model_versions
  TO transaction_rw;
GRANT INSERT, UPDATE, DELETE ON tax_assignments TO transaction_rw;
GRANT INSERT ON journals, journal_entries, sales, sale_lines, tenders TO transaction_rw;
GRANT UPDATE (journal_no, receipt_no, z_no, grand_total, hash) ON journals TO transaction_rw;
GRANT UPDATE (returned_milli) ON sale_lines TO transaction_rw;

GRANT INSERT, UPDATE ON read_model_versions, stores, registers, devices, catalogue_variants
  TO transaction_worker;

REVOKE ALL ON FUNCTION record_documents FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record_documents TO transaction_rw;
