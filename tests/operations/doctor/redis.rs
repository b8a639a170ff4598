//! One Redis, healthy and otherwise.

use std::time::Duration;

use countersign_tests::certificates::Authority;
use countersign_tests::redis::{RedisServer, free_port};
use countersign_tests::settings::{self, Workplace};
use rustix::process::Signal;

use super::{BOUND, Diagnosis, HEALTHY, UNHEALTHY, configured, doctor, used};

/// A doctor's look at the Redis of this `[store]`.
async fn look(store: &str) -> Diagnosis {
    let workplace = Workplace::new().unwrap();
    configured(&workplace, &[store, &workplace.senders(&["sms"])]);
    let found = doctor(&workplace, &[]).await;
    // Whatever is wrong with the store, the rest was looked at.
    found.says("", "component.runs", "ok", "(1)");
    found.says("senders.sms", "sender.settings", "ok", "file");
    found.says("", "doctor.time", "ok", "");
    assert!(found.took < BOUND, "{:?}", found.took);
    found
}

#[tokio::test]
async fn a_healthy_redis_has_nothing_that_fails() {
    let redis = RedisServer::start_with(&["--appendonly", "yes"]).unwrap();
    let workplace = Workplace::new().unwrap();
    configured(&workplace, &[&settings::redis(redis.port()), &workplace.senders(&["sms"])]);
    used(&workplace).await;
    let keys = || redis.info("keyspace").unwrap().split(",expires").next().unwrap().to_owned();
    let before = keys();
    let found = doctor(&workplace, &[]).await;
    assert_eq!((found.exit, found.ended("failed")), (HEALTHY, vec![]), "{:#}", found.json);
    for check in [
        "reachable",
        "tls",
        "login",
        "version",
        "rights",
        "eviction",
        "capacity",
        "persistence",
        "replication",
        "clock",
        "open",
        "generation",
        "keys",
    ] {
        assert_eq!(found.store(&format!("store.{check}")), "ok", "{check}");
    }
    found.says("store", "store.persistence", "ok", "each second");
    assert_eq!(keys(), before, "nothing but the scratch key was written");
    assert_eq!(redis.endless_keys().unwrap().0, Vec::<String>::new());
}

#[tokio::test]
async fn a_redis_that_evicts_fails() {
    let options = ["--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru"];
    let redis = RedisServer::start_with(&options).unwrap();
    let found = look(&settings::redis(redis.port())).await;
    assert_eq!(found.exit, UNHEALTHY);
    found.says("store", "store.eviction", "failed", "allkeys-lru");
    found.says("store", "store.open", "failed", "allkeys-lru");
    found.says("store", "store.persistence", "warning", "neither");
    redis.run(&["CONFIG", "SET", "maxmemory", "0"]).unwrap();
    let found = look(&settings::redis(redis.port())).await;
    assert_eq!((found.exit, found.store("store.eviction")), (HEALTHY, "warning"));
}

#[tokio::test]
async fn a_full_redis_fails() {
    let redis = RedisServer::start_with(&["--maxmemory", "1000"]).unwrap();
    let found = look(&settings::redis(redis.port())).await;
    assert_eq!(found.exit, UNHEALTHY);
    found.says("store", "store.capacity", "failed", "maxmemory");
    found.says("store", "store.rights", "ok", "OOM");
    assert_eq!(found.store("store.open"), "failed");
}

#[tokio::test]
async fn a_redis_that_is_down_is_told_and_waited_for_by_nothing() {
    let found = look(&settings::redis(free_port().unwrap())).await;
    assert_eq!((found.exit, found.ended("failed")), (UNHEALTHY, vec!["store.reachable"]));
    found.says("store", "store.reachable", "failed", "refused");
    assert_eq!(found.store("store.latency"), "skipped");
    assert!(found.took < Duration::from_secs(10), "{:?}", found.took);
}

#[tokio::test]
async fn a_frozen_redis_is_told_in_time() {
    let redis = RedisServer::start().unwrap();
    redis.signal(Signal::STOP).unwrap();
    let found = look(&settings::redis(redis.port())).await;
    redis.signal(Signal::CONT).unwrap();
    assert_eq!((found.exit, found.ended("failed")), (UNHEALTHY, vec!["store.reachable"]));
    found.says("store", "store.reachable", "failed", "takes connections and gives no answer");
}

#[tokio::test]
async fn a_replica_is_told() {
    let primary = RedisServer::start_with(&["--repl-diskless-sync-delay", "0"]).unwrap();
    let of = format!("127.0.0.1 {}", primary.port());
    let replica = RedisServer::start_with(&["--replicaof", &of]).unwrap();
    let found = look(&settings::redis(replica.port())).await;
    assert_eq!(found.exit, UNHEALTHY);
    found.says("store", "store.replication", "failed", "it is a replica");
    assert_eq!((found.store("store.rights"), found.store("store.open")), ("ok", "failed"));
    let found = look(&settings::redis(primary.port())).await;
    assert_eq!((found.exit, found.store("store.replication")), (HEALTHY, "ok"));
}

