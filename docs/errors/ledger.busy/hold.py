"""Holds the database while the command of its arguments runs."""

import sqlite3
import subprocess
import sys

books = sqlite3.connect("quittance-data/ledger.db", isolation_level=None)
books.execute("BEGIN IMMEDIATE")
sys.exit(subprocess.call(sys.argv[1:]))
