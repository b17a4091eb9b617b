#!/usr/bin/env python3
"""Recomputes the expected result of every billing vector of a folder.

    python3 crates/testkit/tools/vectors.py crates/billing/testdata/vectors

A second opinion on the Rust code: it shares nothing with it and computes with exact fractions.
Prints each difference and exits 1 if there is one, 2 if the folder holds no case.
The operations and their inputs are described in README.md beside the vectors.
"""

import json
import re
import sys
from calendar import monthrange
from datetime import date, timedelta
from fractions import Fraction as F
from pathlib import Path

# --- rounding and printing: integers of 10^-places in, plain decimal text out -------------------


def trunc(x, places):
    """Toward zero."""
    return int(F(x) * 10**places)  # int() of a fraction cuts toward zero


def half_up(x, places):
    """To the nearest, ties away from zero."""
    units = int(abs(F(x)) * 10**places + F(1, 2))
    return -units if x < 0 else units


def half_even(x, places):
    """To the nearest, ties to the even digit."""
    return round(F(x) * 10**places)  # round() of a fraction is half-even


def fixed(units, places):
    """All decimals are kept: 11280 with 2 places is 112.80."""
    digits = str(abs(units)).rjust(places + 1, "0")
    text = digits[:-places] + "." + digits[-places:] if places else digits
    return "-" + text if units < 0 else text


def plain(x):
    """Exact, without trailing zeros; refuses a number that has no end."""
    places = 0
    while (F(x) * 10**places).denominator != 1:
        places += 1
        if places > 200:
            raise ValueError(f"{x} has no finite decimal form")
    return fixed(int(F(x) * 10**places), places)


def sig15(x):
    """15 significant digits, half-even, without trailing zeros."""
    x = F(x)
    if x == 0:
        return "0"
    magnitude = 0  # 10^magnitude <= |x| < 10^(magnitude + 1)
    while abs(x) >= F(10) ** (magnitude + 1):
        magnitude += 1
    while abs(x) < F(10) ** magnitude:
        magnitude -= 1
    step = F(10) ** (magnitude - 14)
    return plain(round(x / step) * step)


def money(x, places=2):
    """Cut toward zero and print."""
    return fixed(trunc(x, places), places)


# --- rating ------------------------------------------------------------------------------------


def graduated(rates, quantity, included, basis):
    tiers = sorted((F(start), F(price)) for start, price in rates.items())
    billable = max(F(0), quantity - included)
    # With the basis "consumed" the included units occupy the first positions.
    first = included if basis == "consumed" else F(0)
    last = first + billable
    slices, total = [], F(0)
    for i, (start, price) in enumerate(tiers):
        low = max(start, first)
        high = min(tiers[i + 1][0], last) if i + 1 < len(tiers) else last
        if high > low:
            amount = (high - low) * price
            total += amount
            row = {"from": low, "to": high, "quantity": high - low, "rate": price, "amount": amount}
            slices.append({key: plain(value) for key, value in row.items()})
    return {
        "billable_quantity": plain(billable),
        "slices": slices,
        "amount_exact": plain(total),
        "amount_trunc2": money(total),
        "blended_unit_price": sig15(total / billable) if billable else "0",
    }


def tier_graduated(i):
    included = F(i.get("included_quantity", "0"))
    return graduated(i["rates"], F(i["quantity"]), included, i.get("tier_basis", "billable"))


def tier_ranges(i):
    rates = {plain(max(F(0), F(r["min"]) - 1)): r["price"] for r in i["ranges"]}
    return tier_graduated({**i, "rates": rates}) | {"thresholds": rates}


UNITS = {
    "1 hour": (1, "Hours"), "100 hours": (100, "Hours"), "1000 hours": (1000, "Hours"),
    "1 gb": (1, "GB"), "10 gb": (10, "GB"), "1 gb/month": (1, "GB/Month"),
    "1 gib/month": (1, "GiB/Month"), "10 gb/month": (10, "GB/Month"),
    "100 gb/month": (100, "GB/Month"), "10k transactions": (10000, "Transactions"),
}  # fmt: skip


