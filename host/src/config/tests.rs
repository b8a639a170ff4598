//! Whole configurations, as an operator writes them.

use countersign_contract::types::Channel;
use countersign_providers::SenderSettings;

use super::*;

mod at_once;
mod examples;
mod lists;
mod secret_files;

const LOGIN: &str = "[purposes.login]\nchannels = [\"email\"]\n";

fn from(text: &str, variables: &[(&str, &str)]) -> Result<Loaded, Problems> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("c.toml");
    std::fs::write(&file, text).unwrap();
    let variables =
        variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    load(Some(&file), variables).map_err(|rejected| rejected.located(Vec::new()))
}

fn development(text: &str, variables: &[(&str, &str)]) -> Result<Loaded, Problems> {
    let text = format!("{text}\n{LOGIN}");
    let variables: Vec<_> =
        variables.iter().copied().chain([("COUNTERSIGN_SERVER__MODE", "development")]).collect();
    from(&text, &variables)
}

#[track_caller]
fn complains(loaded: Result<Loaded, Problems>, path: &str, text: &str) {
    let problems = loaded.expect_err("refused");
    assert!(
        problems.0.iter().any(|problem| problem.path == path && problem.text.contains(text)),
        "{problems}"
    );
}

#[test]
fn a_misspelt_setting_is_refused_with_its_line_and_the_nearest_name() {
    let problems = development("[server]\nlisen = \"127.0.0.1:0\"\n", &[]).unwrap_err();
    let text = problems.to_string();
    assert!(text.contains("c.toml:2: server.lisen"), "{text}");
    assert!(text.contains("did you mean `listen`?"), "{text}");
}

#[test]
fn a_misspelt_setting_inside_a_tagged_table_is_found_too() {
    let text = "[senders.sms]\ntype = \"file\"\npaht = \"x\"\n";
    let problems = development(text, &[]).unwrap_err();
    let text = problems.to_string();
    assert!(text.contains("c.toml:3: senders.sms.paht"), "{text}");
    assert!(text.contains("did you mean `path`?"), "{text}");
    assert!(text.contains("`path` is missing"), "{text}");
}

#[test]
fn every_problem_is_told_at_once() {
    let text = "[server]\nmode = \"developement\"\nmax_connections = 0\n[log]\nformat = 3\n[purposes.login]\nchanels = []\n";
    let problems = from(text, &[]).unwrap_err().to_string();
    for part in [
        "server.mode: unknown value: did you mean `development`?",
        "server.max_connections: has to be 1 to 100000",
        "log.format: has to be a text in quotes",
        "purposes.login.chanels: unknown setting: did you mean `channels`?",
        "purposes.login: `channels` is missing",
    ] {
        assert!(problems.contains(part), "{part}\n--\n{problems}");
    }
}

#[test]
fn an_unknown_type_is_refused_with_the_nearest() {
    let text = "[senders.sms]\ntype = \"consol\"\n";
    complains(development(text, &[]), "senders.sms.type", "did you mean `console`?");
    complains(development("[senders.sms]\n", &[]), "senders.sms", "`type` is missing");
}

#[test]
fn the_environment_wins_over_the_file_and_is_typed_by_the_setting() {
    let loaded = development(
        "[server]\nmax_connections = 5\n[log]\nfilter = \"warn\"\n",
        &[
            ("COUNTERSIGN_SERVER__MAX_CONNECTIONS", "7"),
            ("COUNTERSIGN_SERVER__TRUSTED_PROXIES", "[\"10.0.0.0/8\"]"),
            ("COUNTERSIGN_SENDERS__SMS__TYPE", "file"),
            ("COUNTERSIGN_SENDERS__SMS__PATH", "12"),
            ("COUNTERSIGN_PURPOSES__WALLET_FUNDING__CHANNELS", "[\"sms\"]"),
            ("COUNTERSIGN_PURPOSES__LOGIN__REFERENCE_REQUIRED", "true"),
            ("COUNTERSIGN_LOG__FILTER", "debug"),
        ],
    )
    .unwrap();
    let config = loaded.config;
    assert_eq!(config.server.max_connections, 7);
    assert_eq!(config.server.trusted_proxies.len(), 1);
    assert_eq!(config.log.filter, "debug");
    assert_eq!(config.purposes["login"].reference_required, Some(true));
    assert_eq!(config.purposes["wallet_funding"].channels, [Channel::Sms]);
    let [SenderSettings::File(file)] = &config.senders.sms.0[..] else {
        panic!("{:?}", config.senders)
    };
    assert_eq!(file.path, Path::new("12"));
}

