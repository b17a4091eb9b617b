"""The rating job in DuckDB. See common.py for the job and how to call it.

Exact: a product of decimals adds the scales, one of more than 38 digits is an error, and round_even stays decimal. Nothing is
divided, for that would give doubles.

Tried, seconds at 10 million rows in relation to the form kept:
    1.00  texts replaced by numbers before the window, joined back after it; tiers by range joins        (kept)
    1.00  the same, five tiers pivoted into the columns of one row a meter
    1.17  the same pivot, only subscription and meter as numbers
    1.40  texts go through the window (pivot 1.45, list of tiers and range joins 1.55)
    2.1   texts; tiers by two ASOF joins (at 1 million rows; a line per tier segment and GROUP BY: 1.9)
"""

import duckdb

from common import Clock, arguments, report

data, out, threads = arguments()

NUMBERED = "CREATE TEMP TABLE {0} AS SELECT {0}_id, row_number() OVER ()::INTEGER AS {0}_no FROM (SELECT DISTINCT {0}_id FROM usage)"

TIERS = """
CREATE TEMP TABLE tier AS
SELECT meter_no, from_qty, to_qty, unit_price, currency, rate,
       (sum(step * from_qty) OVER (PARTITION BY meter_no ORDER BY tier_no))::DECIMAL(38,18) AS saving
FROM (SELECT *, unit_price - lag(unit_price, 1, 0) OVER (PARTITION BY meter_id ORDER BY tier_no) AS step FROM price)
JOIN meter USING (meter_id)
JOIN fx USING (currency)
"""

CREDITS = "CREATE TEMP TABLE credit AS SELECT subscription_no, usage_date, factor FROM pec JOIN subscription USING (subscription_id)"

LINES = """
WITH counted AS (
    SELECT line_id, usage_date, customer_no, subscription_no, meter_no, quantity,
           sum(quantity) OVER (PARTITION BY subscription_no, meter_no ORDER BY usage_date, line_id ROWS UNBOUNDED PRECEDING) AS after,
           after - quantity AS before
    FROM usage JOIN customer USING (customer_id) JOIN subscription USING (subscription_id) JOIN meter USING (meter_id)),
priced AS (
    SELECT c.*, b.unit_price, b.currency, b.rate,
           (e.unit_price * c.after - e.saving) - (b.unit_price * c.before - b.saving) AS list_amount
    FROM counted c
    JOIN tier b ON b.meter_no = c.meter_no AND c.before >= b.from_qty AND c.before < b.to_qty
    JOIN tier e ON e.meter_no = c.meter_no AND c.after > e.from_qty AND c.after <= e.to_qty),
credited AS (
    SELECT * REPLACE (coalesce(factor, 1::DECIMAL(3,2)) AS factor), list_amount * coalesce(factor, 1::DECIMAL(3,2)) AS pricing_total
    FROM priced LEFT JOIN credit USING (subscription_no, usage_date))
SELECT line_id, usage_date, customer_id, subscription_id, meter_id, quantity, unit_price,
       unit_price::DECIMAL(28,8) * factor AS effective_unit_price, currency, factor, pricing_total, rate,
       round_even(pricing_total * rate, 10) AS billing_total
FROM credited JOIN customer USING (customer_no) JOIN subscription USING (subscription_no) JOIN meter USING (meter_no)
"""

with Clock() as clock:
    db = duckdb.connect(config={"threads": threads, "preserve_insertion_order": False, "temp_directory": f"{out}/spill"})
    for view, files in {"usage": "usage/*", "price": "price", "fx": "fx", "pec": "pec"}.items():
        db.execute(f"CREATE VIEW {view} AS FROM read_parquet('{data}/{files}.parquet')")
    for text in ("customer", "subscription", "meter"):
        db.execute(NUMBERED.format(text))
    db.execute(TIERS)
    db.execute(CREDITS)
    db.execute(f"COPY ({LINES}) TO '{out}/lines.parquet' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)")
    db.execute(f"""COPY (SELECT customer_id, count(*), sum(billing_total) FROM '{out}/lines.parquet' GROUP BY ALL ORDER BY customer_id)
                   TO '{out}/totals.csv' (HEADER false)""")

report("DuckDB", duckdb.__version__, clock, data, out)
