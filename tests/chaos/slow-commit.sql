-- Slow commits: one document in five holds its transaction open for up to 60 ms when all of it is
-- written, so that transactions end in another order than their events were numbered. Correct
-- programs do not mind. As superuser, in the database of the suite; slow-commit-off.sql undoes it.
CREATE FUNCTION transaction.slow_commit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF random() < 0.2 THEN
    PERFORM pg_sleep(0.02 + random() * 0.04);
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER slow_commit AFTER INSERT ON transaction.journal_entries
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION transaction.slow_commit();
