"""Bills the organisation in another currency from now on."""

import sqlite3

with sqlite3.connect("quittance-data/ledger.db") as books:
    books.execute("UPDATE organisations SET body = json_set(body, '$.currency', 'EUR') WHERE id = 'partner'")
