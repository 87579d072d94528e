-- What the race is run against: one cash sale with its stock as an ordinary well-made schema holds
-- it, and the same sale as one function. Schema `floor` has the foreign keys that such a schema
-- has; `lean` is the same without any, with the fewest indexes: less than a shop would run on.
-- Neither has what ours does beside: row-level security, journal, idempotency, reports.

CREATE SCHEMA floor;
CREATE TABLE floor.products (
  tenant_id integer NOT NULL,
  product_id integer NOT NULL,
  name text NOT NULL,
  price bigint NOT NULL,
  PRIMARY KEY (tenant_id, product_id)
);
CREATE TABLE floor.stock (
  tenant_id integer NOT NULL,
  store_id integer NOT NULL,
  product_id integer NOT NULL,
  on_hand bigint NOT NULL,
  PRIMARY KEY (tenant_id, store_id, product_id),
  FOREIGN KEY (tenant_id, product_id) REFERENCES floor.products
) WITH (fillfactor = 70);
CREATE TABLE floor.sales (
  tenant_id integer NOT NULL,
  sale_id bigint NOT NULL,
  store_id integer NOT NULL,
  register_id integer NOT NULL,
  operator_id integer NOT NULL,
  receipt_no bigint NOT NULL,
  currency_code text NOT NULL,
  gross bigint NOT NULL,
  discount bigint NOT NULL,
  net bigint NOT NULL,
  tax bigint NOT NULL,
  total bigint NOT NULL,
  change bigint NOT NULL,
  business_date date NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, sale_id),
  CHECK (net + tax = total)
);
CREATE INDEX sales_by_store ON floor.sales (tenant_id, store_id, recorded_at);
CREATE TABLE floor.lines (
  tenant_id integer NOT NULL,
  sale_id bigint NOT NULL,
  line_no integer NOT NULL,
  product_id integer NOT NULL,
  sku text NOT NULL,
  name text NOT NULL,
  quantity bigint NOT NULL,
  price bigint NOT NULL,
  discount bigint NOT NULL,
  net bigint NOT NULL,
  tax bigint NOT NULL,
  total bigint NOT NULL,
  PRIMARY KEY (tenant_id, sale_id, line_no),
  FOREIGN KEY (tenant_id, sale_id) REFERENCES floor.sales,
  FOREIGN KEY (tenant_id, product_id) REFERENCES floor.products,
  CHECK (net + tax = total)
);
CREATE TABLE floor.tenders (
  tenant_id integer NOT NULL,
  sale_id bigint NOT NULL,
  tender_no integer NOT NULL,
  type text NOT NULL,
  amount bigint NOT NULL,
  change bigint NOT NULL,
  PRIMARY KEY (tenant_id, sale_id, tender_no),
  FOREIGN KEY (tenant_id, sale_id) REFERENCES floor.sales
);
CREATE TABLE floor.movements (
  tenant_id integer NOT NULL,
  movement_id bigint GENERATED ALWAYS AS IDENTITY,
  sale_id bigint NOT NULL,
  store_id integer NOT NULL,
  product_id integer NOT NULL,
  quantity bigint NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, movement_id),
  FOREIGN KEY (tenant_id, store_id, product_id) REFERENCES floor.stock
);
CREATE INDEX movements_by_product ON floor.movements (tenant_id, product_id, recorded_at);
CREATE TABLE floor.outbox (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id integer NOT NULL,
  event_type text NOT NULL,
  sale_id bigint NOT NULL,
  payload jsonb NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO floor.products SELECT 1, i, 'Product ' || i, 100 + i FROM generate_series(1, 999) AS i;
INSERT INTO floor.stock SELECT 1, 1, i, 1000000000 FROM generate_series(1, 999) AS i;

CREATE SCHEMA lean;
CREATE TABLE lean.products (LIKE floor.products INCLUDING ALL);
CREATE TABLE lean.stock (LIKE floor.stock INCLUDING ALL);
CREATE TABLE lean.sales (LIKE floor.sales INCLUDING ALL);
CREATE TABLE lean.lines (LIKE floor.lines INCLUDING ALL);
CREATE TABLE lean.tenders (LIKE floor.tenders INCLUDING ALL);
CREATE TABLE lean.movements (LIKE floor.movements INCLUDING ALL EXCLUDING INDEXES,
  PRIMARY KEY (tenant_id, movement_id));
CREATE TABLE lean.outbox (LIKE floor.outbox INCLUDING ALL);
INSERT INTO lean.stock SELECT * FROM floor.stock;

-- Products come in ascending order, so that stock rows are locked in one order; they are locked
-- last, for as short as can be.
CREATE FUNCTION floor.sell(p_sale bigint, p_register integer, p_products integer[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  line integer := 0;
  product integer;
BEGIN
  INSERT INTO floor.sales (tenant_id, sale_id, store_id, register_id, operator_id, receipt_no,
      currency_code, gross, discount, net, tax, total, change, business_date)
    VALUES (1, p_sale, 1, p_register, 1, p_sale, 'GBP', 3000, 0, 2500, 500, 3000, 7000,
      current_date);
  FOREACH product IN ARRAY p_products LOOP
    line := line + 1;
    INSERT INTO floor.lines VALUES (1, p_sale, line, product, 'SKU-123', 'A thing that is sold',
      1000, 1000, 0, 833, 167, 1000);
    INSERT INTO floor.movements (tenant_id, sale_id, store_id, product_id, quantity)
      VALUES (1, p_sale, 1, product, -1000);
  END LOOP;
  INSERT INTO floor.tenders VALUES (1, p_sale, 1, 'CASH', 3000, 7000);
  INSERT INTO floor.outbox (tenant_id, event_type, sale_id, payload)
    VALUES (1, 'sale', p_sale, jsonb_build_object('sale', p_sale, 'total', 3000));
  FOREACH product IN ARRAY p_products LOOP
    UPDATE floor.stock SET on_hand = on_hand - 1000
      WHERE tenant_id = 1 AND store_id = 1 AND product_id = product;
  END LOOP;
END $$;

-- The same for the other schema.
DO $$
BEGIN
  EXECUTE replace(pg_get_functiondef('floor.sell'::regproc), 'floor.', 'lean.');
END $$;

ANALYZE;
