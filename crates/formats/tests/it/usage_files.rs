//! Quittance's own formats: the same records in CSV, JSON Lines and Parquet.

use std::fs::File;
use std::io::{Cursor, Seek, Write};
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float64Array, Int64Array, RecordBatch,
    StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::Int32Type;
use billing::uom::QuantityBasis;
use billing::usage::UsageRecord;
use formats::error::{FileError, RejectedLine};
use formats::source::Input;
use formats::usage::{Field, UsageFormat, UsageItem, UsageOptions, UsageReader, replay, usage_reader};
use parquet::arrow::ArrowWriter;

pub(crate) fn read(input: Input) -> Result<UsageReader, FileError> {
    usage_reader(input, &UsageOptions::default())
}

pub(crate) fn text(content: impl Into<Vec<u8>>) -> Input {
    Input::new("test", Cursor::new(content.into()))
}

pub(crate) fn split(reader: UsageReader) -> (Vec<(u64, UsageRecord)>, Vec<RejectedLine>) {
    let mut records = Vec::new();
    let mut rejected = Vec::new();
    for item in reader {
        match item.unwrap() {
            UsageItem::Record { line, record } => records.push((line, record)),
            UsageItem::Rejected(line) => rejected.push(line),
        }
    }
    (records, rejected)
}

const CSV: &str = "\
quantity;Record ID;USAGE_DATE;subscription-id;meter_id;quantity_basis;kind;revision;tags;provider_cost;provider_currency
24;r-1;2026-09-14;SUB-1;Meter-1;units;;;;;
-2.5;r-2;2026-09-15;sub-1;meter-1;blocks;correction;3;\"{\"\"env\"\": \"\"prod\"\"}\";-7.50;eur
";

const JSONL: &str = r#"{"record_id":"r-1","usage_date":"2026-09-14","subscription_id":"SUB-1","meter_id":"Meter-1","quantity":24,"quantity_basis":"units","customer_id":null}
{"record_id":"r-2","usage_date":"2026-09-15","subscription_id":"sub-1","meter_id":"meter-1","quantity":"-25e-1","quantity_basis":"blocks","kind":"correction","revision":3,"tags":{"env": "prod"},"provider_cost":-7.50,"provider_currency":"EUR"}
"#;

fn strings(values: [Option<&str>; 2]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn decimals(values: [Option<i128>; 2], scale: i8) -> ArrayRef {
    Arc::new(Decimal128Array::from(values.to_vec()).with_precision_and_scale(20, scale).unwrap())
}

fn columns() -> Vec<(&'static str, ArrayRef)> {
    let dictionary: DictionaryArray<Int32Type> = ["units", "blocks"].into_iter().collect();
    // 2026-09-14 is day 20,710; the instant is its last second.
    let instants = TimestampMicrosecondArray::from(vec![20_711 * 86_400_000_000 - 1, 20_711 * 86_400_000_000]);
    vec![
        ("unknown", Arc::new(BooleanArray::from(vec![true, false])) as ArrayRef),
        ("record_id", strings([Some("r-1"), Some("r-2")])),
        ("usage_date", Arc::new(instants.with_timezone("+09:00"))),
        ("subscription_id", strings([Some("SUB-1"), Some("sub-1")])),
        ("meter_id", strings([Some("Meter-1"), Some("meter-1")])),
        ("quantity", decimals([Some(2_400), Some(-250)], 2)),
        ("quantity_basis", Arc::new(dictionary)),
        ("kind", strings([None, Some("correction")])),
        ("revision", Arc::new(Int64Array::from(vec![0, 3]))),
        ("tags", strings([None, Some("{\"env\": \"prod\"}")])),
        ("provider_cost", decimals([None, Some(-750)], 2)),
        ("provider_currency", strings([None, Some("EUR")])),
    ]
}

/// The columns with one of them replaced, or left away.
fn with(name: &'static str, array: Option<ArrayRef>) -> Vec<(&'static str, ArrayRef)> {
    let others = columns().into_iter().filter(|(known, _)| *known != name);
    others.chain(array.map(|array| (name, array))).collect()
}

fn parquet_file(columns: Vec<(&'static str, ArrayRef)>) -> File {
    let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)));
    let batch = batch.unwrap();
    let mut file = tempfile::tempfile().unwrap();
    let mut writer = ArrowWriter::try_new(&mut file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    file.rewind().unwrap();
    file
}

