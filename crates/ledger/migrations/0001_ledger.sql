-- The ledger of one data directory, version 1.
--
-- Words are those of docs/glossary.md. Amounts are minor units (`…_minor`), instants are UTC
-- text with nine digits below the second so that their order is the order of the text, days and
-- periods are ISO 8601, digests are lower-case hexadecimal. What was issued never changes
-- (INV-2): triggers refuse it, also from other programs.

-- "Qttc": what marks the file as a ledger.
PRAGMA application_id = 1366586467;

-- Directory ---------------------------------------------------------------------------------

CREATE TABLE organisations (
    id        TEXT NOT NULL PRIMARY KEY,
    billed_by TEXT REFERENCES organisations (id) DEFERRABLE INITIALLY DEFERRED,
    body      TEXT NOT NULL
) STRICT;

CREATE TABLE customers (
    id           TEXT NOT NULL PRIMARY KEY,
    billed_party TEXT NOT NULL REFERENCES organisations (id),
    name         TEXT NOT NULL,
    domain       TEXT NOT NULL,
    country      TEXT NOT NULL
) STRICT;
CREATE INDEX customers_by_party ON customers (billed_party);

CREATE TABLE subscriptions (
    id            TEXT NOT NULL PRIMARY KEY,
    customer      TEXT NOT NULL REFERENCES customers (id),
    name          TEXT NOT NULL,
    earned_credit TEXT NOT NULL,
    generation    TEXT NOT NULL
) STRICT;
CREATE INDEX subscriptions_by_customer ON subscriptions (customer);

-- Blobs and the lists that rating reads -------------------------------------------------------

CREATE TABLE blobs (
    sha256 TEXT NOT NULL PRIMARY KEY,
    body   BLOB NOT NULL
) STRICT;

-- Price sheets, exchange rates, tax rates. A list may stand here twice: the later position wins.
CREATE TABLE lists (
    kind        TEXT NOT NULL,
    position    INTEGER NOT NULL CHECK (position > 0),
    sha256      TEXT NOT NULL REFERENCES blobs (sha256),
    title       TEXT NOT NULL,
    imported_at TEXT NOT NULL,
    PRIMARY KEY (kind, position)
) STRICT;

-- Orders of licences, in the order of their acceptance.
CREATE TABLE orders (
    place       INTEGER NOT NULL PRIMARY KEY CHECK (place > 0),
    party       TEXT NOT NULL REFERENCES organisations (id),
    order_id    TEXT NOT NULL,
    body        TEXT NOT NULL,
    accepted_at TEXT NOT NULL,
    UNIQUE (party, order_id)
) STRICT;
CREATE INDEX orders_by_party ON orders (party, place);

-- Manifest of the usage store, and quarantine ---------------------------------------------------

CREATE TABLE usage_imports (
    id                INTEGER NOT NULL PRIMARY KEY CHECK (id > 0),
    source            TEXT NOT NULL,
    source_sha256     TEXT NOT NULL,
    imported_at       TEXT NOT NULL,
    accepted_count    INTEGER NOT NULL,
    duplicate_count   INTEGER NOT NULL,
    quarantined_count INTEGER NOT NULL
) STRICT;

-- Each merged files of usage into others with the same records.
CREATE TABLE compactions (
    id           INTEGER NOT NULL PRIMARY KEY CHECK (id > 0),
    compacted_at TEXT NOT NULL
) STRICT;

CREATE TABLE usage_files (
    place           INTEGER NOT NULL PRIMARY KEY CHECK (place > 0),
    usage_import    INTEGER NOT NULL REFERENCES usage_imports (id),
    -- The compaction that put other files in this one's place. Rated runs of before still read it.
    retired_by      INTEGER REFERENCES compactions (id),
    rows_path       TEXT NOT NULL,
    rows_sha256     TEXT NOT NULL,
    rows_byte_count INTEGER NOT NULL,
    rows_row_count  INTEGER NOT NULL,
    rows_first_day  TEXT,
    rows_last_day   TEXT,
    keys_path       TEXT NOT NULL,
    keys_sha256     TEXT NOT NULL,
    keys_byte_count INTEGER NOT NULL,
    keys_row_count  INTEGER NOT NULL,
    keys_first_day  TEXT,
    keys_last_day   TEXT
) STRICT;
-- The name of a retired file that is gone may be given again.
CREATE UNIQUE INDEX usage_files_rows ON usage_files (rows_path) WHERE retired_by IS NULL;
CREATE UNIQUE INDEX usage_files_keys ON usage_files (keys_path) WHERE retired_by IS NULL;

