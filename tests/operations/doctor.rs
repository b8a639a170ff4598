//! `countersign doctor`: what it finds, how it goes on, and what it ends with.

mod postgres;
mod redis;
mod redis_several;
mod secrets;
mod senders;

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use countersign_tests::process::{self, Host};
use countersign_tests::settings::{self, Workplace};
use serde_json::Value;

use crate::RULES;

const HEALTHY: i32 = 0;
const UNHEALTHY: i32 = 7;
/// The bound of the whole, and the end of the process.
const BOUND: Duration = Duration::from_secs(32);

/// What one run came to.
struct Diagnosis {
    exit: i32,
    /// The object that `--json` prints.
    json: Value,
    took: Duration,
}

impl Diagnosis {
    /// What one check found about `subject`, or about the whole where that is empty.
    fn about(&self, subject: &str, check: &str) -> &Value {
        let is_it = |found: &&Value| {
            found["check"] == check && found["subject"].as_str().unwrap_or_default() == subject
        };
        let all = self.json["checks"].as_array().unwrap();
        all.iter().find(is_it).unwrap_or_else(|| panic!("no {check} of {subject}: {:#}", self.json))
    }

    /// How one check of the store ended.
    fn store(&self, check: &str) -> &str {
        self.about("store", check)["status"].as_str().unwrap()
    }

    /// Whether that check found this.
    fn says(&self, subject: &str, check: &str, status: &str, text: &str) {
        let found = self.about(subject, check);
        assert_eq!(found["status"], status, "{found:#}");
        assert!(found["found"].as_str().unwrap().contains(text), "{found:#}");
        assert_eq!(found["mend"].is_string(), matches!(status, "warning" | "failed"), "{found:#}");
    }

    /// The checks that ended so.
    fn ended(&self, status: &str) -> Vec<&str> {
        let all = self.json["checks"].as_array().unwrap();
        let those = all.iter().filter(|found| found["status"] == status);
        those.map(|found| found["check"].as_str().unwrap()).collect()
    }
}

/// A workplace and its configuration, with these sections and what every test needs.
fn configured(workplace: &Workplace, sections: &[&str]) {
    let sections = [&[settings::SERVER, settings::KEYS, RULES], sections].concat();
    let path = workplace.config("countersign.toml", &sections).unwrap();
    fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
}

/// Runs it with `--json` on what [`configured`] wrote.
async fn doctor(workplace: &Workplace, arguments: &[&str]) -> Diagnosis {
    let (exit, said, took) = output(workplace, &[&["--json"], arguments].concat()).await;
    Diagnosis { exit, json: serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said}")), took }
}

async fn output(workplace: &Workplace, arguments: &[&str]) -> (i32, String, Duration) {
    let config = workplace.path().join("countersign.toml");
    let mut command = process::command(Some(&config)).unwrap();
    command.arg("doctor").args(arguments).current_dir(workplace.path());
    let began = Instant::now();
    let output = process::run(command, "").await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(said).unwrap(), began.elapsed())
}

