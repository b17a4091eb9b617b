//! How much is held in memory at once.

/// Sizes of a store; the default is right but for tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Rows that are buffered and then written as one file per month.
    pub rows_per_chunk: usize,
    /// Bytes of distinct text that are buffered.
    pub text_bytes_per_chunk: usize,
    /// Rows of a file of rated lines, and of one that compaction merges records into. A rated file ends
    /// with a subscription, so it may have up to twice as many.
    pub rows_per_rated_file: usize,
    /// Threads that rate.
    pub rating_threads: usize,
    /// After so many written bytes every write fails as on a full disk. For tests of that.
    pub disk_bytes: Option<u64>,
}

impl Default for Limits {
    /// An import stays below 250 MiB with these; fewer rows would make more files to look keys up in.
    /// A file of rated lines is read whole for its digest before the first of its lines is shown, so it
    /// is not to be large either.
    fn default() -> Self {
        Self {
            rows_per_chunk: 131_072,
            text_bytes_per_chunk: 48 * 1024 * 1024,
            rows_per_rated_file: 262_144,
            rating_threads: crate::parallel::core_count(),
            disk_bytes: None,
        }
    }
}
