//! What holds at all times (docs/invariants.md), after every step and now and then in full.

use std::collections::{BTreeMap, BTreeSet};

use billing::invoice::InvoiceNumber;
use billing::journal::Account;
use billing::money::{Amount, Currency};
use billing::ports::UsageFilter;
use billing::settlement::Source;
use jiff::civil::date;

use super::{Seen, Witness};
use crate::model::account::Money;
use crate::scene::{PARTIES, issuer_id, party_id};
use crate::stores::Stores;

impl Witness {
    pub(super) async fn look(&mut self, stores: &Stores) {
        self.look_at_documents(stores).await;
        for party in 0..PARTIES.len() {
            self.look_at_account(stores, party).await;
        }
        self.look_at_balances();
        self.look_at_files(stores).await;
        self.look_at_parkings(stores).await;
    }

    /// INV-1, INV-2, INV-3.
    async fn look_at_documents(&self, stores: &Stores) {
        let invoices = stores.ledger.invoices(None).await.unwrap();
        assert_eq!(invoices.len(), self.documents.len(), "a document without an entry");
        let mut periods = BTreeSet::new();
        for stored in invoices {
            let Seen { header, digest, .. } = &self.documents[&stored.number];
            assert_eq!((&stored.header, &stored.digest), (header, digest), "INV-2: {} changed", stored.number);
            let of_period = (stored.party.clone(), stored.invoice_type, stored.period);
            assert!(stored.amends.is_some() || periods.insert(of_period), "INV-3: {}", stored.number);
            let account = &self.model.accounts[self.model.party_of(&stored.number).unwrap()];
            let document = &account.documents[&stored.number];
            let expected = (document.received, document.written_off);
            assert_eq!((stored.received.minor, stored.written_off.minor), expected, "PAY-1: {}", stored.number);
            assert!(
                !document.is_credited || document.written_off == 0,
                "PAY-1: {} is given up and back",
                stored.number
            );
            assert!(document.total <= 0 || document.open() >= 0, "PAY-1: {} has too much", stored.number);
        }
        let issuer = issuer_id();
        let drawn = stores.ledger.last_counter(&issuer, billing::invoice::InvoiceType::OneTime).await.unwrap();
        assert_eq!(drawn, self.model.number_count, "INV-1");
    }

    async fn look_at_account(&self, stores: &Stores, party: usize) {
        let history = stores.ledger.account(&issuer_id(), &party_id(party)).await.unwrap();
        let account = history.account().unwrap();
        let open: BTreeMap<&InvoiceNumber, i64> =
            account.documents.iter().map(|(number, state)| (number, state.open().unwrap().minor)).collect();
        let model = &self.model.accounts[party];
        let expected = model.documents.iter().map(|(number, document)| (number, document.open())).collect();
        assert_eq!(open, expected, "PAY-1: what is open");
        let rests: BTreeMap<&Source, i64> =
            account.sources.iter().map(|(source, state)| (source, state.rest.minor)).collect();
        let expected = model.sources.iter().map(|(source, money)| (source, money.rest)).collect();
        assert_eq!(rests, expected, "PAY-1: what waits");
        assert!(rests.values().all(|rest| *rest >= 0), "PAY-1: money is put to documents twice");
        let put: BTreeMap<_, i64> = account.allocations.iter().map(|(key, amount)| (key, amount.minor)).collect();
        assert_eq!(put, model.put.iter().map(|(key, amount)| (key, *amount)).collect(), "PAY-1: what was put where");
        let waiting = stores.ledger.adjustments(&party_id(party), None).await.unwrap();
        let waiting: BTreeMap<String, i64> = waiting.into_iter().map(|one| (one.reference, one.amount.minor)).collect();
        assert_eq!(waiting, self.model.adjustments[party], "adjustments that wait");
    }

    /// PAY-1: balances are sums of postings.
    fn look_at_balances(&self) {
        for (party, account) in PARTIES.iter().zip(&self.model.accounts) {
            let currency: Currency = party.currency.parse().unwrap();
            let balance = |of| self.balances.get(&(of, currency)).copied().unwrap_or_default();
            let open: i64 = account.documents.values().map(|document| document.open()).sum();
            let rest: i64 = account.sources.values().map(|money: &Money| money.rest).sum();
            let lost: i64 = account.documents.values().map(|document| document.written_off).sum();
            let found = (balance(Account::Receivable), -balance(Account::Unallocated), balance(Account::WriteOffs));
            assert_eq!(found, (open, rest, lost), "PAY-1: {}", Amount::zero(currency));
        }
    }

    /// Whatever is named is there.
    async fn look_at_files(&self, stores: &Stores) {
        let mut files = stores.ledger.rated_files().await.unwrap();
        files.extend(stores.ledger.retired_usage_files().await.unwrap());
        files.extend(stores.ledger.usage_files().await.unwrap().into_iter().flat_map(|file| [file.rows, file.keys]));
        for file in files {
            assert_eq!(stores.usage.check_file(&file).unwrap(), None);
        }
    }

    async fn look_at_parkings(&self, stores: &Stores) {
        for parking in stores.ledger.parkings(None).await.unwrap() {
            let party = (0..PARTIES.len()).find(|party| party_id(*party) == parking.party).unwrap();
            assert!(!self.model.closures[party].contains_key(&parking.period), "CL-1: {parking:?} is closed");
        }
    }

    /// All bytes and all records once more.
    pub(crate) async fn look_at_everything(&self, stores: &Stores) {
        for (number, seen) in &self.documents {
            let lines = stores.ledger.invoice_lines(number, 0, u32::MAX).await.unwrap();
            assert_eq!(lines, seen.lines, "INV-2: lines of {number} changed");
        }
        let journal = stores.ledger.journal(&issuer_id(), 0, u32::MAX).await.unwrap();
        assert_eq!(journal, self.journal, "JRN-2: an entry changed");
        self.look_at_records(stores).await;
    }

    /// USE-2: the store holds the records of the model, each once.
    async fn look_at_records(&self, stores: &Stores) {
        let files = stores.ledger.usage_files().await.unwrap();
        let mut found = BTreeMap::new();
        let days = UsageFilter::days(date(2025, 1, 1), date(2030, 1, 1));
        let mut take = |stored: billing::ports::StoredUsage| {
            let record = stored.record;
            let says = (record.subscription_id.to_string(), record.usage_date, record.quantity);
            assert!(found.insert(stored.key, says).is_none(), "USE-2: a record twice");
            Ok(())
        };
        stores.usage.read_usage(&files, &days, &mut take).unwrap();
        let expected: BTreeMap<_, _> = (self.model.usage.records.values())
            .map(|record| {
                let row = record.row();
                let quantity = billing::decimal::Decimal::new(row.hundredths.into(), 2).unwrap();
                (record.key, (crate::scene::PLANS[row.plan].0.to_owned(), row.day, quantity))
            })
            .collect();
        assert_eq!(found, expected, "USE-2");
    }
}
