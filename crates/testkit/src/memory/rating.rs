//! Rated runs of open periods.

use billing::ids::OrganisationId;
use billing::period::BillingPeriod;
use billing::ports::{RatedPart, RatedRun, StoredFile};

use super::Tables;

/// A party's run of a period.
#[derive(Debug, Clone)]
pub(super) struct KeptRun {
    pub(super) run: RatedRun,
    pub(super) parts: Vec<RatedPart>,
    /// The last compaction before it, 0 for none.
    pub(super) compaction: u64,
}

impl Tables {
    /// Answers the files that nothing names any more.
    pub(super) fn commit_rating(&mut self, run: &RatedRun, parts: &[RatedPart]) -> Vec<StoredFile> {
        let candidates = if self.is_closed(&run.party, run.period) {
            run.files.clone()
        } else {
            let kept = KeptRun { run: run.clone(), parts: parts.to_vec(), compaction: self.compaction_count };
            let before = self.runs.insert((run.party.clone(), run.period), kept);
            before.map_or_else(Vec::new, |before| before.run.files)
        };
        let named = self.rated_files();
        candidates.into_iter().filter(|file| !named.iter().any(|kept| kept.path == file.path)).collect()
    }

    pub(super) fn rated_parts(
        &self,
        party: &OrganisationId,
        period: BillingPeriod,
    ) -> Vec<(RatedPart, Vec<StoredFile>)> {
        let Some(kept) = self.runs.get(&(party.clone(), period)) else { return Vec::new() };
        let mut files = kept.run.files.iter().cloned();
        kept.parts.iter().map(|part| (part.clone(), files.by_ref().take(part.file_count).collect())).collect()
    }

    /// Every file that a run or a document names, once, by path.
    pub(super) fn rated_files(&self) -> Vec<StoredFile> {
        let of_runs = self.runs.values().flat_map(|kept| &kept.run.files);
        let of_documents = self.documents.values().flat_map(|document| &document.stored.rated_files);
        let mut files: Vec<StoredFile> = of_runs.chain(of_documents).cloned().collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files.dedup_by(|a, b| a.path == b.path);
        files
    }
}
