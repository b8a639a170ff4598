//! Several mistakes of different sorts: all are told at once, and nothing that only follows from one of them.

use super::*;

fn told(loaded: Result<Loaded, Problems>) -> Vec<String> {
    let problems = loaded.expect_err("refused");
    let lines = problems.0.iter().map(|problem| {
        let text = problem.to_string();
        text.split_once("c.toml:").map_or(text.clone(), |(_, place)| place.to_owned())
    });
    lines.collect()
}

#[track_caller]
fn tells(loaded: Result<Loaded, Problems>, expected: &[&str]) {
    let told = told(loaded);
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for (told, expected) in told.iter().zip(expected) {
        assert!(told.starts_with(expected), "{expected}\n--\n{told}");
    }
}

#[test]
fn mistakes_of_every_sort_are_told_in_the_order_of_their_lines() {
    let text = r#"
[server]
mode = "development"
listne = "x"
listen = "example.com:80"
max_connections = "many"
drain_seconds = -1
trusted_proxies = ["10.0.0.1", "0.0.0.0/0", "nginx"]

[log]
filter = "countersign=loud"

[keys]
index = "abc"
ring = []

[purposes.login]
channels = ["sms"]
code_lenght = 6
max_attempts = 11
lifetime_seconds = 99999999999
"#;
    let variables = [
        ("COUNTERSIGN_SERVER__HEADER_TIMEOUT_SECONDS", "soon"),
        ("COUNTERSIGN_STORE_URL", "redis://hunter2"),
    ];
    tells(
        from(text, &variables),
        &[
            "4: server.listne: unknown setting: did you mean `listen`?",
            "5: server.listen: has to be an address and a port",
            "6: server.max_connections: has to be a whole number, 1 to 100000",
            "7: server.drain_seconds: has to be 0 to 600",
            "8: server.trusted_proxies.1: trusts every client",
            "8: server.trusted_proxies.2: has to be an address or a network",
            "11: log.filter: has to be a level",
            "14: keys.index: has to be 32 bytes",
            "15: keys.ring: has to hold 1 to 8 keys",
            "19: purposes.login.code_lenght: unknown setting: did you mean `code_length`?",
            "20: purposes.login.max_attempts: has to be 1 to 10",
            "21: purposes.login.lifetime_seconds: has to be 30 to 600",
            "environment variable COUNTERSIGN_SERVER__HEADER_TIMEOUT_SECONDS: server.header_timeout_seconds: has to be a whole number, 1 to 300",
            "environment variable COUNTERSIGN_STORE_URL: store_url: unknown setting: did you mean `COUNTERSIGN_STORE__URL`?",
        ],
    );
}

#[test]
fn a_number_beyond_every_type_is_told_its_range() {
    let text = "[server]\nmode = \"development\"\nmax_connections = 99999999999999999999\ndrain_seconds = -99999999999999999999\n\
        write_timeout_seconds = 0xffffffffffffffffffff\nidle_timeout_seconds = 1e999\n";
    tells(
        from(&format!("{text}{LOGIN}"), &[]),
        &[
            "3: server.max_connections: has to be a whole number, 1 to 100000",
            "4: server.drain_seconds: has to be a whole number, 0 to 600",
            "5: server.write_timeout_seconds: has to be a whole number, 1 to 300",
            "6: server.idle_timeout_seconds: has to be a whole number, 1 to 3600",
        ],
    );
}

#[test]
fn nothing_is_told_that_follows_from_another_mistake() {
    let console = "[senders.sms]\ntype = \"console\"\n";
    // Which mode is meant is not known: neither that keys are missing nor that the console is no provider.
    let text = format!("[server]\nmode = \"developement\"\n{console}{LOGIN}");
    tells(from(&text, &[]), &["2: server.mode: unknown value"]);
    // The section may be any.
    let text = format!("[srever]\nmode = \"development\"\n{console}{LOGIN}");
    tells(from(&text, &[]), &["1: srever: unknown setting: did you mean `server`?"]);
    // The purpose is there, though it can't be used.
    let text = "[purposes.login]\nchannels = 3\n[[api_keys]]\nname = \"a\"\nsha256 = \"b\"\n";
    let variables = [("COUNTERSIGN_SERVER__MODE", "development")];
    tells(from(text, &variables), &["2: purposes.login.channels", "5: api_keys.0.sha256"]);
    // A key that can't be read isn't missing too.
    let text = format!("[keys]\nindex_file = \"/nonexistent\"\nring = 3\n{LOGIN}");
    tells(from(&text, &[]), &["2: keys.index_file", "3: keys.ring"]);
}

#[test]
fn what_is_wrong_behind_a_wrong_element_of_a_list_keeps_its_number() {
    let text = "[[senders.sms]]\ntype = \"file\"\npath = \"x\"\n[[senders.sms]]\ntype = \"fiel\"\n[[senders.sms]]\ntype = \"file\"\npaht = \"x\"\n";
    tells(
        development(text, &[]),
        &[
            "5: senders.sms.1.type: unknown type",
            "6: senders.sms.2: `path` is missing",
            "8: senders.sms.2.paht: unknown setting",
        ],
    );
}

#[test]
fn a_misspelt_variable_gets_the_nearest_whole_name() {
    for (name, nearest) in [
        ("COUNTERSIGN_SEVER__LISTEN", "COUNTERSIGN_SERVER__LISTEN"),
        ("COUNTERSIGN_SERVER_LISTEN", "COUNTERSIGN_SERVER__LISTEN"),
        ("COUNTERSIGN_STORE_URL", "COUNTERSIGN_STORE__URL"),
        ("COUNTERSIGN_LOG_FORMAT", "COUNTERSIGN_LOG__FORMAT"),
        ("COUNTERSIGN_KEYS__INDEX__FILE", "COUNTERSIGN_KEYS__INDEX_FILE"),
        ("COUNTERSIGN_PURPOSES__LOGIN__CODE_LENGHT", "COUNTERSIGN_PURPOSES__LOGIN__CODE_LENGTH"),
        ("COUNTERSIGN_PURPOSE__SIGN_UP__CODE_LENGTH", "COUNTERSIGN_PURPOSES__SIGN_UP__CODE_LENGTH"),
    ] {
        let problems = development("", &[(name, "x")]).unwrap_err().to_string();
        assert!(problems.contains(&format!("environment variable {name}: ")), "{problems}");
        assert!(problems.contains(&format!("did you mean `{nearest}`?")), "{problems}");
    }
    // Nothing is near: what there is.
    let problems = development("", &[("COUNTERSIGN_SERVER__PORT", "1")]).unwrap_err().to_string();
    assert!(problems.contains("`COUNTERSIGN_SERVER__LISTEN`"), "{problems}");
    let problems = development("", &[("COUNTERSIGN_REDIS", "1")]).unwrap_err().to_string();
    assert!(problems.contains("`COUNTERSIGN_STORE`"), "{problems}");
}

#[test]
fn what_is_missing_in_a_table_of_the_environments_names_the_variable() {
    let variables = [("COUNTERSIGN_SENDERS__SMS__TYPE", "file")];
    let text = development("", &variables).unwrap_err().to_string();
    assert!(
        text.contains("variable COUNTERSIGN_SENDERS__SMS__TYPE: senders.sms: `path`"),
        "{text}"
    );
}

#[test]
fn without_any_configuration_the_next_step_is_told() {
    // No file of that name is in the folder of this package.
    let rejected = load(None, []).unwrap_err();
    let text = rejected.located(Vec::new()).to_string();
    assert!(
        text.contains("no countersign.toml here") && text.contains("countersign serve"),
        "{text}"
    );
}