def block(unit_of_measure):
    text = re.sub(r"\s*/\s*", "/", unit_of_measure.strip())
    if text.lower() in UNITS:
        return UNITS[text.lower()]
    count = re.fullmatch(r"(\d+)([KkMm]?)(/\w+)?", text)
    if not count:
        return 1, unit_of_measure
    factor = {"": 1, "K": 1000, "M": 1_000_000}[count[2].upper()]
    return int(count[1]) * factor, "Units" + (count[3] or "")


def uom_scale(i):
    size, unit = block(i["unit_of_measure"])
    quantity, price = F(i["quantity"]), F(i["price_per_block"])
    blocks = quantity if i["quantity_basis"] == "blocks" else quantity / size
    return {
        "block_size": str(size),
        "distinct_unit": unit,
        "pricing_quantity": plain(blocks),
        "consumed_quantity": plain(blocks * size),
        "price_per_distinct_unit": plain(price / size),
        "amount_exact": plain(blocks * price),
    }


def legacy_usage_line(i):
    overage = max(F(0), F(i["consumed_quantity"]) - F(i["included_quantity"]))
    charges = F(half_up(F(i["list_price"]) * overage, 2), 100)
    total = charges + F(i["tax_amount"])
    rate = (lambda amount: money(amount / overage, 8)) if charges else (lambda _: money(0, 8))
    return {
        "overage_quantity": plain(overage),
        "pretax_charges": money(charges),
        "post_tax_total": money(total),
        "pretax_effective_rate": rate(charges),
        "post_tax_effective_rate": rate(total),
    }


def classic_usage_lines(i):
    """Day by day: the running quantity moves, and what it passes goes to its rate."""
    included, shares, reached = F(0), {}, F(0)

    def passed(price, low, high):
        """What lies between two positions in rising order; no rate for what is included."""
        free = F(price.get("included_quantity", "0"))
        tiers = sorted((F(start) + free, F(rate)) for start, rate in price["rates"].items())
        steps = [(F(0), None), *tiers]
        for (start, rate), (end, _) in zip(steps, [*tiers, (high, None)]):
            part = min(high, max(start, end)) - max(low, start)
            if part > 0:
                yield rate, part

    for used in i["days"]:
        price, quantity = i["prices"][int(used["price"])], F(used["quantity"])
        kept, after = 1 - F(used.get("discount", "0")), max(F(0), reached + quantity)
        sign = 1 if quantity > 0 else -1
        parts = [(rate, sign * part) for rate, part in passed(price, min(reached, after), max(reached, after))]
        if reached + quantity < 0:
            parts.insert(0, (F(price["rates"]["0"]), reached + quantity))
        reached = after
        included += sum(part for rate, part in parts if rate is None)
        for rate, part in parts:
            if rate is not None:
                shares[rate, kept] = shares.get((rate, kept), F(0)) + part
    billed = [share for share in shares.items() if share[1]] or list(shares.items())[:1]
    # Nothing but what is included: the last day's first price stands beside 0.
    billed = billed or [((F(price["rates"]["0"]), F(1)), F(0))]
    lines, places = [], i["scale"]
    for (rate, kept), overage in billed:
        amount, charge = half_up(rate * overage, places), half_up(rate * overage * kept, places)
        first = F(0) if lines else included
        lines.append(
            {
                "consumed_quantity": plain(overage + first),
                "included_quantity": plain(first),
                "overage_quantity": plain(overage),
                "list_price": plain(rate),
                "consumption_price": fixed(amount, places),
                "consumption_discount": fixed(amount - charge, places),
                "pretax_charges": fixed(charge, places),
                "pretax_effective_rate": money(F(charge, 10**places) / overage if charge else 0, 8),
            }
        )
    return {"lines": lines}


