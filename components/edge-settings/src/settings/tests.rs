//! Variables as an operator sets them.

use serde_json::{Value, json};

use super::*;

const KEY: &str = "abababababababababababababababababababababababababababababababab";
const POLICIES: &str = "[purposes.login]\nchannels = [\"sms\"]\n";
const API_KEYS: &str = "[[api_keys]]\nname = \"app\"\nsha256 = \"cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd\"\n";

fn good() -> BTreeMap<&'static str, String> {
    [
        ("keys_index", KEY.to_owned()),
        ("keys_ring", format!("2026-11={KEY}  2026-10={KEY}")),
        ("policies", POLICIES.to_owned()),
        ("api_keys", API_KEYS.to_owned()),
    ]
    .into()
}

fn read_from(variables: &BTreeMap<&'static str, String>) -> Result<Settings, Vec<String>> {
    read(&|name| Ok(variables.get(name).cloned()))
        .map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

fn problems(name: &'static str, value: &str) -> Vec<String> {
    let mut variables = good();
    variables.insert(name, value.to_owned());
    read_from(&variables).unwrap_err()
}

/// What the providers are opened from.
fn document(settings: &Settings) -> Value {
    let Senders::Providers(document) = &settings.senders else { panic!("codes go to the log") };
    serde_json::from_str(document.expose()).unwrap()
}

#[test]
fn good_variables_are_taken() {
    let settings = read_from(&good()).unwrap();
    let names: Vec<_> = settings.ring.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["2026-11", "2026-10"]);
    assert_eq!(settings.index.expose(), &[0xab; 32]);
    assert_eq!(settings.api_keys.as_ref().unwrap()[0].name, "app");
    assert!(settings.policies.contains_key(&("default".into(), "login".into())));
    let senders: Value = document(&settings);
    assert_eq!(
        senders,
        json!({ "senders": null, "messages": null, "public_url": null, "origins": null })
    );
}

#[test]
fn production_warns_of_channels_that_cost_money_without_limits() {
    let mut variables = good();
    let warnings = read_from(&variables).unwrap().warnings;
    assert!(warnings[0].to_string().contains("`subject`, `ip` and `tenant`"), "{warnings:?}");
    variables.insert("mode", "development".into());
    assert_eq!(read_from(&variables).unwrap().warnings, []);
}

