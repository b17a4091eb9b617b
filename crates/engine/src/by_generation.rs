//! Rates a party's month with its classic usage by itself, so that each document names the files of its own rated
//! lines. Scopes are of one subscription, so cutting by subscriptions changes no figure.

use billing::licence::Generation;
use billing::party::{PartyDirectory, Subscription};
use billing::ports::{RatedUsage, RatingFailure, RatingJob, RatingOutput, StoredFile, UsageStore, UsageSurvey};
use billing::rate::RatingInputs;

/// A party's directory cut in two.
pub(crate) struct ByGeneration {
    new_commerce: PartyDirectory,
    classic: PartyDirectory,
}

impl ByGeneration {
    /// `None` where no subscription is classic: then all usage is rated at once.
    pub(crate) fn of(directory: &PartyDirectory) -> Option<Self> {
        directory.subscriptions.values().any(Subscription::is_classic).then(|| Self {
            new_commerce: directory.of_generation(Generation::NewCommerce),
            classic: directory.of_generation(Generation::Classic),
        })
    }

    /// Does a job, one generation after the other. The files of classic usage stand last, and their parts say so.
    ///
    /// # Errors
    /// As [`UsageSurvey::rate`].
    pub(crate) fn rate<'a>(
        &'a self,
        store: &dyn UsageStore,
        survey: &dyn UsageSurvey,
        job: &RatingJob<'a>,
        tick: &(dyn Fn(u64) + Sync),
    ) -> Result<RatedUsage<'a>, RatingFailure> {
        let of = |directory| RatingJob { inputs: RatingInputs { directory, ..job.inputs }, ..*job };
        let mut usage = survey.rate(&of(&self.new_commerce), tick)?;
        let rated = survey.rate(&of(&self.classic), tick).and_then(|classic| add_classic(&mut usage, classic));
        match rated {
            Ok(()) => Ok(usage),
            Err(failure) => {
                store.remove(&new_files(&usage.files, job.output))?;
                Err(failure)
            }
        }
    }
}

fn add_classic<'a>(usage: &mut RatedUsage<'a>, classic: RatedUsage<'a>) -> Result<(), RatingFailure> {
    let RatedUsage { totals, scopes, files, mut parts } = classic;
    parts.iter_mut().for_each(|part| part.generation = Generation::Classic);
    usage.files.extend(files);
    usage.parts.extend(parts);
    usage.scopes.extend(scopes);
    usage.totals.add(totals).map_err(|error| RatingFailure::Party {
        code: error.code(),
        message: "a sum has more digits than can be kept exactly".to_owned(),
    })?;
    // As if it had been one job.
    usage.totals.unpriced.sort_by(|a, b| (&a.scope, a.usage_date).cmp(&(&b.scope, b.usage_date)));
    Ok(())
}

/// Those that no earlier run has.
fn new_files(files: &[StoredFile], output: RatingOutput<'_>) -> Vec<StoredFile> {
    let known = match output {
        RatingOutput::Totals => &[],
        RatingOutput::Files { known, .. } => known,
    };
    let is_known = |file: &&StoredFile| known.iter().any(|(_, kept)| kept.contains(file));
    files.iter().filter(|file| !is_known(file)).cloned().collect()
}
