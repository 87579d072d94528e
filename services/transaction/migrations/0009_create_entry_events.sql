-- The event of an entry with its state (1 accepted, 2 set aside) and, where its own time was not
-- believed, the time that counts: {bytes entry = 1; bytes hash = 2; State state = 3;
-- int64 believed_at_us = 4; string believed_date = 5;}.

-- A number below 2^63, not negative.
CREATE FUNCTION proto_varint(n bigint) RETURNS bytea LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
  bytes bytea := '';
BEGIN
  WHILE n > 127 LOOP
    bytes := bytes || set_byte('\x00'::bytea, 0, (n & 127 | 128)::integer);
    n := n >> 7;
  END LOOP;
  RETURN bytes || set_byte('\x00'::bytea, 0, n::integer);
END $$;

CREATE FUNCTION recorded_entry_event(entry bytea, hash bytea, is_held boolean,
  believed_at timestamptz, believed_date date) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
  SELECT journal_entry_event(entry, hash) ||
    CASE WHEN is_held THEN '\x1802'::bytea ELSE '\x1801'::bytea END ||
    CASE WHEN believed_at IS NULL THEN ''::bytea
      ELSE '\x20'::bytea || proto_varint((extract(epoch FROM believed_at) * 1000000)::bigint) ||
        '\x2a0a'::bytea || convert_to(to_char(believed_date, 'YYYY-MM-DD'), 'UTF8') END $$;

-- Whether an entry is set aside still.
CREATE FUNCTION is_entry_held(p_tenant uuid, p_journal uuid, p_no bigint, state text)
RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT state = 'QUARANTINED' AND NOT EXISTS (SELECT 1 FROM journal_resolutions r
    WHERE r.tenant_id = p_tenant AND r.journal_id = p_journal AND r.journal_no = p_no
      AND r.resolution = 'RELEASED') $$;

REVOKE ALL ON FUNCTION proto_varint, recorded_entry_event, is_entry_held FROM PUBLIC;
GRANT EXECUTE ON FUNCTION proto_varint, recorded_entry_event TO transaction_worker;
GRANT EXECUTE ON FUNCTION is_entry_held TO transaction_worker;