#[test]
fn the_sender_is_told_all_that_concerns_it() {
    let mut variables = good();
    variables.insert("mode", "development".into());
    variables.insert("senders", "[sms]\ntype = \"webhook\"\nurl = \"https://a\"".into());
    variables.insert("messages", r#"{"brand": "Acme"}"#.into());
    variables.insert("public_url", " https://otp.example ".into());
    let settings = read_from(&variables).unwrap();
    let senders: Value = document(&settings);
    assert_eq!(
        senders,
        json!({
            "senders": { "sms": { "type": "webhook", "url": "https://a" } },
            "messages": { "brand": "Acme" },
            "public_url": "https://otp.example",
            "origins": null,
        })
    );
    variables.insert("sender_origin", "https://a".to_owned());
    variables.insert("third_sender_origin", "https://c".to_owned());
    let settings = read_from(&variables).unwrap();
    let senders: Value = document(&settings);
    let origins = json!({ "sender_origin": "https://a", "third_sender_origin": "https://c" });
    assert_eq!(senders["origins"], origins);
    // One that is there and says nothing: then nothing may be called.
    variables.remove("third_sender_origin");
    variables.insert("sender_origin", String::new());
    let settings = read_from(&variables).unwrap();
    let senders: Value = document(&settings);
    assert_eq!(senders["origins"], json!({ "sender_origin": "" }));
}

#[test]
fn policies_are_taken_as_json_too_and_for_tenants() {
    let mut variables = good();
    let json = r#"{"purposes":{"login":{"channels":["sms"]}},"tenants":{"acme":{"purposes":{"pay":{"channels":["email"]}}}}}"#;
    variables.insert("policies", json.to_owned());
    let settings = read_from(&variables).unwrap();
    assert!(settings.policies.contains_key(&("acme".into(), "pay".into())));
}

#[test]
fn everything_that_is_missing_is_said_at_once() {
    let missing = read_from(&BTreeMap::new()).unwrap_err();
    for name in ["keys_index", "keys_ring", "policies", "api_keys"] {
        assert!(missing.iter().any(|line| line.starts_with(&format!("{name}: missing"))), "{name}");
    }
    assert_eq!(missing.len(), 4, "{missing:?}");
}

#[test]
fn what_is_empty_is_missing() {
    assert_eq!(problems("keys_index", "  ").len(), 1);
    assert_eq!(problems("api_keys", "").len(), 1);
}

#[test]
fn every_variable_is_refused_with_its_name_and_not_repeated() {
    let wrong = [
        ("mode", "hunter2"),
        ("keys_index", "hunter2"),
        ("keys_ring", "hunter2"),
        ("keys_ring", "a=hunter2"),
        ("policies", "purposes = \"hunter2\""),
        ("policies", "[purposes.login]\nchannels = [\"sms\"]\nmax_attempts = \"hunter2\""),
        ("api_keys", "api_keys = \"hunter2\""),
        ("senders", "{\"hunter2"),
        ("senders", "sms = hunter2"),
        ("messages", "{\"hunter2"),
    ];
    for (name, value) in wrong {
        let lines = problems(name, value);
        assert_eq!(lines.len(), 1, "{name}: {lines:?}");
        assert!(lines[0].starts_with(name), "{lines:?}");
        assert!(!lines[0].contains("hunter2"), "{lines:?}");
    }
}

#[test]
fn the_ring_holds_one_to_eight_keys_of_different_names() {
    assert!(problems("keys_ring", &format!("a={KEY} a={KEY}"))[0].contains("this name"));
    assert!(
        problems("keys_ring", &format!("a={KEY} ").repeat(9)).iter().any(|l| l.contains("1 to 8"))
    );
    assert!(problems("keys_ring", &format!("A={KEY}"))[0].contains("characters"));
}

#[test]
fn purposes_have_to_be_there_and_keys_have_to_fit_them() {
    assert!(problems("policies", "tenants = {}")[0].contains("no purpose"));
    let stranger = API_KEYS.replace("name", "tenant = \"acme\"\nname");
    assert!(problems("api_keys", &stranger)[0].contains("no purpose is set for this tenant"));
}

#[test]
fn without_keys_every_client_may_call_in_development_only() {
    let mut variables = good();
    variables.remove("api_keys");
    assert!(read_from(&variables).unwrap_err()[0].starts_with("api_keys: missing"));
    variables.insert("mode", "development".into());
    let settings = read_from(&variables).unwrap();
    assert!(settings.api_keys.is_none());
    assert!(matches!(settings.senders, Senders::Console));
}

#[test]
fn a_source_that_fails_is_said() {
    let lines = read(&|name| {
        if name == "policies" { Err("locked".into()) } else { Ok(good().get(name).cloned()) }
    });
    assert_eq!(lines.unwrap_err()[0].to_string(), "policies: can't be read: locked");
}

#[test]
fn the_header_of_the_clients_address_is_one() {
    assert_eq!(read_from(&good()).unwrap().client_address_header, None);
    let mut variables = good();
    variables.insert("client_address_header", " X-Real-IP ".into());
    let settings = read_from(&variables).unwrap();
    assert_eq!(settings.client_address_header.as_deref(), Some("x-real-ip"));
    variables.insert("client_address_header", " ".into());
    assert_eq!(read_from(&variables).unwrap().client_address_header, None);
    let expected = ["client_address_header: is no header's name"];
    assert_eq!(problems("client_address_header", "x-real-ip: 1"), expected);
}
