"""What the peers share: arguments, clock and the line of JSON they print.

    python3 peer_X.py DATA OUT [THREADS]

The job, the same for all. DATA holds usage/day-DD.parquet, price.parquet, fx.parquet and pec.parquet. Rows of one
(subscription, meter) share a counter and enter it by (usage_date, line_id). A row is worth cost(after) - cost(before) by
graduated tiers (docs/rules/tiers.md); times factor that is the exact pricing_total (20 decimals); times rate, rounded once
to 10 decimals, ties to the even digit, it is the billing_total (docs/rules/daily-line.md). OUT gets lines.parquet (zstd
level 1, one line a usage row, in any order) and totals.csv: customer_id,line_count,billing_sum, sorted by the id's bytes.

All peers take a cost from one form, where k is the tier of Q:

    cost(Q) = price_k x Q - saving_k        saving_k = sum over j <= k of (price_j - price_j-1) x from_j

so only the end and the beginning of a row need a tier. The cost has no jumps: at a threshold either tier gives the same.
It never multiplies by the open end of the last tier, which 38 digits would not hold.

The clock runs from opening the engine to the written totals. Start-up of the interpreter and imports are not counted.
"""

import hashlib
import json
import resource
import sys
import time
from pathlib import Path

PEAK_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes in one unit of ru_maxrss


def arguments():
    """DATA, OUT and THREADS. OUT is created; the two files of an earlier run go."""
    if len(sys.argv) not in (3, 4):
        sys.exit(f"usage: {sys.argv[0]} DATA OUT [THREADS]")
    data, out = Path(sys.argv[1]), Path(sys.argv[2])
    threads = int(sys.argv[3]) if len(sys.argv) == 4 else 2
    out.mkdir(parents=True, exist_ok=True)
    for name in ("lines.parquet", "totals.csv"):
        (out / name).unlink(missing_ok=True)
    return data, out, threads


class Clock:
    def __enter__(self):
        self.start = time.perf_counter()
        return self

    def __exit__(self, *_):
        self.wall = time.perf_counter() - self.start
        self.peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * PEAK_UNIT


def report(name, version, clock, data, out):
    """Prints the result, unless a usage row has no line: a join that finds no price drops it in silence."""
    import pyarrow.parquet as parquet

    rows = sum(parquet.read_metadata(day).num_rows for day in (data / "usage").glob("*.parquet"))
    totals = (out / "totals.csv").read_bytes()
    lines = sum(int(line.split(b",")[1]) for line in totals.splitlines())
    if lines != rows or parquet.read_metadata(out / "lines.parquet").num_rows != rows:
        sys.exit(f"{name}: {rows} usage rows, {lines} lines in the totals")
    result = {
        "name": name,
        "version": version,
        "rows": rows,
        "wall_s": round(clock.wall, 3),
        "rows_per_s": round(rows / clock.wall),
        "peak_rss_mb": round(clock.peak_bytes / 1e6),
        "out_mb": round(sum((out / file).stat().st_size for file in ("lines.parquet", "totals.csv")) / 1e6, 1),
        "totals_sha": hashlib.sha256(totals).hexdigest(),
    }
    print(json.dumps(result), flush=True)
