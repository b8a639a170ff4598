//! A start that can't be a good one fails, loudly and with a code that tells whose fault it is.

use std::net::TcpListener;

use countersign_tests::process::{self, Host};
use countersign_tests::redis::free_port;
use countersign_tests::settings::{self, Workplace};

use crate::RULES;

const CONFIGURATION: i32 = 2;
const AROUND_IT: i32 = 1;

/// Starts what must not start: its exit code, and what it said.
async fn refused(workplace: &Workplace, sections: &[&str]) -> (i32, String) {
    let config = workplace.config("countersign.toml", sections).unwrap();
    let mut command = process::command(Some(&config)).unwrap();
    command.arg("serve").current_dir(workplace.path());
    let output = process::run(command, "").await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!said.contains("panicked"), "{said}");
    (output.status.code().unwrap(), said)
}

#[tokio::test]
async fn a_wrong_configuration_is_named_by_its_place() {
    let workplace = Workplace::new().unwrap();
    let senders = workplace.senders(&["sms"]);
    let (server, keys, memory) = (settings::SERVER, settings::KEYS, settings::MEMORY);
    let cases: &[(&[&str], &[&str])] = &[
        (&[server, memory, keys], &["purpose"]),
        (
            &[server, memory, keys, "[purposes.login]\nchanels = [\"sms\"]"],
            &["purposes.login.chanels", "channels"],
        ),
        (
            &[server, memory, keys, "[purposes.login]\nchannels = [\"pigeon\"]"],
            &["purposes.login.channels"],
        ),
        (
            &[server, memory, keys, "[purposes.login]\nchannels = [\"sms\"]\ncode_length = 5"],
            &["purposes.login", "code"],
        ),
        (
            &[
                server,
                memory,
                keys,
                "[purposes.login]\nchannels = [\"sms\"]\nlifetime_seconds = 601",
            ],
            &["purposes.login", "lifetime"],
        ),
        (
            &[server, memory, keys, "[purposes.login]\nchannels = [\"sms\"]\nfailure_cap = 101"],
            &["purposes.login", "failure"],
        ),
        (&[server, "[store]\ntype = \"postgres\"", keys, RULES], &["store"]),
        (
            &["[server]\nlisten = \"0.0.0.0:0\"", memory, keys, RULES],
            &["server.listen", "api_keys"],
        ),
        (
            &[
                "[server]\nlisten = \"127.0.0.1:0\"\ntrusted_proxies = [\"10.0.0.0/8\"]",
                memory,
                keys,
                RULES,
            ],
            &["server.trusted_proxies", "api_keys"],
        ),
        (&["[server]\nlisten = \"127.0.0.1:0\"", memory, RULES], &["keys"]),
        (
            &["[server]\nlisten = \"127.0.0.1:0\"", memory, keys, &senders, RULES],
            &["senders.sms", "development"],
        ),
        (&["[server\n", memory], &["countersign.toml"]),
    ];
    for (sections, words) in cases {
        let (code, said) = refused(&workplace, sections).await;
        assert_eq!(code, CONFIGURATION, "{sections:?}: {said}");
        for word in *words {
            assert!(said.contains(word), "{word} is missing: {said}");
        }
    }
}

#[tokio::test]
async fn what_is_missing_around_it_is_named() {
    let workplace = Workplace::new().unwrap();
    let (server, keys, memory) = (settings::SERVER, settings::KEYS, settings::MEMORY);

    let nowhere = settings::redis(free_port().unwrap()) + "connect_timeout_seconds = 1\n";
    let (code, said) = refused(&workplace, &[server, &nowhere, keys, RULES]).await;
    assert_eq!(code, AROUND_IT, "{said}");
    assert!(said.contains("store"), "{said}");

    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let listen = format!("[server]\nmode = \"development\"\nlisten = \"{address}\"");
    let (code, said) = refused(&workplace, &[&listen, memory, keys, RULES]).await;
    assert_eq!(code, AROUND_IT, "{said}");
    assert!(said.contains(&address), "{said}");

    let text =
        format!("{server}\n{memory}\n{keys}\n{RULES}\n[engine]\ncomponent = \"absent.wasm\"");
    let config = workplace.write("other.toml", &text).unwrap();
    let error = Host::start(&config).await.err().unwrap().to_string();
    assert!(error.contains("absent.wasm"), "{error}");

    let mut command = process::command(Some(&workplace.path().join("absent.toml"))).unwrap();
    command.arg("serve");
    let output = process::run(command, "").await.unwrap();
    assert_eq!(output.status.code(), Some(CONFIGURATION));
    assert!(String::from_utf8_lossy(&output.stderr).contains("absent.toml"));
}

#[tokio::test]
async fn an_ephemeral_key_is_warned_of() {
    let workplace = Workplace::new().unwrap();
    let sections = [settings::SERVER, settings::MEMORY, settings::LOG, RULES];
    let config = workplace.config("countersign.toml", &sections).unwrap();
    let host = Host::start(&config).await.unwrap();
    let log = host.log();
    let warned = |what: &str| {
        log.iter().any(|line| line["level"] == "WARN" && line.to_string().contains(what))
    };
    assert!(warned("made up") && warned("no provider"), "{}", host.output());
}
