//! Schemathesis, with all of its checks but one, against what is really served: the native host in production, and the edge app.
//! It makes requests of the description, good ones and bad ones, and holds each answer to it.
//!
//! The interpreter is `COUNTERSIGN_TEST_PYTHON`, which `cargo xtask test` sets to one that has what `requirements.txt`
//! lists. Where it is unset or has no Schemathesis, the suite fails. `hooks.py` and `schemathesis.toml` say what
//! Schemathesis can't know.
#![cfg(test)]

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use countersign_http_api::keys::new_key;
use countersign_tests::edge::{self, App, Runtime, Store};
use countersign_tests::process::Host;
use countersign_tests::receiver::{Receiver, SECRET};
use countersign_tests::settings::{self, Workplace};
use data_encoding::HEXLOWER;

/// The requests of each run: the same ones every time.
const SEED: &str = "1";

/// Requests of each kind for each operation.
const EXAMPLES: &str = "5";

const SERVER: &str = "[server]\nlisten = \"127.0.0.1:0\"\nmode = \"production\"\n";

/// Without pauses, so that most requests come through.
const RULES: &str = r#"
[purposes.login]
channels = ["sms", "email"]
verify_by = "both"
cooldown_seconds = 0
max_resends = 10
"#;

const CHANNELS: [&str; 2] = ["sms", "email"];

/// An operator's API key, and its entry.
fn key() -> (String, String) {
    let (key, sha256) = new_key(&[7; 32]);
    let sha256 = HEXLOWER.encode(&sha256);
    let entry = format!(
        "[[api_keys]]\nname = \"ann\"\ntenant = \"default\"\nsha256 = \"{sha256}\"\noperator = true\n"
    );
    (key.expose().to_owned(), entry)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_host_is_as_described() {
    let python = python();
    let workplace = Workplace::new().unwrap();
    let receiver = Receiver::start(workplace.outbox().path()).await.unwrap();
    let (key, entry) = key();
    let url = format!("{}/codes", receiver.origin());
    let senders: String = CHANNELS
        .iter()
        .map(|channel| {
            format!(
                "[senders.{channel}]\ntype = \"webhook\"\nurl = \"{url}\"\nsecret = \"{SECRET}\"\n"
            )
        })
        .collect();
    let sections =
        [SERVER, &workplace.sqlite(), settings::LOG, settings::KEYS, &entry, &senders, RULES];
    let config = workplace.config("countersign.toml", &sections).unwrap();
    let host = Host::start(&config).await.unwrap();
    run(python, host.address(), key.clone()).await;
    assert!(!host.output().contains(&key), "the key is in the log");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_edge_app_is_as_described() {
    let python = python();
    let workplace = Workplace::new().unwrap();
    let receiver = Receiver::start(workplace.outbox().path()).await.unwrap();
    let (key, entry) = key();
    let rules = format!("{}{entry}{RULES}", settings::KEYS);
    let variables = edge::variables(&rules, &receiver, &CHANNELS).unwrap();
    let runtime = Runtime::stand_in().unwrap();
    let app = App::start(&runtime, &Store::KeyValueSqlite, &workplace, &variables).await.unwrap();
    run(python, app.address(), key.clone()).await;
    assert!(!app.output().contains(&key), "the key is in the log");
}

/// Runs Schemathesis against the service there, and panics with what it found.
async fn run(python: PathBuf, address: SocketAddr, key: String) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemathesis");
    let mut command = Command::new(python);
    command.args(["-m", "schemathesis.cli", "--no-color", "--config-file"]);
    command.arg(folder.join("schemathesis.toml"));
    command.arg("run").arg(format!("http://{address}/openapi.json"));
    // A revoked challenge is still known: its status says that it is revoked.
    command.args(["--checks", "all", "--exclude-checks", "use_after_free"]);
    command.args(["--seed", SEED, "--max-examples", EXAMPLES, "--no-shrink"]);
    command.args(["--generation-database", "none", "--continue-on-failure"]);
    command.arg("--header").arg(format!("Authorization: Bearer {key}"));
    // The hooks are a module there; and it keeps what it found in the working directory.
    command.env("PYTHONPATH", &folder).env("PYTHONDONTWRITEBYTECODE", "1");
    let aside = Workplace::new().unwrap();
    command.current_dir(aside.path());
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    let summary = said.lines().skip_while(|line| !line.contains("SUMMARY")).skip(1);
    println!("{}", summary.collect::<Vec<_>>().join("\n"));
}

/// An interpreter that has Schemathesis in the version that is pinned.
fn python() -> PathBuf {
    let python = std::env::var_os("COUNTERSIGN_TEST_PYTHON").expect(
        "COUNTERSIGN_TEST_PYTHON names a Python with Schemathesis: `cargo xtask test` does",
    );
    let pinned = include_str!("requirements.txt")
        .lines()
        .find_map(|line| line.strip_prefix("schemathesis=="))
        .unwrap();
    let check =
        "import sys, importlib.metadata as m; sys.exit(m.version('schemathesis') != sys.argv[1])";
    let found = Command::new(&python).args(["-c", check, pinned]).output().unwrap();
    let python = PathBuf::from(python);
    assert!(found.status.success(), "{} has no schemathesis {pinned}", python.display());
    python
}