#[test]
fn three_formats_say_the_same() {
    let (csv, rejected) = split(read(text(CSV)).unwrap());
    assert_eq!(rejected, []);
    let (jsonl, rejected) = split(read(text(JSONL)).unwrap());
    assert_eq!(rejected, []);
    let (parquet, rejected) = split(read(Input::file("test", parquet_file(columns()))).unwrap());
    assert_eq!(rejected, []);

    let bare =
        |records: &[(u64, UsageRecord)]| -> Vec<UsageRecord> { records.iter().map(|(_, r)| r.clone()).collect() };
    assert_eq!(bare(&csv), bare(&jsonl));
    assert_eq!(bare(&csv), bare(&parquet));
    let lines = |records: &[(u64, UsageRecord)]| -> Vec<u64> { records.iter().map(|(line, _)| *line).collect() };
    assert_eq!((lines(&csv), lines(&jsonl), lines(&parquet)), (vec![2, 3], vec![1, 2], vec![1, 2]));
    let correction = &csv[1].1;
    assert_eq!((correction.revision(), correction.resource.tags.as_str()), (3, "{\"env\":\"prod\"}"));
    assert_eq!(correction.provider_cost.unwrap().amount.to_string(), "-7.5");
    assert_eq!(csv[0].1.subscription_id.as_str(), "sub-1");
}

#[test]
fn dates_and_whole_numbers_in_parquet() {
    let mut columns = with("usage_date", Some(Arc::new(Date32Array::from(vec![20_710, 20_711]))));
    columns.retain(|(name, _)| *name != "quantity" && *name != "kind");
    columns.push(("quantity", Arc::new(Int64Array::from(vec![24, 3]))));
    let (records, rejected) = split(read(Input::file("test", parquet_file(columns))).unwrap());
    assert_eq!((records.len(), rejected), (2, vec![]));
    assert_eq!(records[0].1.usage_date.to_string(), "2026-09-14");
}

#[test]
fn parquet_files_that_are_refused() {
    let floats: ArrayRef = Arc::new(Float64Array::from(vec![24.0, 3.0]));
    let booleans: ArrayRef = Arc::new(BooleanArray::from(vec![true, false]));
    for (columns, code) in [
        (with("quantity", Some(Arc::clone(&floats))), "usage.file.float_column"),
        (with("provider_cost", Some(floats)), "usage.file.float_column"),
        (with("quantity", Some(booleans)), "usage.file.column_type"),
        (with("meter_id", None), "usage.file.column_missing"),
    ] {
        let error = read(Input::file("test", parquet_file(columns))).unwrap_err();
        assert_eq!(error.code, code);
    }
    let mut file = parquet_file(columns());
    let mut content = Vec::new();
    std::io::Read::read_to_end(&mut file, &mut content).unwrap();
    assert_eq!(read(text(content.clone())).unwrap_err().code, "usage.file.parquet_stream");
    let mut cut = tempfile::tempfile().unwrap();
    cut.write_all(&content[..content.len() / 2]).unwrap();
    cut.rewind().unwrap();
    assert_eq!(read(Input::file("cut", cut)).unwrap_err().code, "file.corrupt");
}

#[track_caller]
fn check(record: &str, field: &str, column: u64, code: &str) {
    let header =
        "record_id,usage_date,subscription_id,meter_id,quantity,quantity_basis,kind,provider_cost,provider_currency";
    let content = format!("{header}\nr-0,2026-09-14,s,m,1,units,,,\n{record}\nr-9,2026-09-14,s,m,1,units,,,\n");
    let (records, rejected) = split(read(text(content)).unwrap());
    assert_eq!(records.len(), 2, "{record}");
    let found: Vec<_> = rejected.iter().map(|r| (r.line, r.column, r.field.as_str(), r.code)).collect();
    assert_eq!(found, [(3, column, field, code)], "{record}");
    assert_eq!(rejected[0].raw, record.as_bytes());
}

