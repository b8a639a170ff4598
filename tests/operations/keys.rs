//! A store whose data was made with other keys.

use std::path::{Path, PathBuf};

use countersign_tests::client::Client;
use countersign_tests::process::{self, Host};
use countersign_tests::redis::RedisServer;
use countersign_tests::settings::{self, Workplace};
use serde_json::json;

use crate::{RULES, issue};

const CONFIGURATION: i32 = 2;

/// `[keys]`: the index key's seed, and the names and seeds of the ring.
fn keys(index: u8, ring: &[(&str, u8)]) -> String {
    let key = |(name, seed): &(&str, u8)| {
        format!("[[keys.ring]]\nname = \"{name}\"\nsecret = \"{}\"\n", settings::key(*seed))
    };
    let ring: String = ring.iter().map(key).collect();
    format!("[keys]\nindex = \"{}\"\n{ring}", settings::key(index))
}

fn config(workplace: &Workplace, store: &str, keys: &str) -> PathBuf {
    let senders = workplace.senders(&["sms"]);
    let sections = [settings::SERVER, store, &senders, settings::LOG, keys, RULES];
    workplace.config("countersign.toml", &sections).unwrap()
}

/// Runs a command that must fail: its exit code, and what it said.
async fn refused(config: &Path, arguments: &[&str]) -> (i32, String) {
    let mut command = process::command(Some(config)).unwrap();
    command.args(arguments);
    let output = process::run(command, "").await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!said.contains("panicked"), "{said}");
    (output.status.code().unwrap(), said)
}

/// What `/readyz` says of the keys.
async fn degraded_keys(host: &Host) -> bool {
    let ready = Client::new(host.address()).get("/readyz").await;
    assert_eq!(ready.status, 200, "{ready:?}");
    let keys = json!({ "name": "keys", "status": "degraded" });
    let is_named = ready.json["dependencies"].as_array().unwrap().contains(&keys);
    assert_eq!(ready.json["status"], if is_named { "degraded" } else { "ok" });
    is_named
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_keys_than_those_of_the_data_are_refused_at_start() {
    let redis = RedisServer::start().unwrap();
    let workplace = Workplace::new().unwrap();
    for store in [settings::redis(redis.port()), workplace.sqlite()] {
        let right = config(&workplace, &store, &keys(1, &[("a", 2)]));
        drop(Host::start(&right).await.unwrap());

        let other_index = config(&workplace, &store, &keys(9, &[("a", 2)]));
        let (code, said) = refused(&other_index, &["serve"]).await;
        assert_eq!(code, CONFIGURATION, "{said}");
        for words in ["keys: ", "index key", "keys.index", "--accept-changed-keys"] {
            assert!(said.contains(words), "{words} is missing: {said}");
        }
        let unlock = ["unlock", "login", "+6281234500001"];
        let (code, said) = refused(&other_index, &unlock).await;
        assert_eq!(code, CONFIGURATION, "{said}");

        let other_secret = config(&workplace, &store, &keys(1, &[("b", 3), ("a", 4)]));
        let (code, said) = refused(&other_secret, &["serve"]).await;
        assert_eq!(code, CONFIGURATION, "{said}");
        assert!(said.contains("the ring key `a`"), "{said}");
        assert!(!said.contains(&settings::key(4)), "{said}");

        // A refusal changes nothing.
        let right = config(&workplace, &store, &keys(1, &[("a", 2)]));
        drop(Host::start(&right).await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ring_keys_come_and_go_by_rotation() {
    let workplace = Workplace::new().unwrap();
    let store = workplace.sqlite();
    let rings: [&[(&str, u8)]; 4] =
        [&[("a", 2)], &[("b", 3), ("a", 2)], &[("b", 3)], &[("c", 4), ("b", 3)]];
    for ring in rings {
        let host = Host::start(&config(&workplace, &store, &keys(1, ring))).await.unwrap();
        assert!(!degraded_keys(&host).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_is_meant_is_accepted_and_shows_where_it_was_not_made() {
    let redis = RedisServer::start().unwrap();
    let workplace = Workplace::new().unwrap();
    let store = settings::redis(redis.port());
    let old = config(&workplace, &store, &keys(1, &[("a", 2)]));
    let mut old = Host::start(&old).await.unwrap();
    assert!(!degraded_keys(&old).await);

    let changed = config(&workplace, &store, &keys(9, &[("a", 2)]));
    let new = Host::start_with_arguments(&changed, &["--accept-changed-keys"]).await.unwrap();
    assert!(!degraded_keys(&new).await);
    assert!(new.output().contains("other keys are accepted"), "{}", new.output());

    for _ in 0..3 {
        assert!(degraded_keys(&old).await);
    }
    assert_eq!(issue(&Client::new(old.address()), 1).await.status, 201);
    old.kill().unwrap();
    assert_eq!(old.output().matches("with other keys").count(), 1, "{}", old.output());
    drop(new);
    drop(Host::start(&changed).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_that_is_used_twice_is_refused() {
    let workplace = Workplace::new().unwrap();
    for ring in [[("a", 2), ("b", 2)], [("a", 2), ("b", 1)]] {
        let config = config(&workplace, settings::MEMORY, &keys(1, &ring));
        let (code, said) = refused(&config, &["serve"]).await;
        assert_eq!(code, CONFIGURATION, "{said}");
        assert!(said.contains("the same secret"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fingerprint_of_the_keys_expires_and_holds_no_key() {
    let redis = RedisServer::start().unwrap();
    let workplace = Workplace::new().unwrap();
    let config = config(&workplace, &settings::redis(redis.port()), &keys(1, &[("a", 2)]));
    let _host = Host::start(&config).await.unwrap();
    let mut connection = redis.connection().unwrap();
    let left: i64 = redis::cmd("TTL").arg("countersign:keys").query(&mut connection).unwrap();
    assert!((34_000_000..=34_214_400).contains(&left), "{left}");
    let value: Vec<u8> = redis::cmd("GET").arg("countersign:keys").query(&mut connection).unwrap();
    for seed in [1_u8, 2] {
        let start: Vec<u8> = (0..4).map(|step| seed + step).collect();
        assert!(!value.windows(4).any(|bytes| bytes == start), "{value:?}");
    }
}
