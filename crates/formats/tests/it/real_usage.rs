//! Files that providers really sent. They are not part of the project; without them the tests say
//! that they were skipped.

use std::fs::File;

use billing::decimal::Decimal;
use billing::uom::QuantityBasis;
use billing::usage::UsageRecord;
use formats::source::Input;
use formats::usage::{UsageFormat, UsageItem, UsageOptions, usage_reader};

use crate::shared::open_shared;

struct Read {
    format: UsageFormat,
    records: Vec<UsageRecord>,
    rejected: Vec<String>,
}

fn shared(path: &str) -> Option<File> {
    open_shared(&format!("data/usage/{path}"))
}

fn read(file: File) -> Result<Read, &'static str> {
    let input = Input::file("real", file);
    let reader = usage_reader(input, &UsageOptions::default()).map_err(|error| error.code)?;
    let mut read = Read { format: reader.format(), records: Vec::new(), rejected: Vec::new() };
    for item in reader {
        match item.map_err(|error| error.code)? {
            UsageItem::Record { record, .. } => read.records.push(record),
            UsageItem::Rejected(rejected) => read.rejected.push(format!("{}:{}", rejected.line, rejected.code)),
        }
    }
    Ok(read)
}

fn cost_sum(records: &[UsageRecord]) -> Decimal {
    records
        .iter()
        .filter_map(|record| record.provider_cost)
        .fold(Decimal::ZERO, |sum, cost| sum.checked_add(cost.amount).unwrap())
}

#[track_caller]
fn check(path: &str, format: UsageFormat, record_count: usize, cost: &str, rejected: &[&str]) {
    let Some(file) = shared(path) else { return };
    let read = read(file).unwrap();
    assert_eq!((read.format, read.records.len()), (format, record_count), "{path}: {:?}", read.rejected);
    assert_eq!(cost_sum(&read.records).to_string(), cost, "{path}");
    assert_eq!(read.rejected, rejected, "{path}");
}

#[test]
fn enterprise_usage_details() {
    use UsageFormat::AzureUsageDetails;
    check("azure-usage-details/ea-201710-page1.json.gz", AzureUsageDetails, 1000, "227.896372246327512", &[]);
    check("azure-usage-details/ea-201802.json.gz", AzureUsageDetails, 347, "50.254680527413995", &[]);
    check("azure-usage-details/subscription-top10.json", AzureUsageDetails, 10, "8.830335712428468", &[]);
    let Some(file) = shared("azure-usage-details/ea-201710-page1.json.gz") else { return };
    let records = read(file).unwrap().records;
    let mut meters: Vec<&str> = records.iter().map(|record| record.meter_id.as_str()).collect();
    meters.sort_unstable();
    meters.dedup();
    assert_eq!(meters.len(), 30);
    assert!(records.iter().all(|record| record.quantity_basis == QuantityBasis::Blocks));
    let first = &records[0];
    assert_eq!(first.usage_date.to_string(), "2017-10-01");
    assert_eq!((first.meter.category.as_str(), first.meter.region.as_str()), ("Storage", "apeast"));
    assert_eq!((first.resource.group.as_str(), first.unit_of_measure.as_str()), ("RITEST", "Unit"));
    assert_eq!(first.quantity.to_string(), "0.032256");
}

#[test]
fn enterprise_exports() {
    use UsageFormat::AzureEaCsv;
    let purchases = &["2:usage.line.charge_type_unsupported"];
    check("azure-ea-csv/EA_ActualCost_Small.csv", AzureEaCsv, 10, "5.2950077867419368", purchases);
    check("azure-ea-csv/EA_NoRows.csv", AzureEaCsv, 0, "0", &[]);
    check("azure-ea-csv/ea-export-anonymous-a.csv", AzureEaCsv, 13, "0.046926656201", &[]);
    check("azure-export-variants/headersets-Enterprise.csv", AzureEaCsv, 1, "0", &[]);
    check("azure-export-variants/headersets-EnterpriseCamel.csv", AzureEaCsv, 1, "0.012", &[]);
    let Some(file) = shared("azure-export-variants/headersets-EnterpriseCamel.csv") else { return };
    let record = read(file).unwrap().records.remove(0);
    assert_eq!(record.customer_id.unwrap().as_str(), "11111111-1111-1111-1111-123456789012");
    assert_eq!((record.quantity_basis, record.resource.group.as_str()), (QuantityBasis::Units, "databricks"));
    assert!(record.resource.tags.starts_with("{\"ClusterId\":\"0103-212455-stash756\","), "{}", record.resource.tags);
}

#[test]
fn pay_as_you_go_exports() {
    use UsageFormat::AzurePaygCsv;
    check("azure-export-variants/headersets-PayAsYouGo.csv", AzurePaygCsv, 1, "0.075", &[]);
    check("azure-export-variants/headersets-German.csv", AzurePaygCsv, 1, "0.075", &[]);
    let Some(file) = shared("azure-export-variants/headersets-German.csv") else { return };
    let record = read(file).unwrap().records.remove(0);
    assert_eq!(record.subscription_id.as_str(), "11111111-12ab-34dc-56ef-123456abcdef");
    assert_eq!((record.unit_of_measure.as_str(), record.meter.category.as_str()), ("100 Hours", "Load Balancer"));
}

#[test]
fn files_that_cannot_be_rated_are_refused_by_name() {
    for (path, code) in [
        ("azure-export-variants/rows-Template-a.csv", "usage.file.no_meter"),
        ("azure-usage-details/billing_period_marketplace.json", "usage.file.no_meter"),
        ("azure-usage-details/reservations_details.json", "file.format_unknown"),
        ("azure-usage-details/reservations_summaries_monthly.json", "file.format_unknown"),
        ("azure-usage-details/billing-periods.json", "file.format_unknown"),
        ("aws-cur/aws-cur-anonymous-odd.csv.gz", "usage.file.provider_unsupported"),
        ("oci/oci-cost-report-odd.csv.gz", "usage.file.provider_unsupported"),
    ] {
        let Some(file) = shared(path) else { continue };
        assert_eq!(read(file).err(), Some(code), "{path}");
    }
}