def effective_date(i):
    day = i["usage_date"]  # ISO days compare as text, and before "open"
    in_force = [
        v for v in i["versions"] if v["effective_date"] <= day < v.get("end_date", "open")
    ]
    if not in_force:
        return {"error": "no_price_in_force"}
    version = max(in_force, key=lambda v: v["effective_date"])
    return {
        "price": plain(F(version["price"])),
        "effective_date": version["effective_date"],
        "amount_exact": plain(F(version["price"]) * F(i["quantity"])),
    }


def effective_unit_price(d):
    """List price after discount, earned credit and consumption credit, and the credit's rate."""
    earned = F(d.get("pec_rate", "0")) if d.get("pec_eligible", True) else F(0)
    price = F(d["unit_price"]) * (1 - F(d.get("discount_rate", "0")))
    return price * (1 - earned) * (1 - F(d.get("credit_rate", "0"))), earned


def daily(i):
    price, earned = effective_unit_price(i)
    pricing = price * F(i["quantity"])
    billing = pricing * F(i.get("fx", "1"))
    return {
        "effective_unit_price": plain(price),
        "pricing_pretax_total": plain(pricing),
        "billing_pretax_total": plain(billing),
        "billing_pretax_total_10dp": plain(F(half_even(billing, 10), 10**10)),
        "billing_pretax_total_floor2": money(billing),
        "pec_percentage": plain(earned * 100),
    }


def open_period(i):
    price, _ = effective_unit_price(i)
    rows = []
    for snapshot in i["snapshots"]:
        quantity = F(snapshot["cumulative_quantity"])
        cost = F(trunc(price * quantity, 2), 100)
        row = {"billable_cost": money(cost), "effective_unit_price": sig15(cost / quantity)}
        rows.append({"date": snapshot["date"]} | row)
    return {"rows": rows}


def month_line(i):
    fx, scale, pricing_scale = F(i["fx"]), i.get("scale", 2), i.get("pricing_scale", 2)
    quantity = sum((F(d["quantity"]) for d in i["daily"]), F(0))
    exact = sum((effective_unit_price(d)[0] * F(d["quantity"]) for d in i["daily"]), F(0))
    total = F(trunc(exact, pricing_scale), 10**pricing_scale)
    subtotal = F(trunc(total * fx, scale), 10**scale)
    return {
        "billable_quantity": plain(quantity),
        "pricing_exact": plain(exact),
        "pricing_total": money(total, pricing_scale),
        # Nothing billable in sum has no price; the amounts stand on their own.
        "effective_unit_price": sig15(total / quantity) if quantity else "0",
        "subtotal": money(subtotal, scale),
        "daily_billing_sum_exact": plain(exact * fx),
        "drift": plain(exact * fx - subtotal),
        "drift_bound": plain(fx / 10**pricing_scale + F(1, 10**scale)),
    }


def usage_subtotal(i):
    product, fx = F(i["effective_unit_price"]) * F(i["billable_quantity"]), F(i["fx"])
    cut = F(trunc(product, 2), 100)
    snapped = F(trunc(F(half_even(product, 6), 10**6), 2), 100)
    return {
        "pricing_plain": money(cut),
        "pricing_snapped": money(snapped),
        "subtotal_plain": money(cut * fx),
        "subtotal_snapped": money(snapped * fx),
    }


def seat_subtotal(i):
    price, seats = F(i["effective_unit_price"]) * F(i["fx"]), F(i["billable_quantity"])
    unit = F(trunc(price, 2), 100)
    return {"seat_unit_trunc": money(unit * seats), "line_trunc": money(price * seats)}


def fx(i):
    rate = F(half_even(1 / F(i["usd_per_unit"]), 9), 10**9)
    return {"pc_to_bc_rate": plain(rate), "billing_total": money(F(i["pricing_total"]) * rate)}


def savings_plan(i):
    commitment, retail, hours = F(i["commitment_per_hour"]), F(i["payg_rate"]), F(i["hours"])
    plan = retail * (1 - F(i["discount"]))
    covered = min(F(1), commitment / plan)
    rest = (1 - covered) * hours
    return {
        "plan_rate": plain(plan),
        "covered_quantity": sig15(covered * hours),
        "payg_quantity": sig15(rest),
        "payg_cost": sig15(rest * retail),
        "commitment_cost": plain(commitment * hours),
        "unused_commitment": sig15((commitment - covered * plan) * hours),
        "effective_total": sig15(rest * retail + commitment * hours),
        "retail_total": plain(retail * hours),
        "covered_line_billed": "0",
    }


