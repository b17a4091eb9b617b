"""The rating job in chDB (ClickHouse in the process). See common.py for the job and how to call it.

Exact: a product of decimals adds the scales, and roundBankers stays decimal. But a product that does not fit 128 bits wraps
in silence, whatever decimal_check_overflow says. The job therefore stops unless, for every row,
    counter < 10^9               times a price, a DECIMAL(18,8) and so below 10^10, that is 10^19 x 10^18 = 10^37 units
    list amount < 10^9, factor <= 1, rate < 10^3      that is 10^27 x 10^2 x 10^9 = 10^38 units
and 128 bits hold 1.7 x 10^38. A saving is a price times a threshold below the counter less a cost, so it is below 10^37 too.

Tried, seconds at 10 million rows in relation to the form kept:
    1.00  one sorted array a counter, its running sums, ARRAY JOIN back to rows; tiers as an array of the meter     (kept)
    1.05  the same with row groups of 250,000 instead of a million, and a fifth less memory
    1.14  the same with LowCardinality texts
    1.22  window function; tiers by two ASOF joins
    1.28  window function; tiers as an array of the meter
    1.3   window function; tiers by range joins (at 1 million rows)
The Bloom filter of each text column, on by default, would add 0.1 and 40 % to the file.
"""

import chdb
from chdb import session

from common import Clock, arguments, report

data, out, threads = arguments()

SETTINGS = f"""
SETTINGS max_threads = {threads}, schema_inference_make_columns_nullable = 0, output_format_parquet_compression_method = 'zstd',
         output_format_compression_level = 1, output_format_parquet_write_bloom_filter = 0
"""

# A credit is kept as factor - 1: a day that finds none joins as 0 and has the factor 1.
LINES = f"""
WITH
counter AS (
    SELECT subscription_id, meter_id,
           arraySort(groupArray((usage_date, line_id, customer_id, quantity))) AS rows,
           arrayCumSum(arrayMap(row -> CAST(row.4 AS Decimal(38, 10)), rows)) AS running
    FROM file('{data}/usage/*.parquet') GROUP BY subscription_id, meter_id),
tier AS (
    SELECT meter_id, currency, from_qty, unit_price,
           CAST(sum(step * from_qty) OVER (PARTITION BY meter_id ORDER BY tier_no) AS Decimal(38, 18)) AS saving
    FROM (SELECT *, CAST(unit_price - lagInFrame(unit_price, 1, CAST(0 AS Decimal(18, 8)))
                         OVER (PARTITION BY meter_id ORDER BY tier_no) AS Decimal(18, 8)) AS step
          FROM file('{data}/price.parquet'))),
sheet AS (
    SELECT meter_id, any(currency) AS currency, arraySort(groupArray((from_qty, unit_price, saving))) AS tiers
    FROM tier GROUP BY meter_id),
priced AS (
    SELECT row.1 AS usage_date, row.2 AS line_id, row.3 AS customer_id, subscription_id, meter_id, row.4 AS quantity, currency, rate,
           after - quantity AS before, arrayLast(tier -> tier.1 <= before, tiers) AS begin, arrayLast(tier -> tier.1 <= after, tiers) AS end,
           begin.2 AS unit_price, (end.2 * after - end.3) - (begin.2 * before - begin.3) AS list_amount, after
    FROM (SELECT * FROM counter JOIN sheet USING (meter_id) JOIN file('{data}/fx.parquet') AS fx USING (currency))
    ARRAY JOIN rows AS row, running AS after),
credit AS (
    SELECT subscription_id, usage_date, factor - toDecimal32(1, 2) AS less FROM file('{data}/pec.parquet'))
SELECT line_id, usage_date, customer_id, subscription_id, meter_id, quantity, unit_price,
       CAST(unit_price AS Decimal(38, 8)) * factor AS effective_unit_price, currency, toDecimal32(1, 2) + less AS factor,
       list_amount * factor AS pricing_total, rate, CAST(roundBankers(pricing_total * rate, 10) AS Decimal(38, 10)) AS billing_total
FROM priced LEFT JOIN credit USING (subscription_id, usage_date)
WHERE throwIf(after >= 1000000000 OR list_amount >= 1000000000 OR factor > 1 OR rate >= 1000, 'a product may not fit 128 bits') = 0
"""

TOTALS = f"""
SELECT concat(customer_id, ',', toString(count()), ',', toDecimalString(sum(billing_total), 10))
FROM file('{out}/lines.parquet') GROUP BY customer_id ORDER BY customer_id
"""

with Clock() as clock:
    db = session.Session()
    db.query(f"INSERT INTO FUNCTION file('{out}/lines.parquet') {LINES} {SETTINGS}")
    db.query(f"INSERT INTO FUNCTION file('{out}/totals.csv', TSVRaw) {TOTALS} {SETTINGS}")

report("chDB", chdb.__version__, clock, data, out)
