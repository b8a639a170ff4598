//! Clients whose requests are refused take nothing away from the person whose number they know.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use countersign_tests::client::Client;
use countersign_tests::process::Host;
use countersign_tests::redis::RedisServer;
use countersign_tests::settings::{self, Workplace};
use serde_json::json;

const OWNER: &str = "+6281234567890";
const SPENT: &str = "192.0.2.66";
const ATTACKERS: usize = 32;
const OWNERS_REQUESTS: u32 = 40;
/// More than the owner needs.
const LIMIT: u32 = 60;

fn rules(verify_by: &str) -> String {
    format!(
        "[purposes.login]\nchannels = [\"sms\"]\ncooldown_seconds = 0\nmax_attempts = 3\n\
         verify_by = \"{verify_by}\"\nlimits = [\n\
         {{ scope = \"ip\", on = \"send\", max = {LIMIT}, window_seconds = 86400 }},\n\
         {{ scope = \"ip\", on = \"verify\", max = {LIMIT}, window_seconds = 86400 }} ]\n"
    )
}

async fn host(redis: &RedisServer, workplace: &Workplace, verify_by: &str) -> Host {
    let (store, senders) = (settings::redis(redis.port()), workplace.senders(&["sms"]));
    let rules = rules(verify_by);
    let sections =
        [settings::SERVER, &store, &senders, settings::LOG, settings::KEYS, rules.as_str()];
    let config = workplace.config("countersign.toml", &sections).unwrap();
    Host::start(&config).await.unwrap()
}

/// Has 32 connections repeat a request that is refused, while `work` is done. Returns how often it was refused.
async fn under_attack<T>(
    host: &Host,
    path: &str,
    body: serde_json::Value,
    work: impl Future<Output = T>,
) -> (T, u32) {
    let (ends, refused) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let attackers: Vec<_> = (0..ATTACKERS)
        .map(|_| {
            let client = Client::new(host.address());
            let (ends, refused) = (Arc::clone(&ends), Arc::clone(&refused));
            let (path, body) = (path.to_owned(), body.clone());
            tokio::spawn(async move {
                while !ends.load(Ordering::Relaxed) {
                    let answer = client.post(&path, &body).await;
                    assert_eq!(answer.status, 429, "{answer:?}");
                    refused.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    let done = work.await;
    ends.store(true, Ordering::Relaxed);
    for attacker in attackers {
        attacker.await.unwrap();
    }
    (done, refused.load(Ordering::Relaxed))
}

/// Without the attack all of the owner's issues succeed: at least 80 of 100 have to with it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_whose_limit_is_spent_do_not_keep_the_owner_from_a_code() {
    let (redis, workplace) = (RedisServer::start().unwrap(), Workplace::new().unwrap());
    let host = host(&redis, &workplace, "id").await;
    let client = Client::new(host.address());
    let spent = json!({ "purpose": "login", "to": OWNER, "client_ip": SPENT });
    for _ in 0..LIMIT {
        assert_eq!(client.post("/v1/challenges", &spent).await.status, 201);
    }
    let owner = async {
        let mut issued = 0;
        for _ in 0..OWNERS_REQUESTS {
            let body = json!({ "purpose": "login", "to": OWNER, "client_ip": "192.0.2.1" });
            issued += u32::from(client.post("/v1/challenges", &body).await.status == 201);
        }
        issued
    };
    let (issued, refused) = under_attack(&host, "/v1/challenges", spent, owner).await;
    println!("{issued} of {OWNERS_REQUESTS} issued, beside {refused} refused requests");
    assert!(refused >= OWNERS_REQUESTS, "there was an attack: {refused}");
    assert!(issued * 10 >= OWNERS_REQUESTS * 8, "{issued} of {OWNERS_REQUESTS}");
}

/// The same for answers: a throttled client that knows number and id spends no attempt.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_whose_limit_is_spent_do_not_spend_the_owners_attempts() {
    let (redis, workplace) = (RedisServer::start().unwrap(), Workplace::new().unwrap());
    let host = host(&redis, &workplace, "both").await;
    let client = Client::new(host.address());
    let spent = json!({ "purpose": "login", "to": OWNER, "code": "000000", "client_ip": SPENT });
    for _ in 0..LIMIT {
        assert_eq!(client.post("/v1/verify", &spent).await.status, 404);
    }
    let owner = async {
        let mut verified = 0;
        for _ in 0..OWNERS_REQUESTS {
            let body = json!({ "purpose": "login", "to": OWNER, "client_ip": "192.0.2.1" });
            let issued = client.post("/v1/challenges", &body).await;
            if issued.status != 201 {
                continue;
            }
            let code = workplace.outbox().code(issued.id());
            let body = json!({ "code": code, "client_ip": "192.0.2.1" });
            let path = format!("/v1/challenges/{}/verify", issued.id());
            verified += u32::from(client.post(&path, &body).await.status == 200);
        }
        verified
    };
    let (verified, refused) = under_attack(&host, "/v1/verify", spent, owner).await;
    println!("{verified} of {OWNERS_REQUESTS} verified, beside {refused} refused requests");
    assert!(refused >= OWNERS_REQUESTS, "there was an attack: {refused}");
    assert!(verified * 10 >= OWNERS_REQUESTS * 8, "{verified} of {OWNERS_REQUESTS}");
}