def tax(i):
    exact, n = [F(subtotal) * F(i["rate"]) for subtotal in i["subtotals"]], i.get("scale", 2)
    cut, rounded = [trunc(x, n) for x in exact], [half_up(x, n) for x in exact]
    lines = lambda units: {"lines": [fixed(u, n) for u in units], "total": fixed(sum(units), n)}
    return {
        "line_truncate": lines(cut),
        "line_half_up": lines(rounded),
        "document_half_up": {"total": fixed(half_up(sum(exact), n), n)},
    }


# --- documents ----------------------------------------------------------------------------------


def document(i):
    total = lambda amounts: sum(map(F, amounts), F(0))
    subtotal = total(line["subtotal"] for line in i["lines"])
    tax_total = total(line["tax"] for line in i["lines"])
    charges = subtotal + tax_total + total(i.get("adjustments", []))
    received = total(i.get("payments_received", []))
    return {
        "subtotal": money(subtotal),
        "tax": money(tax_total),
        "total_charges": money(charges),
        "paid_amount_wire": money(-received),
        "balance": money(charges - received),
    }


# --- licences: spans of whole days, the last one included ----------------------------------------


def day(text):
    return date.fromisoformat(text)


def length(first, last):
    """Days of a span; both ends belong to it."""
    if last < first:
        raise ValueError(f"{first} to {last} has no day")
    return (last - first).days + 1


def rest(i, on, first="cycle_start", last="cycle_end"):
    """First, event and last day of a cycle, its length and that of what is left of it."""
    start, end = day(i[first]), day(i[last])
    if not start <= on <= end:
        raise ValueError(f"{on} lies outside of {start} to {end}")
    return start, end, length(start, end), length(on, end)


CHARGE_TYPES = {
    name.lower(): name
    for name in (
        "new", "renew", "cycleCharge", "addQuantity", "removeQuantity", "cancelImmediate", "cancel",
        "convert", "moveQuantity", "changeBillingPlan", "customerCredit",
    )
} | {"purchase": "new", "refund": "cancel"}  # fmt: skip


def charge_type(text):
    """A known type as the wire spells it; case, blanks, hyphens and underscores do not count."""
    return CHARGE_TYPES[re.sub("[ _-]", "", text).lower()]


def charge(i, kind, span, price, seats):
    """One line; `price` is that of a seat over the span, exact."""
    seats, converted = F(seats), price * F(i.get("fx", "1"))
    if seats <= 0:
        raise ValueError("a line without seats")
    unit = F(trunc(converted, 2), 100)
    subtotal = {"seat_unit_trunc": unit * seats, "line_trunc": converted * seats}[i["policy"]]
    return {
        "charge_type": kind,
        "charge_start": str(span[0]),
        "charge_end": str(span[1]),
        "effective_unit_price": sig15(price),
        "billable_quantity": plain(seats),
        "subtotal": money(subtotal),
    }


def total(lines):
    return money(sum(F(line["subtotal"]) for line in lines))


def seat_change(i):
    old, new, on = F(i["old_quantity"]), F(i["new_quantity"]), day(i["event_date"])
    if old == new:
        raise ValueError("the number of seats stays the same")
    _, end, cycle_days, left = rest(i, on)
    price = F(i["unit_price"]) * left / cycle_days
    kind = "addQuantity" if new > old else "removeQuantity"
    sides = ((-price, old), (price, new))
    lines = [charge(i, kind, (on, end), each, seats) for each, seats in sides]
    return {"cycle_days": cycle_days, "billing_days": left, "lines": lines, "net": total(lines)}


