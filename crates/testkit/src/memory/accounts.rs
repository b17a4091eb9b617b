//! Accounts of billed parties, and the journal.

use std::collections::BTreeMap;

use billing::ids::OrganisationId;
use billing::journal::{Entry, EntryHash};
use billing::ports::{
    AccountBooking, AccountHistory, NewEntry, PortError, PortResult, StoredAccountEvent, StoredEntry,
};

use super::{Tables, count};

impl Tables {
    /// The entry behind the organisation's last one; nothing is written yet.
    ///
    /// # Errors
    /// JRN-1.
    pub(super) fn next_entry(&self, organisation: &OrganisationId, new: NewEntry) -> PortResult<StoredEntry> {
        let chain = self.journal.get(organisation).map(Vec::as_slice).unwrap_or_default();
        let previous = chain.last().map_or(EntryHash::START, |stored| stored.hash);
        let entry = Entry {
            organisation: organisation.clone(),
            position: count(chain.len()) + 1,
            kind: new.kind,
            reference: new.reference,
            booked_at: new.booked_at,
            postings: new.postings,
        };
        entry.check_balance().map_err(|error| PortError::new(error.code(), error.to_string(), ""))?;
        Ok(StoredEntry { hash: entry.hash(previous), entry })
    }

    pub(super) fn append(&mut self, entry: StoredEntry) {
        self.journal.entry(entry.entry.organisation.clone()).or_default().push(entry);
    }

    pub(super) fn account(&self, issuer: &OrganisationId, party: &OrganisationId) -> AccountHistory {
        let mut history = AccountHistory { documents: BTreeMap::new(), types: BTreeMap::new(), events: Vec::new() };
        let of_party =
            |document: &&super::IssuedDocument| document.stored.issuer == *issuer && document.stored.party == *party;
        for document in self.documents.values().filter(of_party) {
            let number = &document.stored.number;
            history.documents.insert(number.clone(), document.issued);
            history.types.insert(number.clone(), document.stored.invoice_type);
        }
        let events = self.events.get(&(issuer.clone(), party.clone()));
        history.events = events.cloned().unwrap_or_default();
        history
    }

    /// Whether nobody booked since the decision was made.
    pub(super) fn is_current(&self, booking: &AccountBooking) -> bool {
        let events = self.events.get(&(booking.issuer.clone(), booking.party.clone()));
        events.map_or(0, |events| count(events.len())) == booking.after
    }

    /// What may fail comes before the first event is written.
    pub(super) fn check_booking(booking: &AccountBooking) -> PortResult<()> {
        for event in &booking.events {
            event.postings().map_err(|error| PortError::new(error.code(), error.to_string(), ""))?;
        }
        Ok(())
    }

    /// # Errors
    /// None after [`Tables::check_booking`].
    pub(super) fn book(&mut self, booking: &AccountBooking) -> PortResult<()> {
        let account = (booking.issuer.clone(), booking.party.clone());
        for event in &booking.events {
            let new = NewEntry {
                kind: event.kind(),
                reference: event.reference().to_owned(),
                booked_at: booking.booked_at,
                postings: event.postings().map_err(|error| PortError::new(error.code(), error.to_string(), ""))?,
            };
            let entry = self.next_entry(&booking.issuer, new)?;
            let events = self.events.entry(account.clone()).or_default();
            events.push(StoredAccountEvent {
                position: count(events.len()) + 1,
                event: event.clone(),
                booked_at: booking.booked_at,
                journal_position: entry.entry.position,
            });
            self.append(entry);
        }
        for (number, state) in &booking.documents {
            let document = self.documents.get_mut(&(booking.issuer.clone(), number.clone()));
            if let Some(document) = document.filter(|document| document.stored.party == booking.party) {
                document.stored.received = state.received;
                document.stored.written_off = state.written_off;
            }
        }
        Ok(())
    }
}