-- A quarantined line is never lost (USE-3): it leaves the queue by its state, not by deletion.
CREATE TABLE quarantine (
    id            INTEGER NOT NULL PRIMARY KEY CHECK (id > 0),
    usage_import  INTEGER NOT NULL REFERENCES usage_imports (id),
    source        TEXT NOT NULL,
    format        TEXT NOT NULL,
    header        TEXT NOT NULL,
    line_number   INTEGER NOT NULL,
    column_number INTEGER NOT NULL,
    field         TEXT NOT NULL,
    code          TEXT NOT NULL,
    message       TEXT NOT NULL,
    raw           BLOB NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('waiting', 'settled', 'dropped')),
    -- The import that replayed the line.
    settled_by    INTEGER REFERENCES usage_imports (id),
    CHECK ((state = 'settled') = (settled_by IS NOT NULL))
) STRICT;
CREATE INDEX quarantine_waiting ON quarantine (id) WHERE state = 'waiting';

-- Journal -------------------------------------------------------------------------------------

CREATE TABLE journal_entries (
    organisation  TEXT NOT NULL REFERENCES organisations (id),
    position      INTEGER NOT NULL,
    kind          TEXT NOT NULL,
    reference     TEXT NOT NULL,
    booked_at     TEXT NOT NULL,
    postings      TEXT NOT NULL,
    previous_hash BLOB NOT NULL CHECK (length(previous_hash) = 32),
    hash          BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (organisation, position)
) STRICT;

-- Documents -----------------------------------------------------------------------------------

CREATE TABLE number_series (
    issuer       TEXT NOT NULL REFERENCES organisations (id),
    series       TEXT NOT NULL,
    last_counter INTEGER NOT NULL CHECK (last_counter > 0),
    PRIMARY KEY (issuer, series)
) STRICT;

CREATE TABLE invoices (
    issuer           TEXT NOT NULL REFERENCES organisations (id),
    number           TEXT NOT NULL,
    party            TEXT NOT NULL REFERENCES organisations (id),
    period           TEXT NOT NULL,
    invoice_type     TEXT NOT NULL,
    currency         TEXT NOT NULL,
    total_minor      INTEGER NOT NULL,
    -- What its account's events come to.
    received_minor   INTEGER NOT NULL,
    written_off_minor INTEGER NOT NULL,
    issued_at        TEXT NOT NULL,
    due_on           TEXT NOT NULL,
    header           BLOB NOT NULL,
    digest           TEXT NOT NULL,
    line_count       INTEGER NOT NULL,
    rated_files      TEXT NOT NULL,
    journal_position INTEGER NOT NULL,
    -- The first document of the chain that it stands in behind it, its place there, and what it does.
    amends           TEXT,
    amendment_place  INTEGER CHECK (amendment_place > 0),
    amendment        TEXT CHECK (amendment IN ('credit', 'partial_credit', 'difference', 'deferred_difference', 'rebill')),
    PRIMARY KEY (issuer, number),
    CHECK ((amends IS NULL) = (amendment IS NULL) AND (amends IS NULL) = (amendment_place IS NULL)),
    FOREIGN KEY (issuer, amends) REFERENCES invoices (issuer, number),
    FOREIGN KEY (issuer, journal_position) REFERENCES journal_entries (organisation, position)
) STRICT;
-- INV-3
CREATE UNIQUE INDEX one_invoice_per_period ON invoices (issuer, party, invoice_type, currency, period)
    WHERE amends IS NULL;
CREATE UNIQUE INDEX one_amendment_per_place ON invoices (issuer, amends, amendment_place) WHERE amends IS NOT NULL;
CREATE INDEX invoices_by_party ON invoices (party, issued_at);
CREATE INDEX invoices_by_number ON invoices (number);

