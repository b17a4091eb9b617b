//! The journal for plain-text accounting: hledger, beancount, CSV.
//!
//! Amounts are written with all digits of their currency. Dates are the UTC days on which entries were
//! booked; the exact time, the position and the hash of an entry stand beside it.

use std::io::{self, Write};
use std::str::FromStr;

use billing::journal::{Account, Entry, EntryHash, EntryKind};
use billing::money::Currency;
use jiff::civil::Date;
use jiff::tz::TimeZone;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JournalFormat {
    Hledger,
    Beancount,
    Csv,
}

impl JournalFormat {
    pub const ALL: [(&'static str, Self); 3] =
        [("hledger", Self::Hledger), ("beancount", Self::Beancount), ("csv", Self::Csv)];
}

impl FromStr for JournalFormat {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|(known, _)| *known == name);
        found.map(|(_, format)| *format).ok_or_else(|| format!("{name:?} is no format of a journal"))
    }
}

/// The accounts in the order of a chart, each below the root that plain-text accounting knows.
const CHART: [(Account, &str, &str); 7] = [
    (Account::Cash, "Assets", "Cash"),
    (Account::Receivable, "Assets", "Receivable"),
    (Account::Unallocated, "Liabilities", "Unallocated"),
    (Account::TaxPayable, "Liabilities", "TaxPayable"),
    (Account::Revenue, "Income", "Revenue"),
    (Account::Adjustments, "Expenses", "Adjustments"),
    (Account::WriteOffs, "Expenses", "WriteOffs"),
];

fn name_of(account: Account) -> String {
    let found = CHART.iter().find(|(known, ..)| *known == account);
    found.map_or_else(String::new, |(_, root, name)| format!("{root}:{name}"))
}

fn day_of(entry: &Entry) -> Date {
    entry.booked_at.to_zoned(TimeZone::UTC).date()
}

fn words(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::InvoiceIssued => "invoice issued",
        EntryKind::CreditIssued => "credit issued",
        EntryKind::CorrectionIssued => "correction issued",
        EntryKind::PaymentReceived => "payment received",
        EntryKind::PaymentAllocated => "payment allocated",
        EntryKind::CreditReleased => "credit released",
        EntryKind::RefundPaid => "refund paid",
        EntryKind::WrittenOff => "written off",
        EntryKind::WriteOffTakenBack => "write-off taken back",
    }
}

/// Writes entries one after another, in the order of their chain.
#[derive(Debug)]
pub struct JournalWriter<W> {
    format: JournalFormat,
    out: W,
}

impl<W: Write> JournalWriter<W> {
    /// Writes what stands before the entries: accounts and currencies, or the header.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn begin(format: JournalFormat, mut out: W, first_day: Date, currencies: &[Currency]) -> io::Result<Self> {
        match format {
            JournalFormat::Hledger => {
                for (account, ..) in CHART {
                    writeln!(out, "account {}", name_of(account))?;
                }
                for currency in currencies {
                    let digits = usize::from(currency.minor_digits());
                    let fraction = "0".repeat(digits);
                    // hledger takes the style from here, and asks for a point where there are no decimals.
                    writeln!(out, "commodity 1000.{fraction} {currency}")?;
                }
                writeln!(out)?;
            }
            JournalFormat::Beancount => {
                for (account, ..) in CHART {
                    writeln!(out, "{first_day} open {}", name_of(account))?;
                }
                writeln!(out)?;
            }
            JournalFormat::Csv => {
                writeln!(out, "position,booked_at,kind,reference,account,amount,currency,hash")?;
            }
        }
        Ok(Self { format, out })
    }

    /// # Errors
    /// Those of `out`.
    pub fn write(&mut self, entry: &Entry, hash: EntryHash) -> io::Result<()> {
        match self.format {
            JournalFormat::Hledger => self.hledger(entry, hash),
            JournalFormat::Beancount => self.beancount(entry, hash),
            JournalFormat::Csv => self.csv(entry, hash),
        }
    }

    fn hledger(&mut self, entry: &Entry, hash: EntryHash) -> io::Result<()> {
        let reference = plain(&entry.reference);
        writeln!(self.out, "{} * {} | {reference}", day_of(entry), words(entry.kind))?;
        writeln!(self.out, "    ; position:{}, booked:{}, hash:{hash}", entry.position, entry.booked_at)?;
        for posting in &entry.postings {
            writeln!(self.out, "    {:<24}  {}", name_of(posting.account), posting.amount)?;
        }
        writeln!(self.out)
    }

    fn beancount(&mut self, entry: &Entry, hash: EntryHash) -> io::Result<()> {
        let reference = quoted(&entry.reference);
        writeln!(self.out, "{} * \"{}\" {reference}", day_of(entry), words(entry.kind))?;
        writeln!(self.out, "  position: {}", entry.position)?;
        writeln!(self.out, "  booked: \"{}\"", entry.booked_at)?;
        writeln!(self.out, "  hash: \"{hash}\"")?;
        for posting in &entry.postings {
            writeln!(self.out, "  {:<24}  {}", name_of(posting.account), posting.amount)?;
        }
        writeln!(self.out)
    }

    fn csv(&mut self, entry: &Entry, hash: EntryHash) -> io::Result<()> {
        let mut rows = ::csv::WriterBuilder::new().has_headers(false).from_writer(&mut self.out);
        for posting in &entry.postings {
            rows.write_record([
                &entry.position.to_string(),
                &entry.booked_at.to_string(),
                entry.kind.as_str(),
                &entry.reference,
                posting.account.as_str(),
                &posting.amount.to_plain(),
                posting.amount.currency.code(),
                &hash.to_string(),
            ])?;
        }
        rows.flush()
    }
}

