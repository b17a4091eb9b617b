#!/usr/bin/env python3
"""Checks the demonstration's invoices: how many, of which types, in which currencies, gapless numbers."""
import json
import sys

invoices = json.load(open(sys.argv[1], encoding="utf-8"))
problems = []
for series, invoice_type in [("G", "OneTime"), ("D", "Recurring")]:
    numbers = sorted(int(i["id"][1:]) for i in invoices if i["id"].startswith(series))
    if not numbers or numbers != list(range(1, len(numbers) + 1)):
        problems.append(f"numbers of {series} have a gap: {numbers}")
    if any(i["invoiceType"] != invoice_type for i in invoices if i["id"].startswith(series)):
        problems.append(f"an invoice of {series} is not {invoice_type}")
usage = [d for i in invoices for d in i["invoiceDetails"] if d["billingProvider"] == "azure"]
if sorted(d["invoiceLineItemType"] for d in usage) != ["billing_line_items", "usage_line_items"]:
    problems.append("no classic usage on a recurring invoice")
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
