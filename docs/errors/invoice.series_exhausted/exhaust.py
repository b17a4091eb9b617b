"""Sets the counter of every series to its last number."""

import sqlite3

with sqlite3.connect("quittance-data/ledger.db") as books:
    books.execute("UPDATE number_series SET last_counter = 999999999")
