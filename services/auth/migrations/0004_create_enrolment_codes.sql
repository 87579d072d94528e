-- Codes with which devices enrol, and since when tokens of a device count.
-- A new table, and a column with a constant default: devices is locked for a moment, not rewritten.

-- One code per device, found by its hash before the tenant is known (so no row-level security): a
-- keyed hash, since 40 bits alone could be tried out. Holds neither rights nor secrets.
CREATE TABLE {{schema}}.enrolment_codes (
  tenant_id uuid NOT NULL,
  device_id uuid NOT NULL,
  code_hash bytea NOT NULL,
  created_by uuid NOT NULL,
  expires_at timestamptz NOT NULL,
  public_key bytea,  -- the key it enrolled; null until it is used
  CONSTRAINT enrolment_codes_pkey PRIMARY KEY (tenant_id, device_id),
  CONSTRAINT enrolment_codes_device_fkey FOREIGN KEY (tenant_id, device_id)
    REFERENCES {{schema}}.devices
);
CREATE UNIQUE INDEX enrolment_codes_hash ON {{schema}}.enrolment_codes (code_hash);

-- Tokens issued earlier do not count; a new one never claims to be older.
ALTER TABLE {{schema}}.devices
  ADD COLUMN not_before timestamptz NOT NULL DEFAULT '1970-01-01 00:00:00Z';

GRANT SELECT, INSERT, UPDATE ON {{schema}}.enrolment_codes TO {{schema}}_rw;
