-- The sale's event without a copy of its payload: the outbox row says where the journal entry
-- stands, the feed's page query (feed.cc) joins it and frames it as the message
-- cloudpos.transaction.v1.JournalEntryRecorded {bytes entry = 1; bytes hash = 2;}.

-- Length of a bytes field as protobuf's varint; up to 2^28-1.
CREATE FUNCTION proto_length(n integer) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT CASE
    WHEN n < 128 THEN set_byte('\x00'::bytea, 0, n)
    WHEN n < 16384 THEN set_byte(set_byte('\x0000'::bytea, 0, n & 127 | 128), 1, n >> 7)
    WHEN n < 2097152 THEN set_byte(set_byte(set_byte('\x000000'::bytea, 0, n & 127 | 128),
      1, n >> 7 & 127 | 128), 2, n >> 14)
    ELSE set_byte(set_byte(set_byte(set_byte('\x00000000'::bytea, 0, n & 127 | 128),
      1, n >> 7 & 127 | 128), 2, n >> 14 & 127 | 128), 3, n >> 21)
  END $$;

CREATE FUNCTION journal_entry_event(entry bytea, hash bytea) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT '\x0a'::bytea || proto_length(length(entry)) || entry || '\x1220'::bytea || hash $$;

-- Where the entry of an outbox row stands: 16 bytes journal id, 8 bytes number.
CREATE FUNCTION pointed_journal(pointer bytea) RETURNS uuid LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT encode(substr(pointer, 1, 16), 'hex')::uuid $$;
CREATE FUNCTION pointed_number(pointer bytea) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT ('x' || encode(substr(pointer, 17, 8), 'hex'))::bit(64)::bigint $$;

REVOKE ALL ON FUNCTION proto_length, journal_entry_event, pointed_journal, pointed_number
  FROM PUBLIC;
GRANT EXECUTE ON FUNCTION proto_length, journal_entry_event, pointed_journal, pointed_number
  TO transaction_worker;
