//! What the stock readers and writers of Parquet would take: the same columns decoded and encoded,
//! and nothing computed in between.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema};
use billing::ports::StoredFile;
use clap::Args;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use serde_json::json;

use crate::books::{OpenBooks, root_of};
use crate::rate::rounded;
use crate::{Outcome, at, peers};

#[derive(Debug, Args)]
pub(crate) struct LimitArgs {
    /// What `generate` made and `rate` rated
    #[arg(long)]
    dir: PathBuf,
}

const THREADS: usize = 2;
const ROWS_PER_BATCH: usize = 1 << 14;

/// What rating reads of a record.
const RECORD_COLUMNS: [&str; 5] = ["usage_date", "subscription_id", "meter_id", "quantity", "quantity_basis"];
/// What the peers write too, by the names of our rated files. The credit's rate stands for its factor.
const LINE_COLUMNS: [&str; 12] = [
    "usage_date",
    "customer_id",
    "subscription_id",
    "meter_id",
    "quantity",
    "unit_price",
    "effective_unit_price",
    "pricing_currency",
    "earned_credit_rate",
    "pricing_total",
    "exchange_rate",
    "billing_total",
];

pub(crate) async fn limit(args: &LimitArgs) -> Outcome<()> {
    let root = root_of(&args.dir);
    let open = OpenBooks::open(&root).await?;
    let records: Vec<StoredFile> = open.books.ledger.usage_files().await?.into_iter().map(|file| file.rows).collect();
    let rated = open.books.ledger.rated_files().await?;
    open.close().await;
    let row_count = |files: &[StoredFile]| files.iter().map(|file| file.row_count).sum::<u64>();
    if row_count(&records) != row_count(&rated) {
        return Err("the books are not rated; run `rate` first".into());
    }
    let folder = args.dir.join("limit");
    fs::create_dir_all(&folder).map_err(at(&folder))?;
    let decode = on_all_threads(&records, |file| decode(&root.join(&file.path)))?;
    let encode = on_all_threads(&rated, |file| encode(&root.join(&file.path), &folder))?;
    fs::remove_dir_all(&folder).map_err(at(&folder))?;
    let (rows, both) = (row_count(&records), (decode + encode).as_secs_f64());
    println!(
        "{}",
        json!({
            "name": "limit",
            "rows": rows,
            "decode_s": rounded(decode.as_secs_f64(), 1000.0),
            "encode_s": rounded(encode.as_secs_f64(), 1000.0),
            "rows_per_s": (rows as f64 / both).round() as u64,
        })
    );
    Ok(())
}

/// The time that `work` states for all files, shared by the threads.
fn on_all_threads(files: &[StoredFile], work: impl Fn(&StoredFile) -> Outcome<Duration> + Sync) -> Outcome<Duration> {
    let next = AtomicUsize::new(0);
    let one_thread = || -> Result<Duration, String> {
        let mut time = Duration::ZERO;
        while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            time += work(file).map_err(|error| format!("{}: {error}", file.path))?;
        }
        Ok(time)
    };
    let times: Vec<Result<Duration, String>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(one_thread)).collect();
        let ended = |_| Err("a thread ended early".to_owned());
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(ended)).collect()
    });
    Ok(times.into_iter().sum::<Result<Duration, String>>()? / THREADS as u32)
}

fn decode(path: &Path) -> Outcome<Duration> {
    let start = Instant::now();
    for batch in reader(path, &RECORD_COLUMNS)? {
        std::hint::black_box(batch?);
    }
    Ok(start.elapsed())
}

/// Only writing counts.
fn encode(path: &Path, folder: &Path) -> Outcome<Duration> {
    let batches: Vec<RecordBatch> = reader(path, &LINE_COLUMNS)?.collect::<Result<_, _>>()?;
    let Some(first) = batches.first() else { return Ok(Duration::ZERO) };
    let target = folder.join(path.file_name().unwrap_or_default());
    let start = Instant::now();
    let mut writer = peers::writer(&target, first.schema())?;
    for batch in &batches {
        writer.write(batch)?;
    }
    writer.close()?;
    Ok(start.elapsed())
}

/// Text stays as the dictionaries that it has in the file.
fn reader(path: &Path, columns: &[&str]) -> Outcome<ParquetRecordBatchReader> {
    let file = File::open(path).map_err(at(path))?;
    let plain = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())?;
    let with_dictionaries = |field: &Arc<Field>| match field.data_type() {
        DataType::Utf8 => {
            let dictionary = DataType::Dictionary(DataType::Int32.into(), DataType::Utf8.into());
            Arc::new(field.as_ref().clone().with_data_type(dictionary))
        }
        _ => Arc::clone(field),
    };
    let schema = Schema::new(plain.schema().fields().iter().map(with_dictionaries).collect::<Vec<_>>());
    let options = ArrowReaderOptions::new().with_schema(schema.into());
    let metadata = ArrowReaderMetadata::try_new(Arc::clone(plain.metadata()), options)?;
    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata);
    // A mask passes over what it does not find, and the limit would be one of fewer columns.
    if let Some(missing) = columns.iter().find(|name| plain.schema().column_with_name(name).is_none()) {
        return Err(format!("there is no column {missing}").into());
    }
    let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
    Ok(builder.with_projection(mask).with_batch_size(ROWS_PER_BATCH).build()?)
}
