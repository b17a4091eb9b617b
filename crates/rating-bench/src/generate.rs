//! Makes the month: the same facts as books and as the peers' files.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use billing::ports::UsageImport;
use billing::usage::ContentDigest;
use clap::Args;
use serde::{Deserialize, Serialize};

use crate::books::{OpenBooks, if_present, keep_ledger, now, root_of};
use crate::day::{Row, date_of, first_row_before, record, resource_count, rows_of_day, with_line_ids};
use crate::peers::{self, Texts, UsageFile};
use crate::world::{DAYS, World};
use crate::{Outcome, at, prices};

#[derive(Debug, Args)]
pub(crate) struct GenerateArgs {
    /// Rows of usage
    #[arg(long, value_parser = clap::value_parser!(u64).range(u64::from(DAYS)..=1_000_000_000))]
    pub(crate) rows: u64,
    /// The same rows and seed give the same data on every machine
    #[arg(long, default_value_t = 42)]
    pub(crate) seed: u64,
    /// Gets `peers`, `books` and, at the end, `complete`; what these held before is removed
    #[arg(long)]
    pub(crate) dir: PathBuf,
}

/// What the data was made from. Its file is written last, so it says that all of it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Complete {
    pub(crate) rows: u64,
    pub(crate) seed: u64,
}

const COMPLETE: &str = "complete";
const PEERS: &str = "peers";

impl Complete {
    pub(crate) fn read(dir: &Path) -> Outcome<Self> {
        let path = dir.join(COMPLETE);
        Ok(serde_json::from_slice(&fs::read(&path).map_err(at(&path))?)?)
    }
}

pub(crate) async fn generate(args: &GenerateArgs) -> Outcome<()> {
    let wanted = Complete { rows: args.rows, seed: args.seed };
    if Complete::read(&args.dir).is_ok_and(|complete| complete == wanted) {
        return Ok(());
    }
    clear(&args.dir)?;
    let root = root_of(&args.dir);
    let books = OpenBooks::create(&root).await?;
    write_all(&books, wanted, &args.dir.join(PEERS)).await?;
    books.close().await;
    keep_ledger(&root)?;
    let path = args.dir.join(COMPLETE);
    fs::write(&path, serde_json::to_vec(&wanted)?).map_err(at(&path))
}

/// Removes what an earlier call made, and nothing else that may lie there.
fn clear(dir: &Path) -> Outcome<()> {
    if_present(fs::remove_file(dir.join(COMPLETE)))?;
    for part in [dir.join(PEERS), root_of(dir)] {
        if_present(fs::remove_dir_all(&part)).map_err(at(&part))?;
    }
    let usage = dir.join(PEERS).join("usage");
    fs::create_dir_all(&usage).map_err(at(&usage))
}

async fn write_all(books: &OpenBooks, wanted: Complete, peers: &Path) -> Outcome<()> {
    let world = World::new(wanted.seed, resource_count(wanted.rows)?)?;
    let sheet = prices::price_sheet(wanted.seed, &world.meters, &world.powers)?;
    peers::write_prices(&peers.join("price.parquet"), &sheet)?;
    peers::write_rates(&peers.join("fx.parquet"))?;
    peers::write_earned_credit(&peers.join("pec.parquet"), &world)?;
    books.add_directory(&world).await?;
    books.add_lists(&sheet).await?;
    let texts = Texts::new(&world);
    for day in 0..DAYS {
        write_day(books, &world, &texts, wanted, day, &peers.join("usage")).await?;
        eprintln!("day {} of {DAYS}: {} rows", day + 1, first_row_before(wanted.rows, day + 1));
    }
    let start = Instant::now();
    engine::storing::compact(&books.books, now()?, &|_| {}).await?;
    eprintln!("compacted in {:.1} s", start.elapsed().as_secs_f64());
    Ok(())
}

