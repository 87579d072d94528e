-- Arguments of record_batch (T1) for :n copies of the newest sale, as NAME=VALUE lines for
-- pgbench. What differs from sale to sale is made by the script (t1_script.sql).
WITH d AS (
  SELECT s.*, e.payload, e.line_count, i
  FROM (SELECT * FROM transaction.sales WHERE kind = 'SALE' ORDER BY recorded_at DESC LIMIT 1) AS s
  JOIN transaction.journal_entries AS e USING (tenant_id, journal_id, journal_no),
    generate_series(1, :n) AS i
), l AS (
  SELECT l.*, i FROM d JOIN transaction.sale_lines AS l USING (tenant_id, sale_id)
), t AS (
  SELECT t.*, i FROM d JOIN transaction.tenders AS t USING (tenant_id, sale_id)
)
SELECT name || '=' || value
FROM (
  SELECT ARRAY[
    ['p_tenant', min(tenant_id::text)],
    ['p_payloads', '\x' || string_agg(encode(payload, 'hex'), '')],
    ['p_digests', '\x' || string_agg(encode(fingerprint, 'hex') || repeat('00', 64), '')],
    ['d_payload_at', array_agg((i - 1) * length(payload) + 1 ORDER BY i)::text],
    ['d_payload_size', array_agg(length(payload))::text],
    ['d_kind', array_agg(kind)::text],
    ['d_store', array_agg(store_id)::text],
    ['d_register', array_agg(register_id)::text],
    ['d_operator', array_agg(operator_id)::text],
    ['d_device', array_agg(device_id)::text],
    ['d_receipt', array_agg(receipt_no)::text],
    ['d_receipt_number', array_agg(receipt_number)::text],
    ['d_series', array_agg(series)::text],
    ['d_currency', array_agg(currency_code)::text],
    ['d_gross', array_agg(gross)::text],
    ['d_discount', array_agg(discount)::text],
    ['d_net', array_agg(net)::text],
    ['d_tax', array_agg(tax)::text],
    ['d_total', array_agg(total)::text],
    ['d_rounding', array_agg(cash_rounding)::text],
    ['d_change', array_agg(change)::text],
    ['d_taxes', array_agg(taxes::text)::text],
    ['d_occurred', array_agg(occurred_at)::text],
    ['d_recorded', array_agg(recorded_at)::text],
    ['d_business', array_agg(business_date)::text],
    ['d_posting', array_agg(posting_date)::text],
    ['d_shift', array_agg(shift_id)::text],
    ['d_drawer', array_agg(drawer_id)::text],
    ['d_catalogue', array_agg(catalogue_version)::text],
    ['d_customer', array_agg(customer_ref)::text],
    ['d_source', array_agg(source_sale_id)::text],
    ['d_reason', array_agg(reason_code)::text],
    ['d_order', array_agg(order_reference)::text],
    ['d_note', array_agg(note)::text],
    ['d_grand_total', array_agg(total)::text],
    ['d_trace', array_agg('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'::text)::text],
    ['d_lines', array_agg(line_count)::text]
  ] AS pairs FROM d
  UNION ALL
  SELECT ARRAY[
    ['l_doc', array_agg(i ORDER BY i, line_no)::text],
    ['l_no', array_agg(line_no ORDER BY i, line_no)::text],
    ['l_variant', array_agg(variant_id ORDER BY i, line_no)::text],
    ['l_sku', array_agg(sku ORDER BY i, line_no)::text],
    ['l_name', array_agg(name ORDER BY i, line_no)::text],
    ['l_quantity', array_agg(quantity_milli ORDER BY i, line_no)::text],
    ['l_per', array_agg(price_per ORDER BY i, line_no)::text],
    ['l_list', array_agg(list_price ORDER BY i, line_no)::text],
    ['l_unit', array_agg(unit_price ORDER BY i, line_no)::text],
    ['l_gross', array_agg(gross ORDER BY i, line_no)::text],
    ['l_discount', array_agg(discount ORDER BY i, line_no)::text],
    ['l_order_discount', array_agg(order_discount ORDER BY i, line_no)::text],
    ['l_net', array_agg(net ORDER BY i, line_no)::text],
    ['l_tax', array_agg(tax ORDER BY i, line_no)::text],
    ['l_total', array_agg(total ORDER BY i, line_no)::text],
    ['l_taxes', array_agg(taxes::text ORDER BY i, line_no)::text],
    ['l_source_no', array_agg(source_line_no ORDER BY i, line_no)::text],
    ['l_returned_before', array_agg(NULL::bigint ORDER BY i, line_no)::text],
    ['l_note', array_agg(note ORDER BY i, line_no)::text]
  ] FROM l
  UNION ALL
  SELECT ARRAY[
    ['t_doc', array_agg(i ORDER BY i, tender_no)::text],
    ['t_no', array_agg(tender_no ORDER BY i, tender_no)::text],
    ['t_type', array_agg(type ORDER BY i, tender_no)::text],
    ['t_applied', array_agg(applied ORDER BY i, tender_no)::text],
    ['t_tendered', array_agg(tendered ORDER BY i, tender_no)::text],
    ['t_change', array_agg(change ORDER BY i, tender_no)::text],
    ['t_rounding', array_agg(rounding ORDER BY i, tender_no)::text],
    ['t_reference', array_agg(reference ORDER BY i, tender_no)::text]
  ] FROM t
) AS lists, LATERAL (
  SELECT pairs[k][1] AS name, pairs[k][2] AS value FROM generate_subscripts(pairs, 1) AS k
) AS pair;
