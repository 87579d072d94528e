-- One row per thing that happened, by its own id: what comes twice changes nothing. Amounts and
-- quantities are those of the journal entry, positive; `sign` says which way they count. A nil id
-- stands for "none". New tables only.

CREATE TABLE {{schema}}.fact_sales (
  tenant_id           uuid        NOT NULL,
  set_id              smallint    NOT NULL,
  sale_id             uuid        NOT NULL,
  sign                smallint    NOT NULL,
  store_id            uuid        NOT NULL,
  register_id         uuid        NOT NULL,
  operator_id         uuid        NOT NULL,
  customer_ref        text        NOT NULL,
  journal_id          uuid        NOT NULL,
  journal_no          bigint      NOT NULL,
  business_date       date        NOT NULL,
  occurred_at         timestamptz NOT NULL,
  utc_offset_min      integer     NOT NULL,
  currency_code       text        NOT NULL,
  gross_minor         bigint      NOT NULL,
  discount_minor      bigint      NOT NULL,
  net_minor           bigint      NOT NULL,
  tax_minor           bigint      NOT NULL,
  total_minor         bigint      NOT NULL,
  cash_rounding_minor bigint      NOT NULL,
  CONSTRAINT fact_sales_pkey PRIMARY KEY (tenant_id, set_id, sale_id),
  CONSTRAINT fact_sales_sign_check CHECK (sign IN (-1, 1))
) PARTITION BY LIST (set_id);

CREATE TABLE {{schema}}.fact_lines (
  tenant_id      uuid     NOT NULL,
  set_id         smallint NOT NULL,
  sale_id        uuid     NOT NULL,
  line_no        integer  NOT NULL,
  variant_id     uuid     NOT NULL,
  product_id     uuid     NOT NULL,
  category_id    uuid     NOT NULL,
  quantity_milli bigint   NOT NULL,
  stocked        boolean  NOT NULL,
  gross_minor    bigint   NOT NULL,
  net_minor      bigint   NOT NULL,
  total_minor    bigint   NOT NULL,
  CONSTRAINT fact_lines_pkey PRIMARY KEY (tenant_id, set_id, sale_id, line_no)
) PARTITION BY LIST (set_id);

-- treatment: 1 taxed, 2 zero-rated, 3 exempt (cloudpos.reporting.v1.TaxTreatment).
CREATE TABLE {{schema}}.fact_taxes (
  tenant_id            uuid     NOT NULL,
  set_id               smallint NOT NULL,
  sale_id              uuid     NOT NULL,
  line_no              integer  NOT NULL,
  tax_no               integer  NOT NULL,
  jurisdiction         text     NOT NULL,
  treatment            smallint NOT NULL,
  rate_ppm             integer  NOT NULL,
  fixed_per_unit_minor bigint   NOT NULL,
  tax_id               text     NOT NULL,
  inclusive            boolean  NOT NULL,
  base_minor           bigint   NOT NULL,
  tax_minor            bigint   NOT NULL,
  CONSTRAINT fact_taxes_pkey PRIMARY KEY (tenant_id, set_id, sale_id, line_no, tax_no),
  CONSTRAINT fact_taxes_treatment_check CHECK (treatment IN (1, 2, 3))
) PARTITION BY LIST (set_id);

CREATE TABLE {{schema}}.fact_tenders (
  tenant_id      uuid     NOT NULL,
  set_id         smallint NOT NULL,
  sale_id        uuid     NOT NULL,
  tender_no      integer  NOT NULL,
  type           text     NOT NULL,
  amount_minor   bigint   NOT NULL,
  tendered_minor bigint   NOT NULL,
  change_minor   bigint   NOT NULL,
  rounding_minor bigint   NOT NULL,
  CONSTRAINT fact_tenders_pkey PRIMARY KEY (tenant_id, set_id, sale_id, tender_no)
) PARTITION BY LIST (set_id);

-- Stock corrected by hand. No business date is stored: it follows from the store's zone and
-- cut-off, which may arrive later than this.
CREATE TABLE {{schema}}.fact_corrections (
  tenant_id      uuid        NOT NULL,
  set_id         smallint    NOT NULL,
  adjustment_id  uuid        NOT NULL,
  line_no        integer     NOT NULL,
  store_id       uuid        NOT NULL,
  variant_id     uuid        NOT NULL,
  quantity_milli bigint      NOT NULL,
  reason_code    text        NOT NULL,
  occurred_at    timestamptz NOT NULL,
  CONSTRAINT fact_corrections_pkey PRIMARY KEY (tenant_id, set_id, adjustment_id, line_no)
) PARTITION BY LIST (set_id);
CREATE INDEX fact_corrections_by_time
  ON {{schema}}.fact_corrections (tenant_id, set_id, occurred_at);
