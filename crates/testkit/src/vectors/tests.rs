use std::path::Path;

use super::*;

#[test]
fn the_vectors_of_billing_pass() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../billing/testdata/vectors");
    let report = run_folder(&folder).unwrap();
    let failed: Vec<String> = report.failures.iter().map(Failure::to_string).collect();
    assert_eq!(failed, Vec::<String>::new());
    assert!(report.passed >= 90, "only {} cases", report.passed);
    assert_eq!(report.skipped, Vec::<String>::new());
}

fn run(op: &str, input: &str, expect: &str) -> Report {
    let case = format!(r#"{{"id": "X1", "op": "{op}", "input": {input}, "expect": {expect}}}"#);
    let text = format!(r#"{{"schema": "{SCHEMA}", "topic": "t", "cases": [{case}]}}"#);
    let mut report = Report::default();
    run_text("x.json", &text, &mut report).unwrap();
    report
}

/// The only line of the report; `""` where the case passes.
#[track_caller]
fn check(op: &str, input: &str, expect: &str, line: &str) {
    let report = run(op, input, expect);
    assert_eq!(report.failures.iter().map(Failure::to_string).collect::<Vec<_>>().join("\n"), line);
    assert_eq!(report.passed, usize::from(line.is_empty()));
}

const FX: &str = r#"{"usd_per_unit": "1.18175", "pricing_total": "155.63"}"#;

#[test]
fn a_wrong_figure_fails() {
    check("fx", FX, r#"{"pc_to_bc_rate": "0.846202666", "billing_total": "131.69"}"#, "");
    let line = "X1 fx: billing_total expected 131.70, got 131.69 (x.json)";
    check("fx", FX, r#"{"pc_to_bc_rate": "0.846202666", "billing_total": "131.70"}"#, line);
    let line = "X1 fx: billing_total expected `131.69`, got 131.69; \
                pc_to_bc_rate expected 0.8462026660, got 0.846202666 (x.json)";
    check("fx", FX, r#"{"pc_to_bc_rate": "0.8462026660", "billing_total": 131.69}"#, line);
}

#[test]
fn a_missing_and_an_extra_key_fail() {
    let line = "X1 fx: billing_total expected nothing, got 131.69 (x.json)";
    check("fx", FX, r#"{"pc_to_bc_rate": "0.846202666"}"#, line);
    let line = "X1 fx: rounding expected half_even, got nothing (x.json)";
    check("fx", FX, r#"{"pc_to_bc_rate": "0.846202666", "billing_total": "131.69", "rounding": "half_even"}"#, line);
}

#[test]
fn differences_are_named_by_their_place() {
    let input = r#"{"rate": "0.10", "subtotals": ["9.75", "10.25"]}"#;
    let expect = r#"{
        "line_truncate": {"lines": ["0.97", "1.03"], "total": "1.99"},
        "line_half_up": {"lines": ["0.98"], "total": "2.01"},
        "document_half_up": {"total": "2.00", "lines": []}
    }"#;
    let differences = [
        "document_half_up.lines expected `[]`, got nothing",
        "line_half_up.lines[1] expected nothing, got 1.03",
        "line_truncate.lines[1] expected 1.03, got 1.02",
    ];
    let line = format!("X1 tax: {} (x.json)", differences.join("; "));
    check("tax", input, expect, &line);
}

#[test]
fn an_unknown_operation_fails() {
    check("no_such", "{}", "{}", "X1 no_such: unknown operation (x.json)");
}

#[test]
fn an_input_that_is_not_understood_fails() {
    let expect = r#"{"pc_to_bc_rate": "1", "billing_total": "1.00"}"#;
    let line = |why: &str| format!("X1 fx: not computed: {why} (x.json)");
    check("fx", r#"{"usd_per_unit": "1"}"#, expect, &line("the input has no pricing_total"));
    let twice = r#"{"usd_per_unit": "1", "pricing_total": "1.00", "scale": 3}"#;
    check("fx", twice, expect, &line("the operation knows no input scale"));
    let zero = r#"{"usd_per_unit": "0", "pricing_total": "1.00"}"#;
    check("fx", zero, expect, &line("a rate of the list is zero or negative"));
    let number = r#"{"usd_per_unit": 1, "pricing_total": "1.00"}"#;
    check("fx", number, expect, &line("input usd_per_unit: invalid type: integer `1`, expected a string"));
}

#[track_caller]
fn check_refused(text: &str, reason: &str) {
    let error = run_text("x.json", text, &mut Report::default()).unwrap_err().to_string();
    assert!(error.starts_with(reason), "{error}");
}

#[test]
fn malformed_files_are_refused_and_other_schemas_skipped() {
    check_refused("{", "x.json is malformed: EOF while parsing");
    check_refused(r#"{"schema": "billing-vectors/1"}"#, "x.json is malformed: it has no list of cases");
    check_refused(
        r#"{"schema": "billing-vectors/1", "cases": [{"id": "X1", "op": "fx", "expect": {}}]}"#,
        r#"x.json is malformed: case "X1": missing field `input`"#,
    );
    let mut report = Report::default();
    run_text("other.json", r#"{"schema": "other/1"}"#, &mut report).unwrap();
    assert_eq!(report.skipped, ["other.json"]);
}

#[test]
fn folders_without_cases_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(run_folder(folder.path()), Err(VectorsError::Empty(_))));
    assert!(matches!(run_folder(&folder.path().join("none")), Err(VectorsError::Unreadable { .. })));
    std::fs::write(folder.path().join("b.json"), r#"{"schema": "billing-vectors/1", "cases": []}"#).unwrap();
    assert!(matches!(run_folder(folder.path()), Err(VectorsError::Empty(_))));
    std::fs::write(folder.path().join("a.json"), "[").unwrap();
    assert!(matches!(run_folder(folder.path()), Err(VectorsError::Malformed { .. })));
}

/// The same result with one of its texts spoilt, for each of its texts.
fn spoilt(value: &Value) -> Vec<Value> {
    match value {
        Value::String(text) => vec![Value::String(format!("{text}0"))],
        Value::Array(items) => (0..items.len())
            .flat_map(|i| {
                spoilt(&items[i]).into_iter().map(move |item| {
                    let mut items = items.clone();
                    items[i] = item;
                    Value::Array(items)
                })
            })
            .collect(),
        Value::Object(object) => object
            .iter()
            .flat_map(|(key, value)| {
                spoilt(value).into_iter().map(move |value| {
                    let mut object = object.clone();
                    object.insert(key.clone(), value);
                    Value::Object(object)
                })
            })
            .collect(),
        _ => Vec::new(),
    }
}

#[test]
fn every_expected_figure_is_compared() {
    let text = include_str!("../../../billing/testdata/vectors/rating.json");
    let content: Value = serde_json::from_str(text).unwrap();
    for case in content["cases"].as_array().unwrap() {
        for expect in spoilt(&case["expect"]) {
            let (op, input) = (case["op"].as_str().unwrap(), case["input"].to_string());
            assert_eq!(run(op, &input, &expect.to_string()).passed, 0, "{}: {expect}", case["id"]);
        }
    }
}
