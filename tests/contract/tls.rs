//! TLS to a Redis server: what proves itself is used, and everything else is refused with its reason.

use countersign::stores::redis::{RedisSettings, RedisStore};
use countersign::stores::{OpenError, Store, TlsSettings};
use countersign_contract::store::Reply;
use countersign_tests::certificates::{Authority, Certified};
use countersign_tests::redis::RedisServer;

use crate::harness::{assert_same, redis_settings, step};

fn trusting(authority: &Authority) -> TlsSettings {
    TlsSettings { ca_file: Some(authority.file().unwrap()), ..TlsSettings::default() }
}

async fn open(url: &str, tls: TlsSettings) -> Result<RedisStore, OpenError> {
    let settings = RedisSettings { tls, connect_timeout_seconds: 6, ..redis_settings(url) };
    RedisStore::open(&settings).await
}

async fn refusal(url: &str, tls: TlsSettings) -> OpenError {
    open(url, tls).await.err().expect("it was opened")
}

fn at(server: &RedisServer, host: &str) -> String {
    format!("rediss://{host}:{}", server.port())
}

async fn assert_works(store: &RedisStore) {
    assert_same(&store.run(vec![step("{a}n", 1, 60)]).await.unwrap().replies, &[Reply::Count(1)]);
}

#[track_caller]
fn assert_untrusted(error: &OpenError, reason: &str) {
    assert!(matches!(error, OpenError::Untrusted { .. }), "{error:?}");
    assert!(error.to_string().contains(reason), "{error}");
}

#[tokio::test]
async fn a_certificate_has_to_be_good_and_for_the_host() {
    let (authority, other) = (Authority::new().unwrap(), Authority::new().unwrap());
    let serve =
        |certified: &Certified| RedisServer::start_encrypted(certified, &authority, false).unwrap();
    let good = serve(&authority.certify("localhost").unwrap());
    assert_works(&open(&at(&good, "localhost"), trusting(&authority)).await.unwrap()).await;

    let error = refusal(&at(&good, "localhost"), trusting(&other)).await;
    assert_untrusted(&error, "comes from an authority that isn't trusted");
    let error = refusal(&at(&good, "localhost"), TlsSettings::default()).await;
    assert_untrusted(&error, "comes from an authority that isn't trusted");
    let error = refusal(&at(&good, "127.0.0.1"), trusting(&authority)).await;
    assert_untrusted(&error, "is for another name than the server's");

    let expired = serve(&authority.certify_expired("localhost").unwrap());
    let error = refusal(&at(&expired, "localhost"), trusting(&authority)).await;
    assert_untrusted(&error, "has expired");
}

#[tokio::test]
async fn another_name_may_be_set() {
    let authority = Authority::new().unwrap();
    let certified = authority.certify("redis.internal").unwrap();
    let server = RedisServer::start_encrypted(&certified, &authority, false).unwrap();
    let named =
        |name: &str| TlsSettings { server_name: Some(name.to_owned()), ..trusting(&authority) };
    assert_works(&open(&server.url(), named("redis.internal")).await.unwrap()).await;
    let error = refusal(&server.url(), named("redis.other")).await;
    assert_untrusted(&error, "is for another name");
}

#[tokio::test]
async fn a_server_may_ask_for_our_certificate() {
    let authority = Authority::new().unwrap();
    let server = authority.certify("127.0.0.1").unwrap();
    let server = RedisServer::start_encrypted(&server, &authority, true).unwrap();
    let files = tempfile::tempdir().unwrap();
    let ours = |authority: &Authority| {
        let certified = authority.certify("countersign").unwrap();
        let path = |name: &str| files.path().join(name);
        std::fs::write(path("certificate.pem"), certified.certificate).unwrap();
        std::fs::write(path("key.pem"), certified.key).unwrap();
        (Some(path("certificate.pem")), Some(path("key.pem")))
    };

    let (client_certificate_file, client_key_file) = ours(&authority);
    let tls = TlsSettings { client_certificate_file, client_key_file, ..trusting(&authority) };
    assert_works(&open(&server.url(), tls).await.unwrap()).await;

    let error = refusal(&server.url(), trusting(&authority)).await;
    assert_untrusted(&error, "refuses TLS with us: CertificateRequired");
    let (client_certificate_file, client_key_file) = ours(&Authority::new().unwrap());
    let tls = TlsSettings { client_certificate_file, client_key_file, ..trusting(&authority) };
    let error = refusal(&server.url(), tls).await;
    assert_untrusted(&error, "refuses TLS with us: ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plain_text_and_tls_do_not_mix() {
    let authority = Authority::new().unwrap();
    let certified = authority.certify("127.0.0.1").unwrap();
    let encrypted = RedisServer::start_encrypted(&certified, &authority, false).unwrap();
    let url = format!("redis://127.0.0.1:{}", encrypted.port());
    let error = refusal(&url, TlsSettings::default()).await;
    assert!(matches!(error, OpenError::Unavailable { .. }), "{error:?}");
    assert!(error.to_string().contains("does it expect TLS (rediss://)?"), "{error}");

    let plain = RedisServer::start().unwrap();
    let error = refusal(&at(&plain, "127.0.0.1"), trusting(&authority)).await;
    assert!(matches!(error, OpenError::Unavailable { .. }), "{error:?}");
    assert!(error.to_string().contains("doesn't speak TLS on this port"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_comes_back_over_tls() {
    let authority = Authority::new().unwrap();
    let certified = authority.certify("127.0.0.1").unwrap();
    let mut server = RedisServer::start_encrypted(&certified, &authority, false).unwrap();
    let store = open(&server.url(), trusting(&authority)).await.unwrap();
    server.stop().unwrap();
    server.restart().unwrap();
    crate::redis::until_back(&store).await;
    assert_works(&store).await;
}