#[test]
fn a_purpose_with_a_hyphen_is_reached_from_the_environment() {
    let text = "[purposes.wallet-funding]\nchannels = [\"email\"]\n";
    let name = "COUNTERSIGN_PURPOSES__WALLET_FUNDING__CODE_LENGTH";
    let loaded = development(text, &[(name, "8")]).unwrap();
    assert_eq!(loaded.config.purposes["wallet-funding"].code_length, Some(8));
}

#[test]
fn a_misspelt_variable_is_refused_by_name() {
    let problems = development("", &[("COUNTERSIGN_SERVER__LISEN", "x")]).unwrap_err();
    let text = problems.to_string();
    assert!(text.contains("environment variable COUNTERSIGN_SERVER__LISEN"), "{text}");
    assert!(text.contains("did you mean `COUNTERSIGN_SERVER__LISTEN`?"), "{text}");
    complains(development("", &[("COUNTERSIGN_SERVER_LISTEN", "x")]), "server_listen", "unknown");
}

#[test]
fn variables_of_kubernetes_and_of_tests_are_left_alone() {
    development(
        "",
        &[
            ("COUNTERSIGN_CONFIG", "x"),
            ("COUNTERSIGN_PORT", "tcp://10.0.0.1:80"),
            ("COUNTERSIGN_PORT_80_TCP", "tcp://10.0.0.1:80"),
            ("COUNTERSIGN_PORT_80_TCP_ADDR", "10.0.0.1"),
            ("COUNTERSIGN_PORT_80_TCP_PORT", "80"),
            ("COUNTERSIGN_PORT_80_TCP_PROTO", "tcp"),
            ("COUNTERSIGN_SERVICE_HOST", "10.0.0.1"),
            ("COUNTERSIGN_SERVICE_PORT", "80"),
            ("COUNTERSIGN_SERVICE_PORT_HTTP", "80"),
            ("COUNTERSIGN_TEST_STRICT", "1"),
        ],
    )
    .unwrap();
    // What has their names and another's value, or begins like them, is a setting that is mistyped.
    for (name, value) in [
        ("COUNTERSIGN_PORT", "8080"),
        ("COUNTERSIGN_PORTS", "tcp://10.0.0.1:80"),
        ("COUNTERSIGN_PORT__LISTEN", "x"),
        ("COUNTERSIGN_PORTAL_URL", "x"),
        ("COUNTERSIGN_PORT_80_TCP", "x"),
        ("COUNTERSIGN_SERVICE_HOST", "otp.example.com"),
        ("COUNTERSIGN_SERVICE_HOSTNAME", "10.0.0.1"),
        ("COUNTERSIGN_SERVICE_PORT", "abc"),
    ] {
        let problems = development("", &[(name, value)]).expect_err(name).to_string();
        assert!(problems.contains(name) && problems.contains("unknown setting"), "{problems}");
    }
}