def seat_history(i):
    seats, cycle = F(i["initial_quantity"]), (day(i["cycle_start"]), day(i["cycle_end"]))
    lines = [charge(i, "new", cycle, F(i["unit_price"]), seats)]
    for event in i["events"]:
        now = seats + F(event["delta"])
        change = {"event_date": event["date"], "old_quantity": seats, "new_quantity": now}
        lines += seat_change(i | change)["lines"]
        seats = now
    return {"lines": lines, "final_quantity": int(seats), "total": total(lines)}


def cancel(i):
    hours, on = F(i["hours_since_order"]), day(i["event_date"])
    if hours > 7 * 24:
        return {"refund": "none", "lines": []}
    refund = "full" if hours <= 24 else "prorated"
    on = day(i["cycle_start"]) if refund == "full" else on
    _, end, cycle_days, left = rest(i, on)
    price = -F(i["unit_price"]) * left / cycle_days
    return {
        "refund": refund,
        "lines": [charge(i, "cancelImmediate", (on, end), price, i["quantity"])],
    }


def convert(i):
    kind, on = charge_type(i.get("charge_type", "convert")), day(i["event_date"])
    _, end, cycle_days, left = rest(i, on)
    lines = []
    for side, price in (("from", -F(i["from_unit_price"])), ("to", F(i["to_unit_price"]))):
        line = charge(i, kind, (on, end), price * left / cycle_days, i["quantity"])
        lines.append(line | {"side": side})
    return {"lines": lines, "net": total(lines)}


def plan_change(i):
    remaining, months = int(i["months_remaining"]), int(i["months_in_plan"])
    if not 1 <= remaining <= months:
        raise ValueError(f"{remaining} of {months} months")
    price = F(i["new_unit_price"]) * remaining / months
    line = charge(i, "changeBillingPlan", (None, None), price, i["quantity"])
    return {key: line[key] for key in ("charge_type", "effective_unit_price", "subtotal")}


def add_months(anchor, months):
    """The same day of a later month, or its last one where it has no such day."""
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    return date(year, month + 1, min(anchor.day, monthrange(year, month + 1)[1]))


def cycle_dates(i):
    anchor, step = day(i["start"]), int(i.get("step_months", "1"))
    rule = {"clamp": False, "eom_minus_one": True}[i.get("anchor_rule", "clamp")]
    last_but_one = rule and anchor.day == 30 and monthrange(anchor.year, anchor.month)[1] == 31

    def start(number):
        found = add_months(anchor, number * step)
        last = monthrange(found.year, found.month)[1]
        return found.replace(day=last - 1) if last_but_one else found

    cycles = []
    for number in range(int(i["count"])):
        first, last = start(number), start(number + 1) - timedelta(days=1)
        dates = {"charge_start": str(first), "charge_end": str(last)}
        cycles.append(dates | {"days": length(first, last)})
    return {"cycles": cycles}


def coterm(i):
    span = day(i["charge_start"]), day(i["charge_end"])
    price = F(i["unit_price"]) * length(*span) / F(i["full_cycle_days"])
    return {"lines": [charge(i, "new", span, price, i["quantity"])]}


def cents(x):
    """To the cent, ties away from zero."""
    return F(half_up(x, 2), 100)


def legacy_proration(i):
    price, seats = F(i["unit_price"]) * (-1 if i.get("credit") else 1), F(i["quantity"])
    whole, billed = F(i["period_days"]), F(i["billing_days"])
    seat, by_day = cents(price / whole * billed), cents(cents(price / whole) * billed)
    nested = cents(cents(price * seats / whole) * billed / seats)
    both = lambda unit: {"unit_price": money(unit), "amount": money(cents(unit * seats))}
    return {
        "nested_round": money(cents(nested * seats)),
        "unit_then_quantity": both(seat),
        "line_total": money(cents(price / whole * billed * seats)),
        "rounded_daily_rate": both(by_day),
    }