/// `[store]` for a user whose password is `hunter2`.
fn as_ann(redis: &RedisServer) -> String {
    format!("[store]\ntype = \"redis\"\nurl = \"redis://ann:hunter2@127.0.0.1:{}\"\n", redis.port())
}

#[tokio::test]
async fn a_missing_right_is_named() {
    let redis = RedisServer::start().unwrap();
    let user = ["ACL", "SETUSER", "ann", "on", ">hunter2", "~countersign:*", "+@all", "-incrby"];
    redis.run(&user).unwrap();
    let found = look(&as_ann(&redis)).await;
    assert_eq!(found.exit, UNHEALTHY);
    found.says("store", "store.rights", "failed", "refused on the scratch key: INCRBY");
    let mend = found.about("store", "store.rights")["mend"].as_str().unwrap();
    assert!(mend.contains(" +incrby ~"), "{mend}");

    // Keys of another name.
    redis.run(&["ACL", "SETUSER", "ann", "resetkeys", "~other:*", "+incrby"]).unwrap();
    let found = look(&as_ann(&redis)).await;
    found.says("store", "store.rights", "failed", "SET");

    redis.run(&["ACL", "SETUSER", "ann", "resetpass", ">another"]).unwrap();
    let found = look(&as_ann(&redis)).await;
    assert_eq!(found.exit, UNHEALTHY);
    found.says("store", "store.login", "failed", "authentication failed");
    redis.run(&["CONFIG", "SET", "requirepass", "x"]).unwrap();
    let found = look(&settings::redis(redis.port())).await;
    found.says("store", "store.login", "failed", "password");
}

#[tokio::test]
async fn what_a_managed_redis_does_not_tell_is_skipped() {
    let redis = RedisServer::start().unwrap();
    let silent = ["-info", "-config", "-time", "-role", "-client"];
    redis
        .run(&[&["ACL", "SETUSER", "ann", "on", ">hunter2", "~*", "+@all"][..], &silent].concat())
        .unwrap();
    let found = look(&as_ann(&redis)).await;
    assert_eq!((found.exit, found.ended("failed")), (HEALTHY, vec![]), "{:#}", found.json);
    for check in ["version", "eviction", "capacity", "persistence", "replication", "clock"] {
        found.says("store", &format!("store.{check}"), "skipped", "the user may not ask");
    }
    found.says("store", "store.generation", "warning", "not told");
    assert_eq!((found.store("store.rights"), found.store("store.open")), ("ok", "ok"));
}

#[tokio::test]
async fn how_a_connection_is_encrypted_is_told() {
    let authority = Authority::new().unwrap();
    let certified = authority.certify("127.0.0.1").unwrap();
    let redis = RedisServer::start_encrypted(&certified, &authority, false).unwrap();
    let file = authority.file().unwrap();
    let store = |url: &str| {
        format!("[store]\ntype = \"redis\"\nurl = \"{url}\"\ntls.ca_file = '{}'\n", file.display())
    };
    let found = look(&store(&redis.url())).await;
    assert_eq!(found.exit, HEALTHY, "{:#}", found.json);
    found.says("store", "store.tls", "ok", "TLS 1.3; the server's certificate was verified");
    found.says("", "files.certificates", "ok", "more days");

    // Plain text to a server that encrypts.
    let found = look(&settings::redis(redis.port())).await;
    assert_eq!(found.exit, UNHEALTHY);
    found.says("store", "store.reachable", "failed", "expect TLS");
    // An authority that isn't trusted.
    let untrusted = format!("[store]\ntype = \"redis\"\nurl = \"{}\"\n", redis.url());
    let found = look(&untrusted).await;
    assert_eq!((found.exit, found.ended("failed")), (UNHEALTHY, vec!["store.tls"]));
    found.says("store", "store.tls", "failed", "authority that isn't trusted");
    // TLS to a server in plain text.
    let plain = RedisServer::start().unwrap();
    let found = look(&store(&format!("rediss://127.0.0.1:{}", plain.port()))).await;
    assert_eq!((found.exit, found.ended("failed")), (UNHEALTHY, vec!["store.tls"]));
    found.says("store", "store.tls", "failed", "TLS");

    let expired = authority.certify_expired("127.0.0.1").unwrap();
    let redis = RedisServer::start_encrypted(&expired, &authority, false).unwrap();
    let found = look(&store(&redis.url())).await;
    assert_eq!((found.exit, found.ended("failed")), (UNHEALTHY, vec!["store.tls"]));
    found.says("store", "store.tls", "failed", "has expired");
}
