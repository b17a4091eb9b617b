"""The rating job in Polars, lazy, on the streaming engine. See common.py for the job and how to call it.

Exact: a product keeps the larger of the two scales and rounds the rest away, so both sides are widened to the scale of the
exact product first. What does not fit 38 digits is an error, in casts too.

Tried, seconds at 10 million rows in relation to the form kept:
    1.00  texts as categoricals, running sum with order_by, tiers by join and filter; the end's tier for crossing rows (kept)
    1.06  the same, the end's tier for all rows
    2.3   the same on the in-memory engine, and five times the memory
At 1 million rows:
    1.15  five tiers pivoted into the columns of one row a meter; sorted before an unordered running sum: the same
    1.45  tiers by two ASOF joins
    2.0   texts left as texts
"""

import os

from common import Clock, arguments, report

data, out, threads = arguments()
os.environ["POLARS_MAX_THREADS"] = str(threads)  # read once, at import

import polars as pl  # noqa: E402
from polars import col  # noqa: E402

TEXTS = ("customer_id", "subscription_id", "meter_id")
LINE = ("line_id", "usage_date", *TEXTS, "quantity", "unit_price", "effective_unit_price")
LINE += ("currency", "factor", "pricing_total", "rate", "billing_total")
ONE = pl.lit("1.00").str.to_decimal(scale=2).cast(pl.Decimal(3, 2))


def scale(expression, decimals):
    return expression.cast(pl.Decimal(38, decimals))


def product(left, right, decimals):
    return scale(left, decimals) * scale(right, decimals)


def scan(files):
    table = pl.scan_parquet(data / files)
    texts = [name for name in TEXTS if name in table.collect_schema()]
    return table.with_columns(col(texts).cast(pl.Categorical))


def tiers():
    step = scale(col("unit_price"), 18) - scale(col("unit_price").shift(1).over("meter_id").fill_null(0), 18)
    saving = (step * scale(col("from_qty"), 18)).cum_sum().over("meter_id")
    sheet = scan("price.parquet").sort("meter_id", "tier_no").with_columns(saving=saving)
    return sheet.select("meter_id", "currency", "unit_price", "saving", scale(col("from_qty"), 10), scale(col("to_qty"), 10))


def counted():
    usage = scan("usage/*.parquet").select("line_id", "usage_date", *TEXTS, "quantity")
    counter = scale(col("quantity"), 10).cum_sum().over("subscription_id", "meter_id", order_by=["usage_date", "line_id"])
    return usage.with_columns(after=counter).with_columns(before=col("after") - scale(col("quantity"), 10))


def priced():
    """A row inside of one tier is quantity x price. For the few that cross, the tier of the end is looked up too."""
    tier = tiers()
    begun = counted().join(tier, on="meter_id").filter(col("before") >= col("from_qty"), col("before") < col("to_qty"))
    inside = begun.filter(col("after") <= col("to_qty"))
    inside = inside.with_columns(list_amount=product(col("quantity"), col("unit_price"), 18))
    crossing = begun.filter(col("after") > col("to_qty")).join(tier, on="meter_id", suffix="_end")
    crossing = crossing.filter(col("after") > col("from_qty_end"), col("after") <= col("to_qty_end"))
    end = product(col("after"), col("unit_price_end"), 18) - col("saving_end")
    begin = product(col("before"), col("unit_price"), 18) - col("saving")
    crossing = crossing.with_columns(list_amount=end - begin)
    kept = ["line_id", "usage_date", *TEXTS, "quantity", "unit_price", "currency", "list_amount"]
    return pl.concat([inside.select(kept), crossing.select(kept)])


def lines():
    credited = priced().join(scan("fx.parquet"), on="currency")
    credited = credited.join(scan("pec.parquet"), on=["subscription_id", "usage_date"], how="left")
    credited = credited.with_columns(col("factor").fill_null(ONE))
    credited = credited.with_columns(
        effective_unit_price=product(col("unit_price"), col("factor"), 10),
        pricing_total=product(col("list_amount"), col("factor"), 20),
    )
    billing = product(col("pricing_total"), col("rate"), 26).round(10, mode="half_to_even")
    return credited.with_columns(billing_total=scale(billing, 10)).select(LINE)


with Clock() as clock:
    file = out / "lines.parquet"
    lines().sink_parquet(file, compression="zstd", compression_level=1, engine="streaming")
    by_customer = pl.scan_parquet(file).group_by(col("customer_id").cast(pl.String))
    totals = by_customer.agg(pl.len(), col("billing_total").sum()).sort("customer_id")
    totals.sink_csv(out / "totals.csv", include_header=False, engine="streaming")

report("Polars", pl.__version__, clock, data, out)