-- With a row id: a line is longer than the 1,000 bytes that a table without one keeps in its
-- pages, and such a table took three times the space and time. Lines are written before the
-- invoice, which then seals them; hence the deferred reference.
CREATE TABLE invoice_lines (
    issuer      TEXT NOT NULL,
    number      TEXT NOT NULL,
    line_number INTEGER NOT NULL CHECK (line_number > 0),
    -- Whose lines they are, so that a page of daily lines finds those that it was billed by.
    subscription TEXT NOT NULL,
    body        BLOB NOT NULL,
    PRIMARY KEY (issuer, number, line_number),
    FOREIGN KEY (issuer, number) REFERENCES invoices (issuer, number) DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE INDEX invoice_lines_by_subscription ON invoice_lines (issuer, number, subscription);

CREATE TABLE documents (
    issuer TEXT NOT NULL,
    number TEXT NOT NULL,
    kind   TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    path   TEXT NOT NULL,
    PRIMARY KEY (issuer, number, kind),
    FOREIGN KEY (issuer, number) REFERENCES invoices (issuer, number)
) STRICT;

-- What a party paid its issuer, and which documents it was put to.
CREATE TABLE account_events (
    issuer           TEXT NOT NULL REFERENCES organisations (id),
    party            TEXT NOT NULL REFERENCES organisations (id),
    position         INTEGER NOT NULL CHECK (position > 0),
    document         TEXT,
    event            TEXT NOT NULL,
    booked_at        TEXT NOT NULL,
    journal_position INTEGER NOT NULL,
    PRIMARY KEY (issuer, party, position),
    FOREIGN KEY (issuer, document) REFERENCES invoices (issuer, number),
    FOREIGN KEY (issuer, journal_position) REFERENCES journal_entries (organisation, position)
) STRICT;

-- One-off amounts outside the lines; each waits for the party's next document.
CREATE TABLE adjustments (
    party        TEXT NOT NULL REFERENCES organisations (id),
    reference    TEXT NOT NULL,
    currency     TEXT NOT NULL,
    amount_minor INTEGER NOT NULL CHECK (amount_minor <> 0),
    reason       TEXT NOT NULL,
    added_at     TEXT NOT NULL,
    issuer       TEXT,
    number       TEXT,
    PRIMARY KEY (party, reference),
    FOREIGN KEY (issuer, number) REFERENCES invoices (issuer, number) DEFERRABLE INITIALLY DEFERRED,
    CHECK ((issuer IS NULL) = (number IS NULL))
) STRICT;
CREATE INDEX adjustments_waiting ON adjustments (party) WHERE number IS NULL;

-- Rating and closing --------------------------------------------------------------------------

CREATE TABLE rated_runs (
    party         TEXT NOT NULL REFERENCES organisations (id),
    period        TEXT NOT NULL,
    usage_through INTEGER NOT NULL,
    files         TEXT NOT NULL,
    -- What the files come to, part by part, so that a later run takes over what would be the same.
    parts         TEXT NOT NULL,
    -- The last one before the run, 0 for none: files that were retired later are still read.
    compaction    INTEGER NOT NULL,
    PRIMARY KEY (party, period)
) STRICT;

-- A period that was closed without a document is closed for every type of invoice.
CREATE TABLE closures (
    party         TEXT NOT NULL REFERENCES organisations (id),
    period        TEXT NOT NULL,
    invoice_type  TEXT NOT NULL CHECK (invoice_type IN ('OneTime', 'Recurring', 'Every')),
    usage_through INTEGER NOT NULL,
    -- How many lists of each kind were known, and the place of the last order.
    known_rates   INTEGER NOT NULL,
    known_taxes   INTEGER NOT NULL,
    known_offers  INTEGER NOT NULL,
    known_orders  INTEGER NOT NULL,
    issuer        TEXT,
    number        TEXT,
    PRIMARY KEY (party, period, invoice_type),
    FOREIGN KEY (issuer, number) REFERENCES invoices (issuer, number),
    CHECK ((issuer IS NULL) = (invoice_type = 'Every') AND (issuer IS NULL) = (number IS NULL))
) STRICT;

CREATE TABLE carried_days (
    party         TEXT NOT NULL,
    period        TEXT NOT NULL,
    invoice_type  TEXT NOT NULL,
    position      INTEGER NOT NULL CHECK (position > 0),
    subscription  TEXT NOT NULL,
    meter         TEXT NOT NULL,
    usage_date    TEXT NOT NULL,
    usage_after   INTEGER NOT NULL,
    usage_through INTEGER NOT NULL,
    PRIMARY KEY (party, period, invoice_type, position),
    FOREIGN KEY (party, period, invoice_type) REFERENCES closures (party, period, invoice_type)
) STRICT;

-- Closed months that were computed again with newer lists and orders: these are the month's from then on.
CREATE TABLE restatements (
    party        TEXT NOT NULL REFERENCES organisations (id),
    period       TEXT NOT NULL,
    position     INTEGER NOT NULL CHECK (position > 0),
    known_rates  INTEGER NOT NULL,
    known_taxes  INTEGER NOT NULL,
    known_offers INTEGER NOT NULL,
    known_orders INTEGER NOT NULL,
    issuer       TEXT NOT NULL,
    number       TEXT NOT NULL,
    PRIMARY KEY (party, period, position),
    FOREIGN KEY (issuer, number) REFERENCES invoices (issuer, number)
) STRICT;

CREATE TABLE parkings (
    party   TEXT NOT NULL REFERENCES organisations (id),
    period  TEXT NOT NULL,
    reasons TEXT NOT NULL,
    PRIMARY KEY (party, period)
) STRICT;

-- Tokens and settings ---------------------------------------------------------------------------

CREATE TABLE tokens (
    hash         TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL REFERENCES organisations (id),
    role         TEXT NOT NULL,
    created_at   TEXT NOT NULL,
    expires_at   TEXT
) STRICT;

-- Programs that get tokens for their id and secret.
CREATE TABLE clients (
    id           TEXT NOT NULL PRIMARY KEY,
    secret_hash  TEXT NOT NULL,
    organisation TEXT NOT NULL REFERENCES organisations (id),
    role         TEXT NOT NULL,
    created_at   TEXT NOT NULL,
    revoked_at   TEXT
) STRICT;

CREATE TABLE settings (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- What customers mean to spend in a month. The amount is the text of an exact decimal, not negative, in the currency
-- that the customer's party is billed in.
CREATE TABLE budgets (
    customer   TEXT NOT NULL PRIMARY KEY REFERENCES customers (id),
    amount     TEXT NOT NULL,
    changed_at TEXT NOT NULL
) STRICT;

-- Requests that a caller named, with their answers once there are some, so that a request that is
-- sent again does not act again. Kept for two days.
CREATE TABLE keyed_requests (
    organisation     TEXT NOT NULL REFERENCES organisations (id),
    key              TEXT NOT NULL,
    digest           TEXT NOT NULL,
    started_at       TEXT NOT NULL,
    -- The last entry of the organisation's journal before it.
    journal_position INTEGER NOT NULL,
    status           INTEGER,
    body             BLOB,
    PRIMARY KEY (organisation, key),
    CHECK ((status IS NULL) = (body IS NULL))
) STRICT;
CREATE INDEX keyed_requests_by_age ON keyed_requests (started_at);

-- Billing runs that were started through the API.
CREATE TABLE runs (
    id           TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL REFERENCES organisations (id),
    period       TEXT NOT NULL,
    request      TEXT NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('running', 'done', 'failed', 'interrupted')),
    started_at   TEXT NOT NULL,
    ended_at     TEXT,
    outcome      TEXT NOT NULL,
    CHECK ((state = 'running') = (ended_at IS NULL))
) STRICT;
CREATE INDEX runs_by_organisation ON runs (organisation, started_at);

-- What was issued never changes -------------------------------------------------------------------
--
-- The insert triggers are there because REPLACE removes a row without firing delete triggers.

CREATE TRIGGER invoices_update
BEFORE UPDATE OF issuer, number, party, period, invoice_type, currency, total_minor, issued_at, due_on,
    header, digest, line_count, rated_files, journal_position, amends, amendment_place, amendment ON invoices
BEGIN SELECT RAISE(ABORT, 'invoices: what was issued never changes'); END;

CREATE TRIGGER invoices_delete BEFORE DELETE ON invoices
BEGIN SELECT RAISE(ABORT, 'invoices: what was issued never changes'); END;

CREATE TRIGGER invoices_replace BEFORE INSERT ON invoices
WHEN EXISTS (SELECT 1 FROM invoices WHERE issuer = NEW.issuer AND number = NEW.number)
    OR EXISTS (SELECT 1 FROM invoices WHERE issuer = NEW.issuer AND party = NEW.party
        AND invoice_type = NEW.invoice_type AND currency = NEW.currency AND period = NEW.period
        AND amends IS NULL AND NEW.amends IS NULL)
    OR EXISTS (SELECT 1 FROM invoices WHERE issuer = NEW.issuer AND amends = NEW.amends
        AND amendment_place = NEW.amendment_place)
BEGIN SELECT RAISE(ABORT, 'invoices: what was issued never changes'); END;

CREATE TRIGGER invoice_lines_update BEFORE UPDATE ON invoice_lines
BEGIN SELECT RAISE(ABORT, 'invoice_lines: what was issued never changes'); END;

CREATE TRIGGER invoice_lines_delete BEFORE DELETE ON invoice_lines
BEGIN SELECT RAISE(ABORT, 'invoice_lines: what was issued never changes'); END;

CREATE TRIGGER invoice_lines_sealed BEFORE INSERT ON invoice_lines
WHEN EXISTS (SELECT 1 FROM invoices WHERE issuer = NEW.issuer AND number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'invoice_lines: what was issued never changes'); END;

CREATE TRIGGER journal_entries_update BEFORE UPDATE ON journal_entries
BEGIN SELECT RAISE(ABORT, 'journal_entries: an entry never changes'); END;

CREATE TRIGGER journal_entries_delete BEFORE DELETE ON journal_entries
BEGIN SELECT RAISE(ABORT, 'journal_entries: an entry never changes'); END;

CREATE TRIGGER journal_entries_gapless BEFORE INSERT ON journal_entries
WHEN NEW.position <> (SELECT COALESCE(MAX(position), 0) + 1 FROM journal_entries
    WHERE organisation = NEW.organisation)
BEGIN SELECT RAISE(ABORT, 'journal_entries: an entry stands behind the last one'); END;

CREATE TRIGGER account_events_update BEFORE UPDATE ON account_events
BEGIN SELECT RAISE(ABORT, 'account_events: what was booked never changes'); END;

CREATE TRIGGER account_events_delete BEFORE DELETE ON account_events
BEGIN SELECT RAISE(ABORT, 'account_events: what was booked never changes'); END;

CREATE TRIGGER account_events_gapless BEFORE INSERT ON account_events
WHEN NEW.position <> (SELECT COALESCE(MAX(position), 0) + 1 FROM account_events
    WHERE issuer = NEW.issuer AND party = NEW.party)
BEGIN SELECT RAISE(ABORT, 'account_events: an event stands behind the last one'); END;

CREATE TRIGGER orders_update BEFORE UPDATE ON orders
BEGIN SELECT RAISE(ABORT, 'orders: what was accepted never changes'); END;

CREATE TRIGGER orders_delete BEFORE DELETE ON orders
BEGIN SELECT RAISE(ABORT, 'orders: what was accepted never changes'); END;

CREATE TRIGGER orders_replace BEFORE INSERT ON orders
WHEN EXISTS (SELECT 1 FROM orders
    WHERE place = NEW.place OR (party = NEW.party AND order_id = NEW.order_id))
BEGIN SELECT RAISE(ABORT, 'orders: what was accepted never changes'); END;

CREATE TRIGGER restatements_update BEFORE UPDATE ON restatements
BEGIN SELECT RAISE(ABORT, 'restatements: what was issued never changes'); END;

CREATE TRIGGER restatements_delete BEFORE DELETE ON restatements
BEGIN SELECT RAISE(ABORT, 'restatements: what was issued never changes'); END;

CREATE TRIGGER restatements_gapless BEFORE INSERT ON restatements
WHEN NEW.position <> (SELECT COALESCE(MAX(position), 0) + 1 FROM restatements
    WHERE party = NEW.party AND period = NEW.period)
BEGIN SELECT RAISE(ABORT, 'restatements: one stands behind the last one'); END;

CREATE TRIGGER adjustments_update BEFORE UPDATE ON adjustments WHEN OLD.number IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'adjustments: what was issued never changes'); END;

