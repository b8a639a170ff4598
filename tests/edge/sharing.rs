//! One Redis for the edge and for native hosts: one issues, the other verifies.

use countersign_tests::client::Client;
use countersign_tests::edge::{self, App, Runtime, Store};
use countersign_tests::outbox::wrong;
use countersign_tests::process::Host;
use countersign_tests::receiver::Receiver;
use countersign_tests::redis::RedisServer;
use countersign_tests::settings::{self, KEYS, Workplace};

use crate::deployment::{RULES, issue, verify};

struct Both {
    _app: App,
    _host: Host,
    _receiver: Receiver,
    edge: Client,
    native: Client,
    workplace: Workplace,
    store: Store,
}

async fn both() -> Both {
    let redis = RedisServer::start().unwrap();
    let workplace = Workplace::new().unwrap();
    let receiver = Receiver::start(workplace.outbox().path()).await.unwrap();
    let senders = workplace.senders(&["sms"]);
    let sections = [settings::SERVER, &settings::redis(redis.port()), &senders, KEYS, RULES];
    let config = workplace.config("countersign.toml", &sections).unwrap();
    let host = Host::start(&config).await.unwrap();
    let variables = edge::variables(&format!("{KEYS}{RULES}"), &receiver, &["sms"]).unwrap();
    let store = Store::SharedRedis(redis);
    let runtime = Runtime::stand_in().unwrap();
    let app = App::start(&runtime, &store, &workplace, &variables).await.unwrap();
    let (edge, native) = (Client::new(app.address()), Client::new(host.address()));
    Both { _app: app, _host: host, _receiver: receiver, edge, native, workplace, store }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_issued_the_other_verifies() {
    let both = both().await;
    let pairs = [(&both.edge, &both.native, 1), (&both.native, &both.edge, 2)];
    for (issuer, verifier, number) in pairs {
        let issued = issue(issuer, &format!("+628123456789{number}")).await;
        assert_eq!(issued.status, 201, "{issued:?}");
        let code = both.workplace.outbox().code(issued.id());
        let answer = verify(verifier, issued.id(), &wrong(&code)).await;
        assert_eq!(answer.number_of("attempts_left"), Some(2), "{answer:?}");
        let answer = verify(issuer, issued.id(), &wrong(&code)).await;
        assert_eq!(answer.number_of("attempts_left"), Some(1), "{answer:?}");
        assert_eq!(verify(verifier, issued.id(), &code).await.status, 200);
        assert_eq!(verify(issuer, issued.id(), &code).await.status, 404);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_key_of_the_edge_has_a_time_to_live() {
    let both = both().await;
    let issued = issue(&both.edge, "+6281234567893").await;
    let code = both.workplace.outbox().code(issued.id());
    verify(&both.edge, issued.id(), &wrong(&code)).await;
    verify(&both.edge, issued.id(), &code).await;
    let Store::SharedRedis(redis) = &both.store else { panic!("another store") };
    let mut connection = redis.connection().unwrap();
    let keys: Vec<String> = redis::cmd("KEYS").arg("*").query(&mut connection).unwrap();
    assert!(keys.len() >= 3, "{keys:?}");
    for key in keys {
        assert!(key.starts_with("countersign:"), "{key}");
        let ttl: i64 = redis::cmd("PTTL").arg(&key).query(&mut connection).unwrap();
        assert!(ttl > 0, "{key}: {ttl}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_is_lost_is_a_503_and_comes_back_by_itself() {
    let mut both = both().await;
    let issued = issue(&both.edge, "+6281234567894").await;
    assert_eq!(issued.status, 201, "{issued:?}");
    let Store::SharedRedis(redis) = &mut both.store else { panic!("another store") };
    redis.stop().unwrap();
    for _ in 0..20 {
        let answer = issue(&both.edge, "+6281234567895").await;
        assert_eq!((answer.status, answer.code()), (503, "store_unavailable"), "{answer:?}");
        assert_eq!(answer.header("retry-after"), "1");
    }
    redis.restart().unwrap();
    // Each instance that had a connection finds out once.
    let mut statuses = Vec::new();
    for number in 0..50 {
        statuses.push(issue(&both.edge, &format!("+62812345679{number:02}")).await.status);
    }
    let lost = statuses.iter().filter(|status| **status == 503).count();
    assert!(statuses.iter().all(|status| [201, 503].contains(status)), "{statuses:?}");
    assert!(lost <= 8 && statuses.last() == Some(&201), "{statuses:?}");
}