#[test]
fn a_bad_field_is_named_with_its_place() {
    check("r-1,2026-09-14,s,m,-1,units,,,", "quantity", 5, "usage.line.quantity_negative");
    check("r-1,2026-09-14,s,m,0,units,,,", "quantity", 5, "usage.line.quantity_zero");
    check("r-1,2026-09-14,s,m,-0.0,units,usage,,", "quantity", 5, "usage.line.quantity_zero");
    check("r-1,2026-09-14,s,m,1e999999,units,,,", "quantity", 5, "number.out_of_range");
    check("r-1,2026-09-14,s,m,NaN,units,,,", "quantity", 5, "number.malformed");
    check("r-1,2026-09-14,s,m,1e12,units,,,", "quantity", 5, "usage.line.quantity_out_of_range");
    check("r-1,2026-09-14,s,m,1e-27,units,,,", "quantity", 5, "usage.line.quantity_out_of_range");
    check("r-1,2026-09-14,s,m, ,units,,,", "quantity", 5, "usage.line.quantity_missing");
    check("r-1,9/14/2026,s,m,1,units,,,", "usage_date", 2, "date.malformed");
    check("r-1,,s,m,1,units,,,", "usage_date", 2, "usage.line.date_missing");
    check(",2026-09-14,s,m,1,units,,,", "record_id", 1, "usage.line.record_id_missing");
    check("r-1,2026-09-14,,m,1,units,,,", "subscription_id", 3, "usage.line.subscription_missing");
    check("r-1,2026-09-14,s,,1,units,,,", "meter_id", 4, "usage.line.meter_missing");
    check("r-1,2026-09-14,s,m,1,,,,", "quantity_basis", 6, "usage.line.quantity_basis_unknown");
    check("r-1,2026-09-14,s,m,1,units,refund,,", "kind", 7, "usage.line.kind_unknown");
    check("r-1,2026-09-14,s,m,1,units,,x,USD", "provider_cost", 8, "number.malformed");
    check("r-1,2026-09-14,s,m,1,units,,1,", "provider_currency", 9, "usage.line.currency_missing");
    check("r-1,2026-09-14,s,m,1,units,,1,EURO", "provider_currency", 9, "currency.unknown");
}

#[test]
fn rejected_records_can_be_mended_and_replayed() {
    let broken = CSV.replace(";Meter-1;", ";;");
    let reader = read(text(broken)).unwrap();
    let header = reader.header_text().to_vec();
    let (_, rejected) = split(reader);
    let mended = String::from_utf8(rejected[0].raw.clone()).unwrap().replace("SUB-1;;", "SUB-1;Meter-1;");
    let raws = [rejected[0].raw.clone(), b"\"open".to_vec(), mended.into_bytes()];
    let (records, rejected) = split(replay(UsageFormat::QuittanceCsv, &header, &raws));
    let codes: Vec<_> = rejected.iter().map(|r| (r.line, r.code)).collect();
    assert_eq!(codes, [(1, "usage.line.meter_missing"), (2, "csv.quote_unclosed")]);
    assert_eq!((records.len(), records[0].0), (1, 3));

    let (_, rejected) =
        split(read(Input::file("test", parquet_file(with("kind", Some(strings([None, None])))))).unwrap());
    assert_eq!((rejected[0].line, rejected[0].column, rejected[0].code), (2, 6, "usage.line.quantity_negative"));
    let mended = String::from_utf8(rejected[0].raw.clone()).unwrap().replace("-2.50", "2.50");
    let (records, _) = split(replay(UsageFormat::QuittanceParquet, b"", &[mended.into_bytes()]));
    assert_eq!(records[0].1.quantity.to_string(), "2.5");

    let details = "{\"value\":[{\"properties\":{\"usageStart\":\"2017-10-01T00:00:00Z\",\n\"meterId\":\"\",\"usageQuantity\":1,\"subscriptionGuid\":\"s\"}}]}";
    let (_, rejected) = split(read(text(details)).unwrap());
    assert_eq!((rejected[0].line, rejected[0].column, rejected[0].code), (2, 11, "usage.line.meter_missing"));
    let mended = String::from_utf8(rejected[0].raw.clone()).unwrap().replace("meterId\":\"", "meterId\":\"m");
    let (records, _) = split(replay(UsageFormat::AzureUsageDetails, b"", &[mended.into_bytes()]));
    assert_eq!(records[0].1.meter_id.as_str(), "m");
}

#[test]
fn providers_may_correct_with_negative_and_zero_quantities() {
    let content = "SubscriptionId,Date,MeterCategory,MeterId,Quantity,Tags\ns,09/14/2026,VM,m,-3,env: prod\ns,9/15/2026,VM,m,0,\n";
    let (records, rejected) = split(read(text(content)).unwrap());
    assert_eq!((records.len(), rejected), (2, vec![]));
    assert_eq!(records[0].1.resource.tags, "{\"env\":\"prod\"}");
}

#[test]
fn what_a_quantity_counts_depends_on_the_file() {
    let export =
        |quantity: &str| format!("SubscriptionId,Date,MeterCategory,MeterId,{quantity}\ns,09/14/2026,VM,m,3\n");
    let details = |quantity: &str| {
        let properties =
            format!("{{\"date\":\"2026-09-14\",\"meterId\":\"m\",\"subscriptionId\":\"s\",\"{quantity}\":3}}");
        format!("{{\"value\":[{{\"properties\":{properties}}}]}}")
    };
    for (content, basis) in [
        (export("Quantity"), QuantityBasis::Units),
        (export("Consumed Quantity"), QuantityBasis::Blocks),
        (details("quantity"), QuantityBasis::Units),
        (details("usageQuantity"), QuantityBasis::Blocks),
    ] {
        let (records, rejected) = split(read(text(content.as_str())).unwrap());
        assert_eq!((records[0].1.quantity_basis, rejected), (basis, vec![]), "{content}");
    }
}

