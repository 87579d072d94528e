-- What reports must know of other services' things to name and to date them, fed by their events;
-- rows keep the highest version seen. New tables only.

CREATE TABLE {{schema}}.stores (
  tenant_id      uuid     NOT NULL,
  set_id         smallint NOT NULL,
  store_id       uuid     NOT NULL,
  version        bigint   NOT NULL,
  name           text     NOT NULL,
  time_zone      text     NOT NULL,
  currency_code  text     NOT NULL,
  cutoff_minutes integer  NOT NULL,
  archived       boolean  NOT NULL,
  CONSTRAINT stores_pkey PRIMARY KEY (tenant_id, set_id, store_id)
) PARTITION BY LIST (set_id);

CREATE TABLE {{schema}}.registers (
  tenant_id   uuid     NOT NULL,
  set_id      smallint NOT NULL,
  register_id uuid     NOT NULL,
  version     bigint   NOT NULL,
  store_id    uuid     NOT NULL,
  name        text     NOT NULL,
  CONSTRAINT registers_pkey PRIMARY KEY (tenant_id, set_id, register_id)
) PARTITION BY LIST (set_id);

CREATE TABLE {{schema}}.products (
  tenant_id  uuid     NOT NULL,
  set_id     smallint NOT NULL,
  product_id uuid     NOT NULL,
  version    bigint   NOT NULL,
  name       text     NOT NULL,
  CONSTRAINT products_pkey PRIMARY KEY (tenant_id, set_id, product_id)
) PARTITION BY LIST (set_id);

CREATE TABLE {{schema}}.categories (
  tenant_id   uuid     NOT NULL,
  set_id      smallint NOT NULL,
  category_id uuid     NOT NULL,
  version     bigint   NOT NULL,
  name        text     NOT NULL,
  CONSTRAINT categories_pkey PRIMARY KEY (tenant_id, set_id, category_id)
) PARTITION BY LIST (set_id);

-- Which entries of a journal were seen: the journal counts without gaps, so this tells whether
-- anything is missing.
CREATE TABLE {{schema}}.journals (
  tenant_id   uuid           NOT NULL,
  set_id      smallint       NOT NULL,
  journal_id  uuid           NOT NULL,
  store_id    uuid           NOT NULL,
  register_id uuid           NOT NULL,
  seen        int8multirange NOT NULL,
  CONSTRAINT journals_pkey PRIMARY KEY (tenant_id, set_id, journal_id)
) PARTITION BY LIST (set_id);
