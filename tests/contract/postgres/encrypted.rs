//! TLS: verified in full, or no connection.

use std::fs;

use countersign::stores::TlsSettings;
use countersign::stores::postgres::PostgresSettings;
use countersign_contract::store::Reply;
use countersign_tests::certificates::Authority;
use countersign_tests::pgbouncer::PgBouncer;
use countersign_tests::postgres::PostgresServer;

use super::{number, open, refusal, replies, shared};
use crate::harness::{assert_same, postgres_settings, step};

fn trusting(url: &str, authority: &Authority) -> PostgresSettings {
    let tls = TlsSettings { ca_file: Some(authority.file().unwrap()), ..TlsSettings::default() };
    PostgresSettings { tls, connect_timeout_seconds: 1, ..postgres_settings(url) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_is_talked_to_only_where_its_certificate_and_name_are_good() {
    let (authority, stranger) = (Authority::new().unwrap(), Authority::new().unwrap());
    let identity = authority.certify("localhost").unwrap();
    let file = authority.file().unwrap();
    let server = PostgresServer::start_encrypted(&identity, &file).unwrap();
    let url = |user: &str, host: &str, mode: &str| {
        let port = server.port();
        format!("postgresql://{user}@{host}:{port}/postgres?hostaddr=127.0.0.1&sslmode={mode}")
    };
    for mode in ["require", "verify-full"] {
        let url = format!("{}&application_name={mode}", url("postgres", "localhost", mode));
        let store = open(&trusting(&url, &authority)).await;
        assert_same(&replies(&store, vec![step("{a}n", 1, 60)]).await, &[Reply::Count(1)]);
        let plain = format!(
            "SELECT count(*) FROM pg_stat_activity LEFT JOIN pg_stat_ssl USING (pid) \
             WHERE application_name = '{mode}' AND ssl IS NOT TRUE"
        );
        assert_eq!(number(&server, &plain).await, 0);
    }
    let good = url("postgres", "localhost", "require");
    let public = PostgresSettings { tls: TlsSettings::default(), ..trusting(&good, &authority) };
    for settings in [
        trusting(&good, &stranger),
        trusting(&url("postgres", "db.example", "require"), &authority),
        trusting(&url("postgres", "127.0.0.1", "require"), &authority),
        public,
    ] {
        let error = refusal(&settings).await;
        assert!(error.to_string().contains("the server's certificate"), "{error}");
    }

    // An address without a name: the certificate has to be for the address, or for the name that is set.
    let bare = format!(
        "postgresql:///postgres?user=postgres&hostaddr=127.0.0.1&port={}&sslmode=require",
        server.port()
    );
    let error = refusal(&trusting(&bare, &authority)).await;
    assert!(error.to_string().contains("is for another name"), "{error}");
    let mut named = trusting(&bare, &authority);
    named.tls.server_name = Some("localhost".into());
    let store = open(&named).await;
    assert_same(&replies(&store, vec![step("{a}n", 1, 60)]).await, &[Reply::Count(1)]);
    let identity = authority.certify("127.0.0.1").unwrap();
    let by_address = PostgresServer::start_encrypted(&identity, &file).unwrap();
    let bare = bare.replace(&server.port().to_string(), &by_address.port().to_string());
    let store = open(&trusting(&bare, &authority)).await;
    assert_same(&replies(&store, vec![step("{a}n", 1, 60)]).await, &[Reply::Count(1)]);

    // Who we are to the server.
    server.run("CREATE ROLE cara LOGIN SUPERUSER").await.unwrap();
    let cara = trusting(&url("cara", "localhost", "require"), &authority);
    let error = refusal(&cara).await;
    assert!(error.to_string().contains("certificate"), "{error}");
    let ours = authority.certify("cara.example").unwrap();
    let directory = tempfile::tempdir().unwrap();
    let (certificate, key) = (directory.path().join("c.pem"), directory.path().join("k.pem"));
    fs::write(&certificate, ours.certificate).unwrap();
    fs::write(&key, ours.key).unwrap();
    let tls = TlsSettings {
        client_certificate_file: Some(certificate),
        client_key_file: Some(key),
        ..cara.tls.clone()
    };
    let store = open(&PostgresSettings { tls, ..cara }).await;
    assert_same(&replies(&store, vec![step("{a}n", 1, 60)]).await, &[Reply::Count(1)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_tls_is_refused_where_tls_is_asked_for() {
    let authority = Authority::new().unwrap();
    for plain in [shared().url(), PgBouncer::shared().unwrap().url()] {
        let error = refusal(&trusting(&format!("{plain}?sslmode=require"), &authority)).await;
        assert!(error.to_string().contains("does not support TLS"), "{error}");
        // And where nothing says that it is meant to be plain, settings for TLS are not left out.
        let error = refusal(&trusting(&plain, &authority)).await;
        assert!(error.to_string().starts_with("store.tls: set, but"), "{error}");
    }
}
