-- Sums over facts; they move only when the fact was new. Returns are subtracted from amounts; all
-- tables over the same days add up to the same figures. New tables only.

CREATE TABLE {{schema}}.rollup_days (
  tenant_id            uuid     NOT NULL,
  set_id               smallint NOT NULL,
  business_date        date     NOT NULL,
  store_id             uuid     NOT NULL,
  currency_code        text     NOT NULL,
  sales_minor          bigint   NOT NULL,
  returns_minor        bigint   NOT NULL,
  gross_minor          bigint   NOT NULL,
  discount_minor       bigint   NOT NULL,
  net_minor            bigint   NOT NULL,
  tax_minor            bigint   NOT NULL,
  units_sold_milli     bigint   NOT NULL,
  units_returned_milli bigint   NOT NULL,
  sale_count           bigint   NOT NULL,
  return_count         bigint   NOT NULL,
  CONSTRAINT rollup_days_pkey PRIMARY KEY (
    tenant_id, set_id, business_date, store_id, currency_code)
) PARTITION BY LIST (set_id);

-- hour_start is when the hour of the store's clock began, utc_offset_min the clock's offset then: a
-- day on which clocks change has 23 or 25 hours.
CREATE TABLE {{schema}}.rollup_hours (
  tenant_id            uuid     NOT NULL,
  set_id               smallint NOT NULL,
  business_date        date     NOT NULL,
  store_id             uuid     NOT NULL,
  register_id          uuid     NOT NULL,
  operator_id          uuid     NOT NULL,
  hour_start           timestamptz NOT NULL,
  utc_offset_min       integer  NOT NULL,
  currency_code        text     NOT NULL,
  sales_minor          bigint   NOT NULL,
  returns_minor        bigint   NOT NULL,
  gross_minor          bigint   NOT NULL,
  discount_minor       bigint   NOT NULL,
  net_minor            bigint   NOT NULL,
  tax_minor            bigint   NOT NULL,
  units_sold_milli     bigint   NOT NULL,
  units_returned_milli bigint   NOT NULL,
  sale_count           bigint   NOT NULL,
  return_count         bigint   NOT NULL,
  CONSTRAINT rollup_hours_pkey PRIMARY KEY (
    tenant_id, set_id, business_date, store_id, register_id, operator_id, hour_start,
    utc_offset_min, currency_code)
) PARTITION BY LIST (set_id);

-- The counts are of lines here.
CREATE TABLE {{schema}}.rollup_products (
  tenant_id            uuid     NOT NULL,
  set_id               smallint NOT NULL,
  business_date        date     NOT NULL,
  store_id             uuid     NOT NULL,
  product_id           uuid     NOT NULL,
  category_id          uuid     NOT NULL,
  currency_code        text     NOT NULL,
  sales_minor          bigint   NOT NULL,
  returns_minor        bigint   NOT NULL,
  gross_minor          bigint   NOT NULL,
  discount_minor       bigint   NOT NULL,
  net_minor            bigint   NOT NULL,
  tax_minor            bigint   NOT NULL,
  units_sold_milli     bigint   NOT NULL,
  units_returned_milli bigint   NOT NULL,
  sale_count           bigint   NOT NULL,
  return_count         bigint   NOT NULL,
  CONSTRAINT rollup_products_pkey PRIMARY KEY (
    tenant_id, set_id, business_date, store_id, product_id, category_id, currency_code)
) PARTITION BY LIST (set_id);

-- customer_ref is empty for documents without a customer.
CREATE TABLE {{schema}}.rollup_customers (
  tenant_id            uuid     NOT NULL,
  set_id               smallint NOT NULL,
  business_date        date     NOT NULL,
  store_id             uuid     NOT NULL,
  customer_ref         text     NOT NULL,
  currency_code        text     NOT NULL,
  sales_minor          bigint   NOT NULL,
  returns_minor        bigint   NOT NULL,
  gross_minor          bigint   NOT NULL,
  discount_minor       bigint   NOT NULL,
  net_minor            bigint   NOT NULL,
  tax_minor            bigint   NOT NULL,
  units_sold_milli     bigint   NOT NULL,
  units_returned_milli bigint   NOT NULL,
  sale_count           bigint   NOT NULL,
  return_count         bigint   NOT NULL,
  CONSTRAINT rollup_customers_pkey PRIMARY KEY (
    tenant_id, set_id, business_date, store_id, customer_ref, currency_code)
) PARTITION BY LIST (set_id);

CREATE TABLE {{schema}}.rollup_taxes (
  tenant_id            uuid     NOT NULL,
  set_id               smallint NOT NULL,
  business_date        date     NOT NULL,
  store_id             uuid     NOT NULL,
  currency_code        text     NOT NULL,
  jurisdiction         text     NOT NULL,
  treatment            smallint NOT NULL,
  rate_ppm             integer  NOT NULL,
  fixed_per_unit_minor bigint   NOT NULL,
  tax_id               text     NOT NULL,
  inclusive            boolean  NOT NULL,
  base_minor           bigint   NOT NULL,
  tax_minor            bigint   NOT NULL,
  returned_base_minor  bigint   NOT NULL,
  returned_tax_minor   bigint   NOT NULL,
  CONSTRAINT rollup_taxes_pkey PRIMARY KEY (
    tenant_id, set_id, business_date, store_id, currency_code, jurisdiction, treatment, rate_ppm,
    fixed_per_unit_minor, tax_id, inclusive)
) PARTITION BY LIST (set_id);
