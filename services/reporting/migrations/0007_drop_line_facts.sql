-- Lines, taxes and tenders of a document are facts no more (docs/decisions/0017): no report read
-- them. Dropped at once: no version that wrote them was ever released. A program from before that
-- still runs parks what it meets; the next one applies it when it starts. Quick: takes the tables'
-- locks for a moment.
DROP TABLE {{schema}}.fact_lines, {{schema}}.fact_taxes, {{schema}}.fact_tenders;
