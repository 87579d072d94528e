-- :n further variants with a barcode and a price each, copies of the tenant's newest product with
-- one; their barcodes are printed, one per line.
SET search_path = inventory;
CREATE TEMP TABLE template AS
  SELECT p.product_id, v.variant_id
  FROM products AS p JOIN variants AS v USING (tenant_id, product_id)
    JOIN barcodes AS b USING (tenant_id, variant_id)
  WHERE p.tenant_id = :'tenant' ORDER BY p.created_version DESC LIMIT 1;
CREATE TEMP TABLE copies AS
  SELECT t.*, 'V' || (1000000 + i) AS code,
    ('01910000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid AS new_product,
    ('01910000-0000-7000-9000-' || lpad(to_hex(i), 12, '0'))::uuid AS new_variant
  FROM template AS t, generate_series(1, :n) AS i;
INSERT INTO products (tenant_id, product_id, version, name, category_id, tax_category,
    created_at, updated_at, created_version, request_hash)
  SELECT tenant_id, new_product, version, name || ' ' || code, category_id, tax_category,
    created_at, updated_at, created_version, request_hash
  FROM copies JOIN products USING (product_id) WHERE tenant_id = :'tenant';
INSERT INTO variants (tenant_id, variant_id, product_id, position, version, sku, name, stocked,
    negative_stock_policy, created_at, updated_at, created_version)
  SELECT tenant_id, new_variant, new_product, position, version, code, name, stocked,
    negative_stock_policy, created_at, updated_at, created_version
  FROM copies JOIN variants USING (variant_id) WHERE tenant_id = :'tenant';
INSERT INTO barcodes (tenant_id, lookup_key, variant_id, position, code, symbology)
  SELECT b.tenant_id, c.code, new_variant, b.position, c.code, b.symbology
  FROM copies AS c JOIN barcodes AS b USING (variant_id) WHERE b.tenant_id = :'tenant';
INSERT INTO prices (tenant_id, variant_id, from_version, store_id, currency_code, amount_minor,
    price_per, valid_from, actor_id)
  SELECT tenant_id, new_variant, from_version, store_id, currency_code, amount_minor, price_per,
    valid_from, actor_id
  FROM copies JOIN prices USING (variant_id) WHERE tenant_id = :'tenant' AND to_version IS NULL;
ANALYZE products, variants, barcodes, prices;
SELECT code FROM copies;