/// One line of hledger, in which a semicolon would begin a comment.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || c == ';' || c == '|' { ' ' } else { c }).collect()
}

fn quoted(text: &str) -> String {
    let escaped: String = text
        .chars()
        .flat_map(|c| match c {
            '"' | '\\' => vec!['\\', c],
            c if c.is_control() => vec![' '],
            c => vec![c],
        })
        .collect();
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use billing::journal::Posting;
    use billing::money::Amount;

    #[track_caller]
    fn check(format: JournalFormat, expected: &str) {
        let yen: Currency = "JPY".parse().unwrap();
        let amount = |minor, currency| Amount { minor, currency };
        let postings = [(1_230, Currency::EUR), (-7, yen)].map(|(minor, currency)| {
            let posting = |account, minor| Posting { account, amount: amount(minor, currency) };
            [posting(Account::Cash, minor), posting(Account::Receivable, -minor)]
        });
        let entry = Entry {
            organisation: "issuer".parse().unwrap(),
            position: 3,
            kind: EntryKind::PaymentReceived,
            reference: "bank \"4711\"; a|b,\nc".to_owned(),
            booked_at: "2026-11-20T23:59:59.5Z".parse().unwrap(),
            postings: postings.concat(),
        };
        let mut out = Vec::new();
        let day = jiff::civil::date(2026, 11, 1);
        let mut writer = JournalWriter::begin(format, &mut out, day, &[Currency::EUR, yen]).unwrap();
        writer.write(&entry, EntryHash([0xab; 32])).unwrap();
        assert_eq!(String::from_utf8(out).unwrap().replace(&"ab".repeat(32), "HASH"), expected);
    }

    #[test]
    fn entries_are_written_as_each_program_reads_them() {
        check(
            JournalFormat::Hledger,
            "account Assets:Cash\naccount Assets:Receivable\naccount Liabilities:Unallocated\n\
             account Liabilities:TaxPayable\naccount Income:Revenue\n\
             account Expenses:Adjustments\naccount Expenses:WriteOffs\ncommodity 1000.00 EUR\ncommodity 1000. JPY\n\n\
             2026-11-20 * payment received | bank \"4711\"  a b, c\n    \
             ; position:3, booked:2026-11-20T23:59:59.5Z, hash:HASH\n    \
             Assets:Cash               12.30 EUR\n    Assets:Receivable         -12.30 EUR\n    \
             Assets:Cash               -7 JPY\n    Assets:Receivable         7 JPY\n\n",
        );
        check(
            JournalFormat::Beancount,
            "2026-11-01 open Assets:Cash\n2026-11-01 open Assets:Receivable\n2026-11-01 open Liabilities:Unallocated\n\
             2026-11-01 open Liabilities:TaxPayable\n2026-11-01 open Income:Revenue\n\
             2026-11-01 open Expenses:Adjustments\n2026-11-01 open Expenses:WriteOffs\n\n\
             2026-11-20 * \"payment received\" \"bank \\\"4711\\\"; a|b, c\"\n  position: 3\n  \
             booked: \"2026-11-20T23:59:59.5Z\"\n  hash: \"HASH\"\n  \
             Assets:Cash               12.30 EUR\n  Assets:Receivable         -12.30 EUR\n  \
             Assets:Cash               -7 JPY\n  Assets:Receivable         7 JPY\n\n",
        );
        check(
            JournalFormat::Csv,
            "position,booked_at,kind,reference,account,amount,currency,hash\n\
             3,2026-11-20T23:59:59.5Z,payment_received,\"bank \"\"4711\"\"; a|b,\nc\",cash,12.30,EUR,HASH\n\
             3,2026-11-20T23:59:59.5Z,payment_received,\"bank \"\"4711\"\"; a|b,\nc\",receivable,-12.30,EUR,HASH\n\
             3,2026-11-20T23:59:59.5Z,payment_received,\"bank \"\"4711\"\"; a|b,\nc\",cash,-7,JPY,HASH\n\
             3,2026-11-20T23:59:59.5Z,payment_received,\"bank \"\"4711\"\"; a|b,\nc\",receivable,7,JPY,HASH\n",
        );
    }
}
