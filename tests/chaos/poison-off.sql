DROP TRIGGER IF EXISTS poison ON reporting.fact_sales;
DROP FUNCTION IF EXISTS reporting.poison();
