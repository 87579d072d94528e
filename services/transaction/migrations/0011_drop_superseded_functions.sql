-- What record_batch (0010) and the feed's own payloads took the place of. Dropped at once: no
-- version that calls them was ever released. Quick, locks nothing that is used.
DO $block$
DECLARE
  f regprocedure;
BEGIN
  FOR f IN SELECT p.oid FROM pg_proc AS p
    WHERE p.pronamespace = '{{schema}}'::regnamespace AND p.proname IN ('record_documents',
      'record_entries', 'recorded_entry_event', 'journal_entry_event', 'proto_varint',
      'proto_length') LOOP
    EXECUTE 'DROP FUNCTION ' || f;
  END LOOP;
END
$block$;