def legacy_cancel(i):
    on, price = day(i["cancel_date"]), F(i["unit_price"])
    start, end, whole, left = rest(i, on, "period_start", "period_end")
    full = (on - day(i["purchase_date"])).days < 30
    if full:
        credit = price
    elif i.get("daily_rate_rounded"):
        credit = cents(cents(price / whole) * left)
    elif i.get("mode") == "trunc":
        credit = F(trunc(price / whole * left, 2), 100)
    else:
        credit = cents(price / whole * left)
    return {
        "refund": "full" if full else "prorated",
        "charge_start": str(start if full else on),
        "charge_end": str(end),
        "unit_price": money(-credit),
        "amount": money(cents(-credit * F(i["quantity"]))),
    }


def classic_history(i):
    """Day by day: what a charge covers is cut into runs of days with the same seats."""
    bought, step = day(i["purchase_date"]), int(i["step_months"])
    cancelled = day(i["cancel_date"]) if "cancel_date" in i else None
    through = min(day(i["through"]), cancelled or date.max)
    share, lines, charges = F(i.get("discount_rate", "0")), [], []

    def start(months):
        return add_months(bought, months)

    def seats_on(when, known_before):
        changes = [(day(e["date"]), int(e["quantity"])) for e in i["events"]]
        known = [n for on, n in changes if on <= when and on < known_before]
        return known[-1] if known else int(i["quantity"])

    def add(billed_on, fee, first, last, seats, whole, sign=1):
        unit = sign * cents(F(i["unit_price"]) * ((last - first).days + 1) / whole)
        amount = unit * seats
        off = cents(amount * share)
        shown = {"billed_on": str(billed_on), "charge_type": fee, "charge_start": str(first), "charge_end": str(last)}
        shown |= {"unit_price": money(unit), "quantity": str(seats), "amount": money(amount)}
        lines.append(shown | {"discount": money(off), "subtotal": money(amount - off)})

    def charge(billed_on, fee, first, last, seats, whole):
        add(billed_on, fee, first, last, seats, whole)
        charges.append((first, last, seats, whole))

    def settle(billed_on, known_before):
        first, last, seats, whole = charges[-1]
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        runs = []
        for one in days:
            here = seats_on(one, known_before)
            if runs and runs[-1][2] == here:
                runs[-1][1] = one
            else:
                runs.append([one, one, here])
        if [run[2] for run in runs] == [seats]:
            return False
        charges.pop()
        add(billed_on, "Cycle instance prorate", first, last, seats, whole, -1)
        for run in runs:
            charge(billed_on, "Cycle instance prorate", *run, whole)
        return True

    def cycle_from(months):
        first, last = start(months), start(months + step) - timedelta(days=1)
        return first, last, (last - first).days + 1

    first, last, whole = cycle_from(0)
    charge(bought, "Purchase fee", first, last, int(i["quantity"]), whole)
    months = 1
    while start(months) <= through:
        on = start(months)
        changed = settle(on, on)
        if months % step == 0:
            if months % 12 == 0:
                share, fee = F(0), "Renew fee"
            else:
                fee = "Cycle instance prorate" if changed else "Cycle fee"
            first, last, whole = cycle_from(months)
            charge(on, fee, first, last, seats_on(on, on), whole)
        months += 1
    if cancelled and cancelled <= through:
        if (cancelled - bought).days < 30:
            for first, last, seats, whole in charges:
                add(cancelled, "Cancel fee", first, last, seats, whole, -1)
        else:
            settle(cancelled, cancelled + timedelta(days=1))
            seats = seats_on(cancelled, cancelled + timedelta(days=1))
            add(cancelled, "Cancel fee", cancelled, last, seats, whole, -1)
    return {"lines": lines, "total": money(sum(F(line["subtotal"]) for line in lines))}


def seat_count(i):
    lines = [line | {"charge_type": charge_type(line["charge_type"])} for line in i["lines"]]
    starts = [l["order_date"] for l in lines if l["charge_type"] in ("new", "renew", "cycleCharge")]
    since = max(starts, default="")  # ISO days compare as text
    seats = F(0)
    for line in lines:
        if line["charge_type"] != "customerCredit" and line["order_date"] >= since:
            seats += F(line["billable_quantity"]) * (-1 if F(line["subtotal"]) < 0 else 1)
    return {"seats": int(seats)}


