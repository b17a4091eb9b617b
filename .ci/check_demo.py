#!/usr/bin/env python3
"""Checks the demonstration's invoices: how many, in which currencies, gapless numbers."""
import json
import sys

invoices = json.load(open(sys.argv[1], encoding="utf-8"))
numbers = [int(invoice["id"][1:]) for invoice in invoices]
problems = []
if sorted(numbers) != list(range(1, len(numbers) + 1)):
    problems.append(f"numbers have a gap: {sorted(numbers)}")
if len({invoice["currencyCode"] for invoice in invoices}) < 3:
    problems.append("fewer than three currencies")
october = [i for i in invoices if i["billingPeriodStartDate"].startswith("2026-10-01")]
if len(october) < 3:
    problems.append("fewer than three invoices for October")
if any(invoice["totalCharges"] <= 0 for invoice in invoices):
    problems.append("an invoice without charges")
for problem in problems:
    print(problem)
print(f"{len(invoices)} invoices checked")
sys.exit(1 if problems else 0)