CREATE TRIGGER adjustments_delete BEFORE DELETE ON adjustments WHEN OLD.number IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'adjustments: what was issued never changes'); END;

CREATE TRIGGER adjustments_replace BEFORE INSERT ON adjustments
WHEN EXISTS (SELECT 1 FROM adjustments
    WHERE party = NEW.party AND reference = NEW.reference AND number IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'adjustments: what was issued never changes'); END;

CREATE TRIGGER lists_update BEFORE UPDATE ON lists
BEGIN SELECT RAISE(ABORT, 'lists: what was imported never changes'); END;

CREATE TRIGGER lists_delete BEFORE DELETE ON lists
BEGIN SELECT RAISE(ABORT, 'lists: what was imported never changes'); END;

CREATE TRIGGER lists_gapless BEFORE INSERT ON lists
WHEN NEW.position <> (SELECT COALESCE(MAX(position), 0) + 1 FROM lists WHERE kind = NEW.kind)
BEGIN SELECT RAISE(ABORT, 'lists: a list stands behind the last one'); END;

CREATE TRIGGER blobs_update BEFORE UPDATE ON blobs
BEGIN SELECT RAISE(ABORT, 'blobs: bytes never change'); END;

CREATE TRIGGER blobs_delete BEFORE DELETE ON blobs
BEGIN SELECT RAISE(ABORT, 'blobs: bytes never change'); END;

PRAGMA user_version = 1;
