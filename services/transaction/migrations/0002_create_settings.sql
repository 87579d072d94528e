-- Taxes and store policy, owned here. Rounding modes and levels carry libs/pricing's names.

CREATE TABLE taxes (
  tenant_id uuid NOT NULL,
  tax_id uuid NOT NULL,
  version bigint NOT NULL,
  name text NOT NULL,
  jurisdiction text NOT NULL,
  rate_ppm integer NOT NULL,
  inclusive boolean NOT NULL,
  affects_base boolean NOT NULL,
  compound boolean NOT NULL,
  fixed_per_unit_minor bigint NOT NULL CHECK (fixed_per_unit_minor >= 0),
  archived boolean NOT NULL,
  PRIMARY KEY (tenant_id, tax_id)
);

CREATE TABLE tax_categories (
  tenant_id uuid NOT NULL,
  code text NOT NULL,
  version bigint NOT NULL,
  name text NOT NULL,
  exempt boolean NOT NULL,
  PRIMARY KEY (tenant_id, code)
);

-- Taxes of a category in the order they are computed; store_id nil: every store without its own.
CREATE TABLE tax_assignments (
  tenant_id uuid NOT NULL,
  code text NOT NULL,
  store_id uuid NOT NULL,
  tax_ids uuid[] NOT NULL,
  PRIMARY KEY (tenant_id, code, store_id),
  FOREIGN KEY (tenant_id, code) REFERENCES tax_categories (tenant_id, code)
);

CREATE TABLE store_policies (
  tenant_id uuid NOT NULL,
  store_id uuid NOT NULL,
  version bigint NOT NULL,
  tax_rounding text NOT NULL,
  rounding_level text NOT NULL,
  inclusive_rounding text NOT NULL,
  cash_increment bigint NOT NULL CHECK (cash_increment >= 1),
  cash_due_mode text NOT NULL,
  cash_payout_mode text NOT NULL,
  PRIMARY KEY (tenant_id, store_id)
);
