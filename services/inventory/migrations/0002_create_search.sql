-- The words variants are found by (C-04). Plain B-trees on purpose: under row-level security an
-- index serves only operators that PostgreSQL calls leakproof; those of pg_trgm and of arrays are
-- not. Quick: new.

-- A category's variants carry the word "category:<id>": renaming a category touches none of them.
CREATE TABLE {{schema}}.variant_words (
  tenant_id  uuid NOT NULL,
  word       text COLLATE "C" NOT NULL,
  variant_id uuid NOT NULL,
  CONSTRAINT variant_words_pkey PRIMARY KEY (tenant_id, word, variant_id),
  CONSTRAINT variant_words_variant_fkey FOREIGN KEY (tenant_id, variant_id)
    REFERENCES {{schema}}.variants (tenant_id, variant_id)
);
CREATE INDEX variant_words_variant_idx ON {{schema}}.variant_words (tenant_id, variant_id);

CREATE TABLE {{schema}}.category_words (
  tenant_id   uuid NOT NULL,
  word        text COLLATE "C" NOT NULL,
  category_id uuid NOT NULL,
  CONSTRAINT category_words_pkey PRIMARY KEY (tenant_id, word, category_id),
  CONSTRAINT category_words_category_fkey FOREIGN KEY (tenant_id, category_id)
    REFERENCES {{schema}}.categories (tenant_id, category_id)
);
CREATE INDEX category_words_category_idx ON {{schema}}.category_words (tenant_id, category_id);

-- Each word of the tenant once; is_name: it stands in a name, so a slip in it is worth mending. A
-- word that nothing uses any more finds nothing and does no harm.
CREATE TABLE {{schema}}.search_words (
  tenant_id uuid    NOT NULL,
  word      text    COLLATE "C" NOT NULL,
  is_name   boolean NOT NULL,
  CONSTRAINT search_words_pkey PRIMARY KEY (tenant_id, word)
);

-- Three letters in a row, for words that were mistyped.
CREATE TABLE {{schema}}.word_grams (
  tenant_id uuid NOT NULL,
  gram      text COLLATE "C" NOT NULL,
  word      text COLLATE "C" NOT NULL,
  CONSTRAINT word_grams_pkey PRIMARY KEY (tenant_id, gram, word)
);

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['variant_words', 'category_words', 'search_words',
                              'word_grams'] LOOP
    EXECUTE format('ALTER TABLE {{schema}}.%I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE {{schema}}.%I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format($f$CREATE POLICY tenant ON {{schema}}.%I TO {{schema}}_rw
      USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
      WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)$f$, name);
    EXECUTE format($f$CREATE POLICY worker ON {{schema}}.%I
      TO {{schema}}_worker, {{schema}}_owner USING (true) WITH CHECK (true)$f$, name);
    EXECUTE format($f$CREATE POLICY reader ON {{schema}}.%I FOR SELECT
      TO {{schema}}_ro USING (true)$f$, name);
    EXECUTE format('GRANT SELECT ON {{schema}}.%I TO {{schema}}_worker, {{schema}}_ro', name);
  END LOOP;
END $$;

GRANT SELECT, INSERT, DELETE ON {{schema}}.variant_words, {{schema}}.category_words
  TO {{schema}}_rw;
GRANT SELECT, INSERT ON {{schema}}.search_words, {{schema}}.word_grams TO {{schema}}_rw;
GRANT UPDATE (is_name) ON {{schema}}.search_words TO {{schema}}_rw;