/// Has a first command set the store up.
async fn used(workplace: &Workplace) {
    let config = workplace.path().join("countersign.toml");
    let mut command = process::command(Some(&config)).unwrap();
    command.args(["issue", "login", "+6281234500001"]).current_dir(workplace.path());
    let output = process::run(command, "").await.unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[tokio::test]
async fn a_healthy_database_has_nothing_that_fails() {
    let workplace = Workplace::new().unwrap();
    configured(&workplace, &[&workplace.sqlite(), &workplace.senders(&["sms"])]);
    used(&workplace).await;
    let found = doctor(&workplace, &[]).await;
    assert_eq!((found.exit, found.ended("failed")), (HEALTHY, vec![]), "{:#}", found.json);
    for check in ["reachable", "rights", "persistence", "contents", "open", "generation", "keys"] {
        assert_eq!(found.store(&format!("store.{check}")), "ok", "{check}");
    }
    found.says("store", "store.latency", found.store("store.latency"), "(1");
    found.says("", "configuration", "ok", "purposes: 1");
    found.says("", "component.cache", "ok", "loads");
    found.says("", "component.runs", "ok", "(1)");
    found.says("", "files.configuration", "ok", "mode 600");
    found.says("", "server.listen", "ok", "free");
    found.says("senders.sms", "sender.settings", "ok", "file");

    let (exit, text, _) = output(&workplace, &[]).await;
    assert_eq!(exit, HEALTHY);
    assert!(text.lines().any(|line| line.starts_with("ok       store.contents")), "{text}");
    assert!(text.lines().last().unwrap().contains(": 0 failed, "), "{text}");
}

#[tokio::test]
async fn it_leaves_no_trace() {
    let workplace = Workplace::new().unwrap();
    let cache = workplace.path().join("cache");
    let engine = format!("[engine]\ncache_directory = '{}'\n", cache.display());
    let (store, senders) = (workplace.sqlite(), workplace.senders(&["sms"]));
    let sections = [settings::SERVER, settings::KEYS, RULES, &store, &senders, &engine];
    workplace.write("countersign.toml", &sections.join("\n")).unwrap();
    let found = doctor(&workplace, &[]).await;
    assert_eq!(found.exit, HEALTHY, "{:#}", found.json);
    found.says("store", "store.reachable", "ok", "the first start makes it");
    assert_eq!(found.store("store.contents"), "skipped");
    found.says("", "component.cache", "ok", "the next start compiles");
    found.says("", "component.runs", "ok", "(1)");
    let files: Vec<_> = fs::read_dir(workplace.path()).unwrap().map(|file| file.unwrap()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
}

#[tokio::test]
async fn a_damaged_database_is_told() {
    let workplace = Workplace::new().unwrap();
    configured(&workplace, &[&workplace.sqlite(), &workplace.senders(&["sms"])]);
    used(&workplace).await;
    let path = workplace.path().join("store.db");
    let mut bytes = fs::read(&path).unwrap();
    // All but the header.
    bytes[100..].fill(0x5A);
    fs::write(&path, bytes).unwrap();
    let found = doctor(&workplace, &[]).await;
    assert_eq!((found.exit, found.store("store.contents")), (UNHEALTHY, "failed"));
    found.says("", "component.runs", "ok", "(1)");
}

#[tokio::test]
async fn data_of_other_keys_is_told() {
    let workplace = Workplace::new().unwrap();
    configured(&workplace, &[&workplace.sqlite(), &workplace.senders(&["sms"])]);
    used(&workplace).await;
    let config = workplace.path().join("countersign.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("index = \"11", "index = \"99")).unwrap();
    let found = doctor(&workplace, &[]).await;
    assert_eq!(found.exit, UNHEALTHY);
    found.says("store", "store.keys", "failed", "other keys");
}

#[tokio::test]
async fn secrets_that_others_may_read_are_warned_of() {
    let workplace = Workplace::new().unwrap();
    configured(&workplace, &[settings::MEMORY, &workplace.senders(&["sms"])]);
    let config = workplace.path().join("countersign.toml");
    fs::set_permissions(&config, Permissions::from_mode(0o644)).unwrap();
    let found = doctor(&workplace, &[]).await;
    found.says("", "files.configuration", "warning", "every user");
    let mend = format!("chmod 600 {}", config.display());
    assert_eq!(found.about("", "files.configuration")["mend"], mend);
    assert_eq!((found.exit, &found.json["status"]), (HEALTHY, &"warning".into()));
    assert_eq!(doctor(&workplace, &["--strict"]).await.exit, UNHEALTHY);

    fs::set_permissions(&config, Permissions::from_mode(0o602)).unwrap();
    let found = doctor(&workplace, &[]).await;
    assert_eq!(found.exit, UNHEALTHY);
    found.says("", "files.configuration", "failed", "can be changed");

    let key = workplace.write("index.key", &settings::key(7)).unwrap();
    fs::set_permissions(&key, Permissions::from_mode(0o644)).unwrap();
    let keys = format!(
        "[keys]\nindex_file = '{}'\nring = [{{ name = \"k1\", secret = \"{}\" }}]\n",
        key.display(),
        settings::key(99)
    );
    let sections = [settings::SERVER, &keys, RULES, settings::MEMORY];
    workplace.config("countersign.toml", &sections).unwrap();
    let found = doctor(&workplace, &[]).await;
    found.says("", "files.secrets", "warning", "keys.index_file");
}

#[tokio::test]
async fn a_broken_configuration_keeps_no_other_check_from_being_made() {
    let workplace = Workplace::new().unwrap();
    let more = "[log]\nfilters = \"info\"\n[purposes.pay]\nchannels = [\"sms\"]\ncode_lenght = 7\n";
    configured(&workplace, &[&workplace.sqlite(), &workplace.senders(&["sms"]), more]);
    let found = doctor(&workplace, &[]).await;
    assert_eq!(found.exit, UNHEALTHY);
    assert_eq!(found.ended("failed"), ["configuration"; 2]);
    found.says("", "configuration", "failed", "countersign.toml:");
    assert_eq!(found.store("store.reachable"), "ok");
    found.says("senders.sms", "sender.settings", "ok", "file");
    found.says("", "component.runs", "ok", "");

    // Of what is wrong itself nothing is looked at: another one would stand in its place.
    configured(&workplace, &["[store]\ntype = \"sqlight\"\n", &workplace.senders(&["sms"])]);
    let found = doctor(&workplace, &[]).await;
    assert_eq!((found.exit, found.store("store.reachable")), (UNHEALTHY, "skipped"));

    // A purpose that only the engine refuses.
    let pay = "[purposes.pay]\nchannels = []\n";
    configured(&workplace, &[settings::MEMORY, &workplace.senders(&["sms"]), pay]);
    let found = doctor(&workplace, &[]).await;
    assert_eq!(found.exit, UNHEALTHY);
    found.says("", "component.runs", "failed", "purposes.pay.channels");

    workplace.write("countersign.toml", "[server\n").unwrap();
    let found = doctor(&workplace, &[]).await;
    assert_eq!((found.exit, found.ended("failed")), (UNHEALTHY, vec!["configuration"]));
    found.says("", "process.entropy", "ok", "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_is_taken_is_ours_or_anothers() {
    let workplace = Workplace::new().unwrap();
    configured(&workplace, &[settings::MEMORY, &workplace.senders(&["sms"])]);
    let config = workplace.path().join("countersign.toml");
    let text = fs::read_to_string(&config).unwrap();
    let host = Host::start(&config).await.unwrap();
    let at = |address: String| text.replace("127.0.0.1:0", &address);
    fs::write(&config, at(host.address().to_string())).unwrap();
    doctor(&workplace, &[]).await.says("", "server.listen", "ok", "a countersign listens");

    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    fs::write(&config, at(other.local_addr().unwrap().to_string())).unwrap();
    doctor(&workplace, &[]).await.says("", "server.listen", "warning", "another program");

    // No address of this machine (RFC 5737).
    let key = format!("[[api_keys]]\nname = \"a\"\nsha256 = \"{}\"\n", "ab".repeat(32));
    fs::write(&config, format!("{}{key}", at("192.0.2.1:8080".into()))).unwrap();
    let found = doctor(&workplace, &[]).await;
    assert_eq!(found.exit, UNHEALTHY);
    found.says("", "server.listen", "failed", "192.0.2.1");
}

#[tokio::test]
async fn a_fall_back_store_is_looked_at_as_the_first_is() {
    let workplace = Workplace::new().unwrap();
    let nowhere = countersign_tests::redis::free_port().unwrap();
    let second = workplace.sqlite().replace("[store]", "[fallback_store]");
    configured(&workplace, &[&settings::redis(nowhere), &second, &workplace.senders(&["sms"])]);
    let found = doctor(&workplace, &[]).await;
    assert_eq!(found.exit, UNHEALTHY);
    assert_eq!(found.store("store.reachable"), "failed");
    assert_eq!(found.about("fallback_store", "store.reachable")["status"], "ok");
    assert_eq!(found.about("fallback_store", "store.rights")["status"], "ok");
    // What mends the second is said of the second.
    let first = workplace.sqlite();
    let second = settings::redis(nowhere).replace("[store]", "[fallback_store]");
    configured(&workplace, &[&first, &second, &workplace.senders(&["sms"])]);
    let found = doctor(&workplace, &[]).await;
    let mend = found.about("fallback_store", "store.reachable")["mend"].clone();
    assert!(mend.as_str().unwrap().contains(" fallback_store.url"), "{mend}");
    // The same server twice is none to fall back to.
    let first = settings::redis(nowhere);
    configured(&workplace, &[&first, &second, &workplace.senders(&["sms"])]);
    let found = doctor(&workplace, &[]).await;
    found.says("", "configuration", "failed", "the same store as [store]");
}
