#!/usr/bin/env python3
"""Rates a month of Azure usage details by a rate card, a second time and independently.

    rate_month.py RATE_CARD.json USAGE.json[.gz] [--effective-from YYYY-MM-DD]

Reads the two files as the provider wrote them, knows nothing of Quittance, and prints JSON: the
line of each meter that has a price in force, the meters that have none, and the provider's own cost.
All arithmetic is exact (decimal, 60 digits); rounding happens at three named places only:
the pricing total and the subtotal are cut toward zero at two decimals, and the effective price is a
quotient of 15 significant digits, ties to even.
"""

import argparse
import decimal
import gzip
import json
import sys
from collections import defaultdict
from decimal import Decimal

EXACT = decimal.Context(prec=60, traps=[decimal.Inexact, decimal.InvalidOperation])
CENT = Decimal("0.01")
ALWAYS = "0001-01-01"


def read(path):
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rb") as file:
        text = file.read().decode("utf-8-sig")
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


def cost(tiers, included, quantity):
    """Graduated tiers over what lies above the included quantity; a slice is open below."""
    billable = max(Decimal(0), EXACT.subtract(quantity, included))
    starts = sorted(tiers)
    total = Decimal(0)
    for place, start in enumerate(starts):
        end = starts[place + 1] if place + 1 < len(starts) else None
        top = billable if end is None else min(billable, end)
        slice_ = max(Decimal(0), EXACT.subtract(top, start))
        total = EXACT.add(total, EXACT.multiply(tiers[start], slice_))
    return total


def prices(card, effective_from):
    """Each meter's version: the day from which it counts, its tiers, its included quantity."""
    found = {}
    for meter in card["Meters"]:
        tiers = {Decimal(start): price for start, price in meter["MeterRates"].items()}
        day = effective_from or meter["EffectiveDate"][:10]
        version = (day, tiers, meter["IncludedQuantity"], meter.get("Unit", ""))
        known = found.get(meter["MeterId"].lower())
        if known is None or known[0] <= day:
            found[meter["MeterId"].lower()] = version
    return found


def cut(amount):
    return amount.quantize(CENT, rounding=decimal.ROUND_DOWN)


def significant(amount, quantity):
    if quantity == 0:
        return Decimal(0)
    return decimal.Context(prec=15, rounding=decimal.ROUND_HALF_EVEN).divide(amount, quantity)


def plain(number):
    """Without exponent and without zeros at the end of a fraction."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def line(meter, days, version):
    _, tiers, included, unit = version
    running, exact = Decimal(0), Decimal(0)
    for day in sorted(days):
        for quantity in days[day]:
            after = EXACT.add(running, quantity)
            step = EXACT.subtract(cost(tiers, included, after), cost(tiers, included, running))
            exact, running = EXACT.add(exact, step), after
    total = cut(exact)
    subtotal = cut(total)
    return {
        "meter": meter,
        "unit": unit,
        "quantity": plain(running),
        "first_price": plain(tiers[min(tiers)]),
        "pricing_exact": plain(exact),
        "pricing_total": plain(total),
        "effective_unit_price": plain(significant(total, running)),
        "subtotal": plain(subtotal),
    }


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("card")
    arguments.add_argument("usage")
    arguments.add_argument("--effective-from", default=None)
    options = arguments.parse_args()

    version_of = prices(read(options.card), options.effective_from)
    usage = defaultdict(lambda: defaultdict(list))
    provider_cost, rows = Decimal(0), 0
    for row in read(options.usage)["value"]:
        properties = row["properties"]
        usage[properties["meterId"].lower()][properties["usageStart"][:10]].append(properties["usageQuantity"])
        provider_cost = EXACT.add(provider_cost, properties["pretaxCost"])
        rows += 1

    lines, unpriced = [], {}
    for meter, days in sorted(usage.items()):
        version = version_of.get(meter)
        if version is None:
            unpriced[meter] = "price.meter_unknown"
            continue
        in_force = [day for day in days if version[0] == ALWAYS or version[0] <= day]
        if len(in_force) < len(days):
            # A list of one version: nothing is in force before it.
            unpriced[meter] = "price.not_in_force"
            days = {day: days[day] for day in in_force}
        if days:
            lines.append(line(meter, days, version))
    total = Decimal(0)
    for priced in lines:
        total = EXACT.add(total, Decimal(priced["subtotal"]))
    json.dump(
        {
            "rows": rows,
            "provider_cost": plain(provider_cost),
            "lines": lines,
            "unpriced": unpriced,
            "total": plain(total),
        },
        sys.stdout,
        indent=1,
    )


if __name__ == "__main__":
    main()
