-- A poison event: reporting cannot apply one sale in forty of those that come while this is there.
-- What it parks is applied when poison-off.sql was run and reporting starts again (or is asked to).
-- As superuser, in the database of the suite.
CREATE FUNCTION reporting.poison() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF get_byte(uuid_send(NEW.sale_id), 15) % 40 = 0 THEN
    RAISE EXCEPTION 'a poison event of a test';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER poison BEFORE INSERT ON reporting.fact_sales
  FOR EACH ROW EXECUTE FUNCTION reporting.poison();
