DROP TRIGGER IF EXISTS slow_commit ON transaction.journal_entries;
DROP FUNCTION IF EXISTS transaction.slow_commit();
