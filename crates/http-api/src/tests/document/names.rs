//! The table of names in `docs/http.md`: what HTTP calls each thing that the contract names, held complete.

use std::collections::{BTreeMap, BTreeSet};

use super::operations::operations;
use super::{Edition, build, wit};
use crate::problem::Problem;

const HTTP: &str = include_str!("../../../../../docs/http.md");

/// The rows of the table under a heading: the names of the first column, and those of the second.
fn rows(heading: &str) -> Vec<(Vec<&'static str>, Vec<&'static str>)> {
    let (_, rest) = HTTP.split_once(&format!("\n{heading}\n")).unwrap();
    let table = rest.trim_start().lines().skip(2).take_while(|line| line.starts_with('|'));
    let names = |cell: &'static str| cell.split('`').skip(1).step_by(2).collect::<Vec<_>>();
    let row = |line: &'static str| {
        let mut cells = line.trim_matches('|').split('|').map(names);
        (cells.next().unwrap(), cells.next().unwrap())
    };
    table.map(row).collect()
}

#[test]
fn every_call_and_every_function_is_in_the_table() {
    let mut functions = BTreeSet::from(["join-histories", "prepare"]);
    let mut calls = BTreeSet::new();
    for (http, wit) in rows("### Functions") {
        let [function] = wit[..] else { panic!("{http:?}: one function") };
        functions.insert(function);
        calls.extend(http.into_iter().map(|call| (call, function)));
    }
    let known: BTreeSet<_> = wit::functions().into_iter().collect();
    assert_eq!(functions, known);
    let operations = operations(Edition::Host);
    let described: BTreeSet<(String, &str)> = operations
        .iter()
        .filter_map(|one| Some((format!("{} {}", one.method, one.path), one.wit?)))
        .collect();
    let listed = calls.into_iter().map(|(call, function)| (call.to_owned(), function)).collect();
    assert_eq!(described, listed);
}

#[test]
fn every_error_and_every_code_is_in_the_table() {
    let all = ["client-ip", "code", "locale", "purpose", "reference"];
    let mut cases = BTreeMap::<&str, BTreeSet<&str>>::new();
    for (codes, wit) in rows("### Problems and errors") {
        let [case] = wit[..] else { panic!("{codes:?}: one error") };
        cases.entry(case).or_default().extend(codes);
    }
    for (case, codes) in &cases {
        let made = wit::error(case, all.into_iter()).into_iter();
        let made: BTreeSet<_> = made.map(|error| Problem::from(error).code.as_str()).collect();
        assert_eq!(made, *codes, "{case}");
    }
    let cases: BTreeSet<_> = cases.into_keys().collect();
    assert_eq!(cases, wit::members("variant", "error").into_iter().collect());
}

#[test]
fn every_field_is_called_the_same_or_is_in_the_table() {
    let mut renamed = BTreeMap::new();
    for (http, wit) in rows("### Fields") {
        let ([http], [wit]) = (&http[..], &wit[..]) else { panic!("{http:?} {wit:?}") };
        assert_ne!(*http, wit.replace('-', "_"), "that is no other name");
        renamed.insert(*wit, *http);
    }
    let schemas = build::schemas(Edition::Host);
    let mut used = BTreeSet::new();
    // What stands in the path or follows from the API key, and what HTTP says more.
    for (schema, record, elsewhere, more) in [
        ("AddresseeBody", "addressee", &[][..], &[][..]),
        ("Challenge", "challenge", &[], &[]),
        ("IssueBody", "issue-request", &["tenant"], &[]),
        ("Report", "report", &[], &[]),
        ("Side", "side-report", &[], &[]),
        ("Subject", "subject-report", &[], &[]),
        ("Tally", "purpose-tally", &[], &[]),
        ("ResendBody", "resend-request", &["id", "tenant"], &[]),
        ("Verified", "verified", &[], &["verified"]),
        ("VerifyByIdBody", "verify-request", &["target", "tenant"], &[]),
    ] {
        let mut expected: BTreeSet<String> = more.iter().map(|name| (*name).to_owned()).collect();
        for field in wit::members("record", record) {
            if elsewhere.contains(&field) {
                continue;
            }
            let known = renamed.get(field).map(|name| {
                used.insert(field);
                (*name).to_owned()
            });
            expected.insert(known.unwrap_or_else(|| field.replace('-', "_")));
        }
        let fields = schemas[schema]["properties"].as_object().unwrap();
        assert_eq!(fields.keys().cloned().collect::<BTreeSet<_>>(), expected, "{schema}");
    }
    assert_eq!(used, renamed.into_keys().collect(), "names that nothing has");
}

#[test]
fn every_case_of_an_enumeration_is_called_the_same() {
    let schemas = build::schemas(Edition::Host);
    for (schema, kind, name) in [
        ("Channel", "enum", "channel"),
        ("DeliveryKind", "variant", "send-error"),
        ("DeliveryState", "enum", "delivery-state"),
        ("RecipientFault", "enum", "recipient-fault"),
        ("Scope", "enum", "scope"),
        ("State", "enum", "state"),
    ] {
        let values = schemas[schema]["examples"].as_array().unwrap();
        let values: BTreeSet<_> =
            values.iter().map(|value| value.as_str().unwrap().into()).collect();
        let cases = wit::members(kind, name).into_iter().map(|case| case.replace('-', "_"));
        assert_eq!(values, cases.collect(), "{name}");
    }
}
