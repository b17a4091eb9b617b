"""Gives the billed organisation another address."""

import sqlite3

with sqlite3.connect("quittance-data/ledger.db") as books:
    books.execute(
        "UPDATE organisations SET body = json_set(body, '$.address_lines', json_array('1 New Street')) WHERE id = 'partner'"
    )
