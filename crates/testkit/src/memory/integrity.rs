//! Whether the laws of the tables hold.

use billing::journal::EntryHash;

use super::{Tables, count};

impl Tables {
    pub(super) fn findings(&self) -> Vec<String> {
        let mut found = Vec::new();
        self.check_series(&mut found);
        self.check_chains(&mut found);
        self.check_accounts(&mut found);
        found
    }

    /// Numbers are those from 1 to the last that was drawn (INV-1).
    fn check_series(&self, found: &mut Vec<String>) {
        for ((issuer, invoice_type), last) in &self.counters {
            let mut counters: Vec<Option<u64>> = (self.documents.values())
                .filter(|document| document.stored.issuer == *issuer && document.stored.invoice_type == *invoice_type)
                .map(|document| document.stored.number.counter())
                .collect();
            counters.sort_unstable();
            if !counters.into_iter().eq((1..=*last).map(Some)) {
                found.push(format!("the numbers of {issuer}, {}, have gaps", invoice_type.as_str()));
            }
        }
    }

    /// Entries balance and follow one another (JRN-1, JRN-2).
    fn check_chains(&self, found: &mut Vec<String>) {
        for chain in self.journal.values() {
            let mut previous = EntryHash::START;
            for (position, stored) in (1_u64..).zip(chain) {
                let sound = stored.entry.position == position
                    && stored.entry.hash(previous) == stored.hash
                    && stored.entry.check_balance().is_ok();
                if !sound {
                    found.push(format!("entry {position} of {} is not sound", stored.entry.organisation));
                }
                previous = stored.hash;
            }
        }
    }

    /// What documents received is what their events come to (PAY-1).
    fn check_accounts(&self, found: &mut Vec<String>) {
        for (issuer, party) in self.events.keys() {
            let history = self.account(issuer, party);
            let account = match history.account() {
                Ok(account) => account,
                Err(error) => {
                    found.push(format!("the account of {party}: {error}"));
                    continue;
                }
            };
            for (number, state) in &account.documents {
                let stored = self.documents.get(&(issuer.clone(), number.clone())).map(|document| &document.stored);
                let agrees = stored
                    .is_some_and(|stored| (stored.received, stored.written_off) == (state.received, state.written_off));
                if !agrees {
                    found.push(format!("document {number} received something else than its events make"));
                }
            }
            let entries = self.journal.get(issuer).map_or(0, |chain| count(chain.len()));
            if history.events.iter().any(|stored| stored.journal_position > entries) {
                found.push(format!("an event of {party} names an entry that is not there"));
            }
        }
    }
}
