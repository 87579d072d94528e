-- Empty tables, and for each of :clients clients :n journals of its own (see t1_script.sql).
SET search_path = transaction;
TRUNCATE journals, journal_entries, sales, sale_lines, tenders, outbox;
INSERT INTO journals (tenant_id, journal_id, store_id, register_id, device_id, generation, series)
SELECT :'tenant', ('00000000-0000-8000-8000-' || lpad(to_hex(client * 16 + i), 12, '0'))::uuid,
  gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 1, 'SALES'
FROM generate_series(0, :clients - 1) AS client, generate_series(1, :n) AS i;
