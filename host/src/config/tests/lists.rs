//! Several providers of one channel: `[[senders.sms]]`.

use super::*;

const TWO: &str = r#"
[[senders.sms]]
type = "webhook"
url = "https://first.example"
secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"

[[senders.sms]]
type = "file"
path = "codes.jsonl"
"#;

fn kinds(loaded: &Loaded) -> Vec<(String, &'static str)> {
    let senders = loaded.config.senders.of(Channel::Sms);
    senders.map(|(path, sender)| (path, sender.provider_type())).collect()
}

#[test]
fn one_provider_and_a_list_of_them_are_both_taken_in_order() {
    let one = development("[senders.sms]\ntype = \"console\"\n", &[]).unwrap();
    assert_eq!(kinds(&one), [("senders.sms".into(), "console")]);
    let two = development(TWO, &[]).unwrap();
    let expected = [("senders.sms.0".into(), "webhook"), ("senders.sms.1".into(), "file")];
    assert_eq!(kinds(&two), expected);
}

#[test]
fn a_misspelt_setting_of_the_second_provider_is_found_with_its_line() {
    let problems = development(&TWO.replace("path =", "paht ="), &[]).unwrap_err();
    let text = problems.to_string();
    assert!(text.contains("c.toml:9: senders.sms.1.paht: unknown setting"), "{text}");
    assert!(text.contains("did you mean `path`?"), "{text}");
    assert!(text.contains("senders.sms.1: `path` is missing"), "{text}");
    // Nothing is wrong with the first.
    assert!(!text.contains("senders.sms.0"), "{text}");
}

#[test]
fn an_unknown_type_in_a_list_is_refused_with_the_nearest() {
    let text = TWO.replace("\"file\"", "\"fiel\"");
    complains(development(&text, &[]), "senders.sms.1.type", "did you mean `file`?");
}

#[test]
fn a_list_may_come_from_the_environment_alone() {
    let variables = [
        ("COUNTERSIGN_SENDERS__SMS__0__TYPE", "webhook"),
        ("COUNTERSIGN_SENDERS__SMS__0__URL", "https://first.example"),
        ("COUNTERSIGN_SENDERS__SMS__0__SECRET", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"),
        ("COUNTERSIGN_SENDERS__SMS__1__TYPE", "file"),
        ("COUNTERSIGN_SENDERS__SMS__1__PATH", "12"),
    ];
    let loaded = development("", &variables).unwrap();
    let expected = [("senders.sms.0".into(), "webhook"), ("senders.sms.1".into(), "file")];
    assert_eq!(kinds(&loaded), expected);
}

#[test]
fn the_environment_changes_one_provider_of_a_list_and_adds_the_next() {
    let variables = [
        ("COUNTERSIGN_SENDERS__SMS__1__PATH", "others.jsonl"),
        ("COUNTERSIGN_SENDERS__SMS__2__TYPE", "console"),
    ];
    let loaded = development(TWO, &variables).unwrap();
    let senders = &loaded.config.senders.sms.0;
    let [SenderSettings::Webhook(_), SenderSettings::File(file), SenderSettings::Console(_)] =
        &senders[..]
    else {
        panic!("{senders:?}")
    };
    assert_eq!(file.path, Path::new("others.jsonl"));
}

#[test]
fn a_variable_that_leaves_a_gap_or_is_misspelt_is_refused_by_name() {
    let gap = development(TWO, &[("COUNTERSIGN_SENDERS__SMS__3__TYPE", "console")]);
    let text = gap.unwrap_err().to_string();
    assert!(text.contains("variable COUNTERSIGN_SENDERS__SMS__3__TYPE"), "{text}");
    assert!(text.contains("without a gap"), "{text}");
    let misspelt = development(TWO, &[("COUNTERSIGN_SENDERS__SMS__1__PAHT", "x")]);
    let text = misspelt.unwrap_err().to_string();
    assert!(text.contains("variable COUNTERSIGN_SENDERS__SMS__1__PAHT"), "{text}");
    assert!(text.contains("did you mean `COUNTERSIGN_SENDERS__SMS__1__PATH`?"), "{text}");
}