#[test]
fn keys_and_api_keys_may_come_from_the_environment_alone() {
    let secret = "ab".repeat(32);
    let variables = [
        ("COUNTERSIGN_KEYS__INDEX", secret.as_str()),
        ("COUNTERSIGN_KEYS__RING__0__NAME", "a"),
        ("COUNTERSIGN_KEYS__RING__0__SECRET", &secret),
        ("COUNTERSIGN_API_KEYS__0__NAME", "web"),
        ("COUNTERSIGN_API_KEYS__0__SHA256", &secret),
        ("COUNTERSIGN_SERVER__LISTEN", "0.0.0.0:0"),
    ];
    let loaded = from(LOGIN, &variables).unwrap();
    assert!(!loaded.ephemeral_keys);
    assert_eq!(loaded.rules.keyring.index, [0xab; 32]);
    assert_eq!(loaded.rules.keyring.keys.len(), 1);
    assert_eq!(loaded.config.api_keys[0].tenant, "default");
}

#[test]
fn production_wants_keys_and_no_senders_that_show_codes() {
    let text = format!("[senders.email]\ntype = \"console\"\n{LOGIN}");
    complains(from(&text, &[]), "keys", "missing");
    complains(from(&text, &[]), "senders.email", "development");
}

#[test]
fn development_makes_up_keys_and_warns() {
    let first = development("", &[]).unwrap();
    let second = development("", &[]).unwrap();
    assert!(first.ephemeral_keys);
    assert!(first.warnings.iter().any(|warning| warning.path == "keys"));
    assert_ne!(first.rules.keyring.index, second.rules.keyring.index);
}

#[test]
fn without_api_keys_only_loopback_is_listened_on() {
    let text = "[server]\nlisten = \"0.0.0.0:8080\"\n";
    complains(development(text, &[]), "server.listen", "loopback");
    development("[server]\nlisten = \"[::1]:8080\"\n", &[]).unwrap();
}

#[test]
fn a_channel_without_a_provider_is_warned_of() {
    let loaded = development("", &[]).unwrap();
    let warning =
        loaded.warnings.iter().find(|warning| warning.path == "purposes.login.channels").unwrap();
    assert!(warning.text.contains("[senders.email]"), "{warning}");
}

#[test]
fn the_same_purpose_twice_is_refused() {
    let text = "[tenants.default.purposes.login]\nchannels = [\"sms\"]\n";
    complains(development(text, &[]), "tenants.default.purposes.login", "twice");
}

#[test]
fn names_outside_the_contract_are_refused() {
    let text = "[purposes.\"Log In\"]\nchannels = [\"sms\"]\n";
    complains(development(text, &[]), "purposes.Log In", "1 to 64");
}

#[test]
fn no_secret_is_repeated_whatever_is_wrong_with_it() {
    for value in ["\"s3cr3t-value\"", "4711471147", "[\"s3cr3t-value\"]", "\"s3cr3t-value"] {
        let text = format!("[keys]\nindex = {value}\nring = []\n{LOGIN}");
        let problems = from(&text, &[]).unwrap_err().to_string();
        assert!(!problems.contains("s3cr3t") && !problems.contains("4711"), "{problems}");
    }
}

#[test]
fn an_absent_file_is_refused() {
    let rejected = load(Some(Path::new("/nonexistent/c.toml")), []).unwrap_err();
    let problems = rejected.located(Vec::new());
    assert!(problems.to_string().contains("can't be read"), "{problems}");
}

#[test]
fn the_committed_schema_is_what_the_code_says() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/config.schema.json");
    let generated = format!("{:#}\n", schema());
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, &generated).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        committed == generated,
        "run the tests with UPDATE=1 and commit docs/config.schema.json"
    );
}

#[test]
fn a_misspelt_setting_of_a_store_is_found_and_its_url_is_a_secret() {
    let text = "[store]\ntype = \"redis\"\nurll = \"redis://u:s3cr3t@h/1\"\n";
    complains(development(text, &[]), "store.urll", "did you mean `url`?");
    let text = "[store]\ntype = \"redis\"\nurl = \"redis://u:s3cr3t@h/1\"\n";
    let loaded = development(text, &[("COUNTERSIGN_STORE__MAX_IN_FLIGHT", "7")]).unwrap();
    assert!(!format!("{loaded:?}").contains("s3cr3t"));
}
