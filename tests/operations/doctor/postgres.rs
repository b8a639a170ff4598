//! A PostgreSQL, healthy and otherwise.

use countersign_tests::certificates::Authority;
use countersign_tests::postgres::PostgresServer;
use countersign_tests::redis::free_port;
use countersign_tests::settings::{self, Workplace};
use rustix::process::{Signal, kill_process};

use super::{BOUND, Diagnosis, HEALTHY, UNHEALTHY, configured, doctor, used};

async fn look(workplace: &Workplace, store: &str) -> Diagnosis {
    configured(workplace, &[store, &workplace.senders(&["sms"])]);
    let found = doctor(workplace, &[]).await;
    found.says("", "component.runs", "ok", "(1)");
    assert!(found.took < BOUND, "{:?}", found.took);
    found
}

#[tokio::test]
async fn a_healthy_postgres_has_nothing_that_fails() {
    let server = PostgresServer::start("fsync = on").unwrap();
    let workplace = Workplace::new().unwrap();
    let store = settings::postgres(&server.url(), "countersign");
    // Nothing is set up by looking.
    let found = look(&workplace, &store).await;
    assert_eq!((found.exit, found.ended("failed")), (HEALTHY, vec![]), "{:#}", found.json);
    found.says("store", "store.contents", "skipped", "no schema");
    assert_eq!(found.store("store.open"), "skipped");
    let found = look(&workplace, &store).await;
    found.says("store", "store.contents", "skipped", "no schema");

    used(&workplace).await;
    let found = look(&workplace, &store).await;
    assert_eq!((found.exit, found.ended("failed")), (HEALTHY, vec![]), "{:#}", found.json);
    for check in [
        "reachable",
        "tls",
        "login",
        "version",
        "rights",
        "capacity",
        "persistence",
        "replication",
        "contents",
        "clock",
        "open",
        "generation",
        "keys",
    ] {
        assert_eq!(found.store(&format!("store.{check}")), "ok", "{check}");
    }

    let standby = server.standby().unwrap();
    let found = look(&workplace, &settings::postgres(&standby.url(), "countersign")).await;
    assert_eq!(found.exit, UNHEALTHY);
    found.says("store", "store.replication", "failed", "it is a standby");

    // Its first process accepts nothing while it is stopped.
    let first = server.first_process().unwrap();
    kill_process(first, Signal::STOP).unwrap();
    let found = look(&workplace, &store).await;
    kill_process(first, Signal::CONT).unwrap();
    assert_eq!((found.exit, found.ended("failed")), (UNHEALTHY, vec!["store.reachable"]));
    found.says("store", "store.reachable", "failed", "no answer in time");
}

#[tokio::test]
async fn a_postgres_that_may_lose_data_or_is_down_fails() {
    let server = PostgresServer::shared().unwrap();
    let workplace = Workplace::new().unwrap();
    let found =
        look(&workplace, &settings::postgres(&server.url(), &PostgresServer::schema())).await;
    assert_eq!((found.exit, found.ended("failed")), (UNHEALTHY, vec!["store.persistence"]));
    found.says("store", "store.persistence", "failed", "fsync off");

    let nowhere = format!("postgresql://postgres@127.0.0.1:{}/postgres", free_port().unwrap());
    let found = look(&workplace, &settings::postgres(&nowhere, "x")).await;
    assert_eq!((found.exit, found.ended("failed")), (UNHEALTHY, vec!["store.reachable"]));
}

#[tokio::test]
async fn a_role_without_its_rights_is_told_which() {
    let server = PostgresServer::start("fsync = on").unwrap();
    let workplace = Workplace::new().unwrap();
    configured(
        &workplace,
        &[&settings::postgres(&server.url(), "countersign"), &workplace.senders(&["sms"])],
    );
    used(&workplace).await;
    server.run("CREATE ROLE ann LOGIN PASSWORD 'hunter2'").await.unwrap();
    let url =
        |password| format!("postgresql://ann:{password}@127.0.0.1:{}/postgres", server.port());
    let store = settings::postgres(&url("hunter2"), "countersign");
    let found = look(&workplace, &store).await;
    assert_eq!(found.exit, UNHEALTHY);
    found.says("store", "store.rights", "failed", "USAGE");

    let grant = "GRANT USAGE ON SCHEMA countersign TO ann;
        GRANT SELECT, INSERT ON countersign.countersign_entries TO ann";
    server.run(grant).await.unwrap();
    let found = look(&workplace, &store).await;
    assert_eq!(found.exit, UNHEALTHY);
    found.says("store", "store.rights", "failed", "missing: UPDATE, DELETE");
    server.run("GRANT UPDATE, DELETE ON countersign.countersign_entries TO ann").await.unwrap();
    let found = look(&workplace, &store).await;
    assert_eq!((found.exit, found.store("store.rights")), (HEALTHY, "ok"), "{:#}", found.json);

    let found = look(&workplace, &settings::postgres(&url("another"), "countersign")).await;
    assert_eq!((found.exit, found.ended("failed")), (UNHEALTHY, vec!["store.login"]));
    let found = look(&workplace, &settings::postgres(&url("hunter2"), "other")).await;
    found.says("store", "store.rights", "failed", "may not create the schema");
}

#[tokio::test]
async fn how_a_connection_is_encrypted_is_told() {
    let authority = Authority::new().unwrap();
    let certified = authority.certify("127.0.0.1").unwrap();
    let server = PostgresServer::start_encrypted(&certified, &authority.file().unwrap()).unwrap();
    let workplace = Workplace::new().unwrap();
    let url = format!("{}?sslmode=require", server.url());
    let trusting = format!(
        "{}tls.ca_file = '{}'\n",
        settings::postgres(&url, "countersign"),
        authority.file().unwrap().display()
    );
    let found = look(&workplace, &trusting).await;
    found.says("store", "store.tls", "ok", "TLS 1.3; the server's certificate was verified");
    let found = look(&workplace, &settings::postgres(&url, "countersign")).await;
    assert_eq!((found.exit, found.ended("failed")), (UNHEALTHY, vec!["store.tls"]));
    found.says("store", "store.tls", "failed", "authority that isn't trusted");
}
