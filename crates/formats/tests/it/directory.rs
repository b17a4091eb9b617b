//! Customers and subscriptions.

use std::io::Cursor;

use billing::licence::Generation;
use formats::directory::{read_customers, read_subscriptions};
use formats::error::{FileError, RejectedLine};
use formats::source::Input;
use proptest::prelude::*;

fn input(text: &str) -> Input {
    Input::new("list", Cursor::new(text.as_bytes().to_vec()))
}

fn told(rejected: &[RejectedLine]) -> Vec<String> {
    rejected.iter().map(|line| format!("{}:{} {} {}", line.line, line.column, line.field, line.code)).collect()
}

#[track_caller]
fn check_customers(text: &str, customers: &[&str], rejected: &[&str]) {
    let parsed = read_customers(input(text)).unwrap();
    let rows = parsed.value.iter().map(|row| {
        let party = row.billed_party.as_ref().map_or("", |party| party.as_str());
        format!("{} {} {:?} {party:?} {:?} {:?}", row.line, row.customer_id, row.name, row.domain, row.country)
    });
    assert_eq!(rows.collect::<Vec<_>>(), customers, "customers of\n{text}");
    assert_eq!(told(&parsed.rejected), rejected, "rejected of\n{text}");
}

#[track_caller]
fn check_subscriptions(text: &str, subscriptions: &[&str], rejected: &[&str]) {
    let parsed = read_subscriptions(input(text)).unwrap();
    let rows = parsed.value.iter().map(|row| {
        let ranges = row.earned_credit.iter().map(|range| format!("{}+{:?}", range.from, range.until));
        let ranges: Vec<String> = ranges.collect();
        format!("{} {} {} {:?} {}", row.line, row.subscription_id, row.customer_id, row.name, ranges.join(" "))
    });
    assert_eq!(rows.collect::<Vec<_>>(), subscriptions, "subscriptions of\n{text}");
    assert_eq!(told(&parsed.rejected), rejected, "rejected of\n{text}");
}

#[test]
fn customers_are_read() {
    check_customers(
        "customer_id,name,billed_party,domain,country\nC1, Fabrikam ,Reseller-1,fabrikam.example,de\nc2,Contoso,,,\n",
        &[r#"2 c1 "Fabrikam" "reseller-1" "fabrikam.example" "DE""#, r#"3 c2 "Contoso" "" "" """#],
        &[],
    );
    check_customers("Name;Customer ID\nContoso;c\n", &[r#"2 c "Contoso" "" "" """#], &[]);
}

#[test]
fn customers_are_checked() {
    let check = |line: &str, rejected: &str| {
        check_customers(&format!("customer_id,name,billed_party,country\n{line}\n"), &[], &[rejected]);
    };
    check(",Contoso,,", "2:1 customer_id id.empty");
    check("\"a\tb\",Contoso,,", "2:1 customer_id id.control_character");
    check("c, ,,", "2:2 name customer.name_missing");
    check("c,Contoso,\"r\tx\",", "2:3 billed_party id.control_character");
    check("c,Contoso,,UK", "2:4 country customer.country_unknown");
    check("c,Contoso,,Germany", "2:4 country customer.country_unknown");
    check("c,Contoso", "2:0  csv.field_count");
}

#[test]
fn a_customer_described_in_two_ways_is_set_aside() {
    check_customers(
        "customer_id,name\nc,Contoso\nC,Fabrikam\nd,Northwind\nD,Northwind\n",
        &[r#"4 d "Northwind" "" "" """#],
        &["2:1 customer_id directory.line.contradiction", "3:1 customer_id directory.line.contradiction"],
    );
    let parsed = read_customers(input("customer_id,name\nc,Contoso\nc,Fabrikam\n")).unwrap();
    assert_eq!(parsed.rejected[0].message, "line 3 says something else about the same customer_id");
    assert_eq!(parsed.rejected[0].raw, b"c,Contoso");
}

#[test]
fn subscriptions_are_read_and_checked() {
    let header = "subscription_id,customer_id,name,earned_credit\n";
    check_subscriptions(
        &format!("{header}S1,C1,Plan,2026-09-01/2026-09-16;2026-09-20/\ns2,c1,,\n"),
        &[r#"2 s1 c1 "Plan" 2026-09-01+Some(2026-09-16) 2026-09-20+None"#, r#"3 s2 c1 "" "#],
        &[],
    );
    let check = |line: &str, rejected: &[&str]| check_subscriptions(&format!("{header}{line}\n"), &[], rejected);
    check(",c,,", &["2:1 subscription_id id.empty"]);
    check("s,,,", &["2:2 customer_id id.empty"]);
    check("s,c,,2026-09-16/2026-09-01", &["2:4 earned_credit subscription.earned_credit_malformed"]);
    let generations = "subscription_id,customer_id,generation\na,c,classic\nb,c,New_Commerce\nd,c,\ne,c,older\n";
    let parsed = read_subscriptions(input(generations)).unwrap();
    let read: Vec<_> = parsed.value.iter().map(|row| row.generation).collect();
    assert_eq!(read, [Some(Generation::Classic), Some(Generation::NewCommerce), None]);
    let refused = (parsed.rejected[0].line, parsed.rejected[0].code);
    assert_eq!(refused, (5, "subscription.generation_unknown"));
    check(
        "s,c,a,\ns,d,a,",
        &["2:1 subscription_id directory.line.contradiction", "3:1 subscription_id directory.line.contradiction"],
    );
}

#[test]
fn other_files_are_refused_by_name() {
    let check = |error: FileError, code: &str, message: &str| {
        assert_eq!((error.code, error.message.as_str()), (code, message));
    };
    let customers = |text: &str| read_customers(input(text)).unwrap_err();
    let subscriptions = |text: &str| read_subscriptions(input(text)).unwrap_err();
    let wrong = "file.wrong_kind";
    check(
        customers("subscription_id,customer_id,name\n"),
        wrong,
        "the file holds subscriptions; this import reads customers",
    );
    check(subscriptions("customer_id,name\n"), wrong, "the file holds customers; this import reads subscriptions");
    check(
        subscriptions("subscription_id,customer_id,quantity,usage_date\n"),
        wrong,
        "the file holds usage; this import reads subscriptions",
    );
    check(customers("[]"), wrong, "the file holds JSON; this import reads customers");
    check(customers("name\n"), "file.format_unknown", "these are not the columns of customers: name");
    check(customers("customer_id,name\n"), "directory.file.no_rows", "the file has a header and no rows");
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in ".{0,200}", rows in "[a-c0-9,;/\n\"-]{0,80}") {
        for text in [text, format!("subscription_id,customer_id,earned_credit,name\n{rows}"), format!("customer_id,name,country\n{rows}")] {
            let customers = read_customers(input(&text)).map(|parsed| (parsed.rejected.len(), parsed.record_count));
            let subscriptions = read_subscriptions(input(&text)).map(|parsed| (parsed.rejected.len(), parsed.record_count));
            for (rejected, records) in [customers, subscriptions].into_iter().flatten() {
                prop_assert!(rejected as u64 <= records);
            }
        }
    }
}