#[test]
fn a_bad_member_is_named_with_its_place() {
    for (from, to, field, line, column, code) in [
        ("\"quantity\":24", "\"quantity\":0", "quantity", 1, 104, "usage.line.quantity_zero"),
        ("\"kind\":\"correction\"", "\"kind\":[]", "kind", 2, 146, "usage.line.member_type"),
        ("\"revision\":3", "\"kind\":\"usage\"", "kind", 2, 146, "usage.line.member_duplicate"),
        ("\"EUR\"", "\"EURO\"", "provider_currency", 2, 237, "currency.unknown"),
        ("\"revision\":3,", "\"revision\":3,,", "", 2, 172, "json.element_malformed"),
    ] {
        let (_, rejected) = split(read(text(JSONL.replace(from, to))).unwrap());
        let found: Vec<_> = rejected.iter().map(|r| (r.field.as_str(), r.line, r.column, r.code)).collect();
        assert_eq!(found, [(field, line, column, code)]);
    }
}

/// The place of a field in the record that was read last; the others are read first.
#[track_caller]
fn check_place(input: Input, field: Field, expected: (u64, u64, &str)) {
    let mut reader = read(input).unwrap();
    let mut last = 0;
    for _ in 0..2 {
        let Some(Ok(UsageItem::Record { line, .. })) = reader.next() else { panic!("a record is missing") };
        last = line;
    }
    let place = reader.place_of(last, field);
    assert_eq!((place.line, place.column, place.name.as_str()), expected, "{field:?}");
}

#[test]
fn a_record_that_was_read_has_places() {
    check_place(text(CSV), Field::SubscriptionId, (3, 4, "subscription-id"));
    check_place(text(CSV), Field::UsageDate, (3, 3, "USAGE_DATE"));
    check_place(text(CSV), Field::CustomerId, (3, 0, ""));
    check_place(text(JSONL), Field::UsageDate, (2, 33, "usage_date"));
    check_place(text(JSONL.replace("{\"record_id\"", " {\"record_id\"")), Field::UsageDate, (2, 34, "usage_date"));
    check_place(text(JSONL), Field::CustomerId, (2, 1, "customer_id"));
    let parquet = || Input::file("test", parquet_file(columns()));
    check_place(parquet(), Field::SubscriptionId, (2, 4, "subscription_id"));
    let element =
        "{\"properties\":{\"meterId\":\"m\",\"usageQuantity\":1,\n\"date\":\"2017-10-01\", \"subscriptionId\":\"s\"}}";
    let details = || text(format!("{{\"value\":[{element},\n{element}]}}"));
    check_place(details(), Field::UsageDate, (4, 8, "date"));
    check_place(details(), Field::SubscriptionId, (4, 39, "subscriptionId"));
    check_place(details(), Field::CustomerId, (3, 1, "customerTenantId"));
}

#[test]
fn a_forced_format_refuses_every_other_by_name() {
    let parquet = UsageOptions { format: Some(UsageFormat::QuittanceParquet) };
    for format in UsageFormat::ALL {
        for (content, found) in [(CSV, UsageFormat::QuittanceCsv), (JSONL, UsageFormat::QuittanceJsonl)] {
            let result = usage_reader(text(content), &UsageOptions { format: Some(format) });
            let found_code = result.map(|reader| reader.format()).map_err(|error| error.code);
            assert_eq!(found_code, if format == found { Ok(found) } else { Err("file.format_mismatch") }, "{format}");
        }
    }
    assert_eq!(usage_reader(text("PK\x03\x04"), &parquet).unwrap_err().code, "file.format_mismatch");
    assert_eq!("quittance-csv".parse::<UsageFormat>().unwrap(), UsageFormat::QuittanceCsv);
    assert_eq!("csv".parse::<UsageFormat>().unwrap_err().code, "file.format_unknown");
}

#[test]
fn a_damaged_parquet_file_is_refused_and_never_a_panic() {
    let mut content = Vec::new();
    std::io::Read::read_to_end(&mut parquet_file(columns()), &mut content).unwrap();
    for position in 0..content.len() {
        let mut damaged = content.clone();
        damaged[position] ^= 0x55;
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&damaged).unwrap();
        file.rewind().unwrap();
        if let Ok(reader) = read(Input::file("damaged", file)) {
            reader.for_each(drop);
        }
    }
}

#[test]
fn a_reader_may_be_moved_to_another_thread() {
    fn check<T: Send>() {}
    check::<UsageReader>();
    check::<Input>();
}