/// Imports a day into the books and writes the peers' file of it, row by row.
async fn write_day(
    books: &OpenBooks,
    world: &World,
    texts: &Texts,
    wanted: Complete,
    day: u8,
    folder: &Path,
) -> Outcome<()> {
    let (date, source) = (date_of(day), format!("day-{:02}.parquet", day + 1));
    let path = folder.join(&source);
    let known = books.books.ledger.usage_files().await?;
    let mut import = books.books.usage.begin_import(&known, &[])?;
    let mut file = UsageFile::create(&path, world, texts, date)?;
    // The key of an own record comes from its id alone.
    let key = |row: Row| Ok::<_, Box<dyn Error>>(record(world, date, row)?.key(ContentDigest([0; 16]), 0));
    let rows = rows_of_day(world, wanted.seed, wanted.rows, day).map(|row| Ok((row, key(row)?)));
    for (row, line_id) in with_line_ids(&rows.collect::<Outcome<Vec<_>>>()?, world) {
        file.push(row, line_id)?;
        import.push(row.number, record(world, date, row)?)?;
    }
    file.finish()?;
    let imported = import.finish()?;
    let row_count = first_row_before(wanted.rows, day + 1) - first_row_before(wanted.rows, day);
    if imported.accepted != row_count {
        return Err(format!("{source}: {} of {row_count} rows were accepted", imported.accepted).into());
    }
    let import = UsageImport {
        source,
        source_sha256: crate::sha256_of(&fs::read(&path).map_err(at(&path))?),
        imported_at: now()?,
        accepted: imported.accepted,
        files: imported.files,
        ..UsageImport::default()
    };
    Ok(books.books.ledger.commit_usage_import(&import).await?)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use arrow::array::AsArray;
    use arrow::datatypes::{Date32Type, Decimal128Type, Int64Type};
    use billing::ports::UsageFilter;
    use billing::usage::RecordKey;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    use super::*;
    use crate::day::QUANTITY_DECIMALS;
    use crate::peers::days_of;

    /// So many that some counters have several rows a day.
    const ROWS: u64 = 40_000;

    async fn generated(seed: u64) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        generate(&GenerateArgs { rows: ROWS, seed, dir: dir.path().to_owned() }).await.unwrap();
        dir
    }

    /// The peers' files by their path.
    fn peers_files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
        let peers = dir.join(PEERS);
        let in_folder = |folder: &Path| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let files = in_folder(&peers).chain(in_folder(&peers.join("usage"))).filter(|path| path.is_file());
        files.map(|path| (path.strip_prefix(&peers).unwrap().to_owned(), fs::read(&path).unwrap())).collect()
    }

    /// Subscription, meter, day and quantity by line id.
    type Lines = BTreeMap<i64, (String, String, i32, i128)>;

    fn peers_lines(dir: &Path) -> Lines {
        let mut lines = Lines::new();
        for day in 1..=DAYS {
            let path = dir.join(PEERS).join(format!("usage/day-{day:02}.parquet"));
            let reader = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(path).unwrap()).unwrap();
            for batch in reader.build().unwrap() {
                let batch = batch.unwrap();
                let ids = batch["line_id"].as_primitive::<Int64Type>();
                let (days, quantities) = (&batch["usage_date"], &batch["quantity"]);
                let text = |name: &str, row| batch[name].as_string::<i32>().value(row).to_owned();
                for row in 0..ids.len() {
                    let day = days.as_primitive::<Date32Type>().value(row);
                    let quantity = quantities.as_primitive::<Decimal128Type>().value(row);
                    let line = (text("subscription_id", row), text("meter_id", row), day, quantity);
                    assert_eq!(lines.insert(ids.value(row), line), None);
                }
            }
        }
        lines
    }

    /// The records of the books by their keys.
    async fn records(dir: &Path) -> BTreeMap<RecordKey, (String, String, i32, i128)> {
        let open = OpenBooks::open(&root_of(dir)).await.unwrap();
        let files = open.books.ledger.usage_files().await.unwrap();
        let mut records = BTreeMap::new();
        let mut take = |stored: billing::ports::StoredUsage| {
            let record = stored.record;
            let (subscription, meter) = (record.subscription_id.to_string(), record.meter_id.to_string());
            let quantity = record.quantity.mantissa_at(QUANTITY_DECIMALS).unwrap();
            records.insert(stored.key, (subscription, meter, days_of(record.usage_date), quantity));
            Ok(())
        };
        open.books.usage.read_usage(&files, &UsageFilter::days(date_of(0), date_of(DAYS)), &mut take).unwrap();
        open.close().await;
        records
    }

    #[tokio::test]
    async fn the_same_seed_gives_the_same_bytes_and_both_sides_the_same_facts() {
        let (first, again, other) = (generated(7).await, generated(7).await, generated(8).await);
        let files = peers_files(first.path());
        assert_eq!(files.len(), 33);
        assert!(files == peers_files(again.path()), "the same seed gave other bytes");
        assert!(files != peers_files(other.path()), "another seed gave the same bytes");

        // The rows of a counter and day come in one order on both sides: quantities tell them apart.
        let mut ours: BTreeMap<_, Vec<i128>> = BTreeMap::new();
        for (subscription, meter, day, quantity) in records(first.path()).await.into_values() {
            ours.entry((subscription, meter, day)).or_default().push(quantity);
        }
        let mut theirs: BTreeMap<_, Vec<i128>> = BTreeMap::new();
        let lines = peers_lines(first.path());
        assert_eq!(lines.len() as u64, ROWS);
        for (subscription, meter, day, quantity) in lines.into_values() {
            theirs.entry((subscription, meter, day)).or_default().push(quantity);
        }
        assert!(ours.values().any(|rows| rows.len() > 1));
        assert_eq!(ours, theirs);
    }
}
