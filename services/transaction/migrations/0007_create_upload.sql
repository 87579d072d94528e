-- What the journals of registers need beside the journals themselves: the keys they are signed
-- with, the rights people had when they sold, signatures, and what a manager should look at.

ALTER TABLE devices ADD COLUMN revoked_at timestamptz;

-- Every key a device ever had: what it signed with an earlier one is still its own.
CREATE TABLE device_keys (
  tenant_id uuid NOT NULL,
  device_id uuid NOT NULL,
  public_key bytea NOT NULL CHECK (length(public_key) = 65),
  version bigint NOT NULL,              -- of the device when the key came
  PRIMARY KEY (tenant_id, device_id, public_key)
);
INSERT INTO device_keys (tenant_id, device_id, public_key, version)
  SELECT tenant_id, device_id, public_key, version FROM devices WHERE length(public_key) = 65;

-- What somebody was allowed to do, and since when. Each state is kept: what was sold without the
-- network is judged by the rights of then.
CREATE TABLE operators (
  tenant_id uuid NOT NULL,
  staff_id uuid NOT NULL,
  changed_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL,      -- of the person
  active boolean NOT NULL,
  grants jsonb NOT NULL,                -- [{"s": [store ...], "p": bit set}]; empty s: everywhere
  PRIMARY KEY (tenant_id, staff_id, changed_at)
);

-- A signature may come long after its entry (a sale is sent at once and uploaded later), therefore
-- it is a row of its own. (journal_entries.signature is not used.)
CREATE TABLE journal_signatures (
  tenant_id uuid NOT NULL,
  journal_id uuid NOT NULL,
  journal_no bigint NOT NULL,
  signature bytea NOT NULL CHECK (length(signature) = 64),
  key_id text NOT NULL,                 -- RFC 7638 thumbprint of the device's key
  PRIMARY KEY (tenant_id, journal_id, journal_no)
);

-- Entries that a manager should look at: exceptions of one that was accepted, reasons of one that
-- was set aside.
CREATE TABLE journal_findings (
  tenant_id uuid NOT NULL,
  journal_id uuid NOT NULL,
  journal_no bigint NOT NULL,
  store_id uuid NOT NULL,
  state text NOT NULL CHECK (state IN ('ACCEPTED', 'QUARANTINED')),
  findings text[] NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, journal_id, journal_no)
);
CREATE INDEX journal_findings_quarantined
  ON journal_findings (tenant_id, store_id, recorded_at, journal_id, journal_no)
  WHERE state = 'QUARANTINED';

-- What a manager decided of an entry that was set aside. There is one decision.
CREATE TABLE journal_resolutions (
  tenant_id uuid NOT NULL,
  journal_id uuid NOT NULL,
  journal_no bigint NOT NULL,
  resolution text NOT NULL CHECK (resolution IN ('RELEASED', 'DISMISSED')),
  reason_code text,
  actor_id uuid NOT NULL,
  resolved_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, journal_id, journal_no)
);

-- When an entry counts as having happened, where its own time was not believed.
ALTER TABLE journal_entries ADD COLUMN believed_at timestamptz, ADD COLUMN believed_date date;

-- The highest number recorded before `before`: it and all before it are in every backup made since.
-- Numbers are recorded in order, so the search halves.
CREATE FUNCTION durable_head(p_tenant uuid, p_journal uuid, head bigint, before timestamptz)
RETURNS bigint LANGUAGE plpgsql STABLE AS $function$
DECLARE
  low bigint := 0;
  high bigint := head;
  middle bigint;
BEGIN
  WHILE low < high LOOP
    middle := (low + high + 1) / 2;
    IF EXISTS (SELECT 1 FROM journal_entries e
        WHERE e.tenant_id = p_tenant AND e.journal_id = p_journal AND e.journal_no = middle
          AND e.recorded_at <= before) THEN
      low := middle;
    ELSE
      high := middle - 1;
    END IF;
  END LOOP;
  RETURN low;
END
$function$;

DO $block$
DECLARE
  t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['device_keys', 'operators', 'journal_signatures', 'journal_findings',
      'journal_resolutions'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant ON %I TO transaction_rw, transaction_ro
      USING (tenant_id = (SELECT nullif(current_setting(''app.tenant'', true), '''')::uuid))', t);
    EXECUTE format('CREATE POLICY worker ON %I TO transaction_worker USING (true)', t);
    EXECUTE format('GRANT SELECT ON %I TO transaction_rw, transaction_ro, transaction_worker', t);
  END LOOP;
END
$block$;
GRANT INSERT ON journal_signatures, journal_findings, journal_resolutions TO transaction_rw;
GRANT INSERT ON device_keys, operators TO transaction_worker;
REVOKE ALL ON FUNCTION durable_head FROM PUBLIC;
GRANT EXECUTE ON FUNCTION durable_head TO transaction_rw;

-- A sale that was paid takes the place of the tombstone under its id (the tombstone's journal entry
-- stays). Nothing else can be deleted from the sales.
GRANT DELETE ON sales TO transaction_rw;
CREATE POLICY only_tombstones_go ON sales AS RESTRICTIVE FOR DELETE TO transaction_rw
  USING (kind = 'ABANDONED');
