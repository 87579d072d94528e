-- Prints the pgbench script that calls record_batch (T1), from its own list of arguments:
-- each client has :size journals of its own and adds one sale to each per call. Nothing is
-- uploaded (u_*).
SELECT E'\\set no :no + 1\nSELECT transaction.record_batch(' ||
  string_agg(CASE
    WHEN name IN ('d_sale', 'd_event') THEN format(
      'ARRAY(SELECT (lpad(to_hex(:no::bigint), 8, ''0'') || ''-%s-7000-8000-'' || '
      'lpad(to_hex(:client_id::bigint * 16 + i), 12, ''0''))::uuid '
      'FROM generate_series(1, :size::integer) AS i)',
      CASE name WHEN 'd_sale' THEN '0000' ELSE '1111' END)
    WHEN name = 'd_journal' THEN
      'ARRAY(SELECT (''00000000-0000-8000-8000-'' || '
      'lpad(to_hex(:client_id::bigint * 16 + i), 12, ''0''))::uuid '
      'FROM generate_series(1, :size::integer) AS i)'
    WHEN name = 'd_no' THEN 'array_fill(:no::bigint, ARRAY[:size::integer])'
    WHEN name = ANY (string_to_array(:'known', ' ')) THEN format(':%s::%s', name, type::regtype)
    WHEN name LIKE 'u\_%' THEN format('''{}''::%s', type::regtype)
    ELSE format('unknown_argument_%s', name)
  END, ', ' ORDER BY place) || ');'
FROM pg_proc,
  unnest(proargnames[1:pronargs], proargtypes::oid[]) WITH ORDINALITY AS a (name, type, place)
WHERE oid = 'transaction.record_batch'::regproc;
