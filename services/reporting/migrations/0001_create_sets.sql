-- Reports exist in two sets, so that one can be rebuilt from zero beside the live one and take its
-- place in one transaction (R-10). Every table of reports is partitioned by set: emptying one is a
-- TRUNCATE. New table only.
CREATE TABLE {{schema}}.report_sets (
  set_id     smallint    NOT NULL,
  state      text        NOT NULL,
  -- The rebuild that fills a BUILDING set: a newer one takes the set away from it.
  build_id   uuid,
  changed_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT report_sets_pkey PRIMARY KEY (set_id),
  CONSTRAINT report_sets_id_check CHECK (set_id IN (1, 2)),
  CONSTRAINT report_sets_state_check CHECK (state IN ('LIVE', 'BUILDING', 'IDLE')),
  CONSTRAINT report_sets_build_check CHECK ((state = 'BUILDING') = (build_id IS NOT NULL))
);
CREATE UNIQUE INDEX report_sets_live_key ON {{schema}}.report_sets (state) WHERE state = 'LIVE';

INSERT INTO {{schema}}.report_sets (set_id, state) VALUES (1, 'LIVE'), (2, 'IDLE');

GRANT SELECT ON {{schema}}.report_sets TO {{schema}}_rw, {{schema}}_ro;
GRANT SELECT, UPDATE ON {{schema}}.report_sets TO {{schema}}_worker;