# --- costs: splits, mark-ups, forecasts -----------------------------------------------------------


def split(i):
    ids = [target["id"] for target in i["targets"]]
    if not ids or len(set(ids)) < len(ids):
        raise ValueError("no target, or one twice")
    if i["method"] == "even":
        weights = [F(1)] * len(ids)
    elif i["method"] == "proportional":
        weights = [max(F(0), F(target["weight"])) for target in i["targets"]]
    else:
        weights = [F(target["percent"]) for target in i["targets"]]
        if sum(weights) != 100 or min(weights) < 0:
            raise ValueError("the percentages do not make 100")
    if not sum(weights):
        return {"error": "no_weight"}
    units = F(i["amount"]) * 100
    exact = [units * weight / sum(weights) for weight in weights]
    shares = [int(x) for x in exact]
    left = int(units) - sum(shares)
    largest_first = lambda n: (-abs(exact[n] - shares[n]), ids[n])
    for n in sorted(range(len(ids)), key=largest_first)[: abs(left)]:
        shares[n] += 1 if left > 0 else -1
    return {
        "shares": [{"id": id, "amount": fixed(share, 2)} for id, share in zip(ids, shares)],
        "total": fixed(sum(shares), 2),
    }


def markup(i):
    cost, number = F(i["cost"]), lambda key: F(i[key])
    if i["kind"] == "margin_on_price" and number("rate") >= 1:
        raise ValueError("a margin is less than the whole price")
    price = {
        "percent_on_cost": lambda: cost * (1 + number("rate")),
        "margin_on_price": lambda: cost / (1 - number("rate")),
        "fixed_per_unit": lambda: cost + number("fee") * number("quantity"),
        "percent_of_list": lambda: number("list") * (1 - number("rate")),
    }[i["kind"]]()
    return {"price": fixed(half_up(price, 2), 2)}


def mape(i):
    pairs = [(abs(F(a)), abs(F(a) - F(f))) for a, f in zip(i["actual"], i["forecast"], strict=True)]
    # Quotients have 20 decimals before they are added.
    shares = [F(half_even(error / actual, 20), 10**20) for actual, error in pairs if actual]
    percent = lambda part, whole: F(half_up(part / whole * 100, 4), 10**4) if whole else None
    mean = percent(sum(shares), len(shares))
    weighted = percent(sum(error for _, error in pairs), sum(actual for actual, _ in pairs))
    grade = None
    if mean is not None:
        above_12 = "walk" if mean <= 15 else "crawl" if mean <= 20 else "beyond"
        grade = "run" if mean < 12 else above_12
    show = lambda x: None if x is None else fixed(half_up(x, 4), 4)
    return {"mape_percent": show(mean), "wape_percent": show(weighted), "grade": grade}


OPERATIONS = {
    f.__name__: f
    for f in (
        tier_graduated, tier_ranges, uom_scale, legacy_usage_line, classic_usage_lines, effective_date, daily,
        open_period, month_line, usage_subtotal, seat_subtotal, fx, savings_plan, tax,
        document, seat_change, seat_history, cancel, convert, plan_change, cycle_dates, coterm,
        legacy_proration, legacy_cancel, classic_history, seat_count, split, markup, mape,
    )
}  # fmt: skip


def main(folder):
    checked = wrong = 0
    for path in sorted(Path(folder).glob("*.json")):
        for case in json.loads(path.read_text())["cases"]:
            result = OPERATIONS[case["op"]](case["input"])
            checked += 1
            if result != case["expect"]:
                wrong += 1
                print(f"{path.name} {case['id']} ({case['op']}): {case['title']}")
                print(f"  file      {json.dumps(case['expect'])}\n  computed  {json.dumps(result)}")
    print(f"{checked} cases, {wrong} different")
    return 2 if checked == 0 else 1 if wrong else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} FOLDER")
    sys.exit(main(sys.argv[1]))
