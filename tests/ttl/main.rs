//! No key without an end: whatever was asked in whatever order, and wherever the connection broke.
#![cfg(test)]

use std::net::SocketAddr;
use std::time::Duration;

use countersign_tests::client::{Answer, Client};
use countersign_tests::outbox::wrong;
use countersign_tests::process::Host;
use countersign_tests::proxy::Proxy;
use countersign_tests::redis::RedisServer;
use countersign_tests::settings::{self, Workplace};
use fastrand::Rng;
use serde_json::json;

/// Every kind of key that there is: limits of each scope, and attempts enough to go on.
const RULES: &str = r#"
[purposes.open]
verify_by = "both"
channels = ["sms"]
cooldown_seconds = 0
max_attempts = 10
max_resends = 10
limits = [
  { scope = "subject", on = "send", max = 1000, window_seconds = 5 },
  { scope = "ip", on = "send", max = 1000, window_seconds = 60 },
  { scope = "purpose", on = "verify", max = 1000, window_seconds = 60 },
  { scope = "tenant", on = "verify", max = 1000, window_seconds = 3600 },
]
[purposes.strict]
verify_by = "both"
channels = ["sms"]
max_attempts = 1
failure_cap = 2
limits = [
  { scope = "subject", on = "verify", max = 2, window_seconds = 3600 },
  { scope = "ip", on = "verify", max = 20, window_seconds = 3600 },
]
"#;

const OPERATIONS: usize = 400;

struct Clients {
    client: Client,
    workplace: Workplace,
    /// Purpose, recipient and id of what was issued.
    issued: Vec<(String, String, String)>,
}

impl Clients {
    /// Does something.
    async fn act(&mut self, rng: &mut Rng) -> Answer {
        let purpose = ["open", "strict"][rng.usize(..2)];
        let to = format!("+6281234{:05}", rng.u32(..5));
        if self.issued.is_empty() || rng.u32(..4) == 0 {
            let body = json!({ "purpose": purpose, "channel": "sms", "to": to });
            let answer = self.client.post("/v1/challenges", &body).await;
            if answer.status == 201 {
                self.issued.push((purpose.into(), to, answer.id().into()));
            }
            return answer;
        }
        // Mostly of the latest ones, since older ones are replaced.
        let back = rng.usize(..self.issued.len().min(6));
        let (purpose, to, id) = &self.issued[self.issued.len() - 1 - back];
        let right = self.workplace.outbox().code(id);
        let code = if rng.u32(..3) == 0 { right } else { wrong(&right) };
        let client = &self.client;
        let path = format!("/v1/challenges/{id}");
        let subject = json!({ "purpose": purpose, "to": to });
        match rng.u32(..9) {
            0..=2 => client.post(&format!("{path}/verify"), &json!({ "code": code })).await,
            3 | 4 => {
                let body = json!({ "purpose": purpose, "to": to, "code": code });
                client.post("/v1/verify", &body).await
            }
            5 => client.post(&format!("{path}/resend"), &json!({})).await,
            6 => client.delete(&path).await,
            7 => client.post("/v1/unlock", &subject).await,
            _ => client.post("/v1/status", &subject).await,
        }
    }
}

async fn clients(redis: SocketAddr) -> (Host, Clients) {
    let workplace = Workplace::new().unwrap();
    let senders = workplace.senders(&["sms"]);
    let store = settings::redis(redis.port());
    let sections = [settings::SERVER, &store, &senders, settings::KEYS, RULES];
    let host =
        Host::start(&workplace.config("countersign.toml", &sections).unwrap()).await.unwrap();
    let clients = Clients { client: Client::new(host.address()), workplace, issued: Vec::new() };
    (host, clients)
}

async fn every_key_ends(seed: u64, cuts: bool) {
    let redis = RedisServer::start().unwrap();
    let proxy = Proxy::start(redis.port()).await.unwrap();
    let (_host, mut clients) = clients(proxy.address()).await;
    let mut rng = Rng::with_seed(seed);
    let (mut good, mut refused, mut broken) = (0, 0, 0);
    for number in 0..OPERATIONS {
        if cuts && rng.u32(..5) == 0 {
            // Which operation it hits is left to chance, as it is in life.
            drop(proxy.cut_after(rng.usize(1..1_200)));
        }
        let answer = clients.act(&mut rng).await;
        match answer.status {
            200..=299 => good += 1,
            400..=499 => refused += 1,
            503 => {
                broken += 1;
                // The host waits before it connects again: all operations would fall into that time.
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            _ => panic!("operation {number} of seed {seed}: {answer:?}"),
        }
        let (keys, _) = redis.endless_keys().unwrap();
        assert_eq!(keys, Vec::<String>::new(), "operation {number} of seed {seed}: {answer:?}");
    }
    let (_, keys) = redis.endless_keys().unwrap();
    println!("seed {seed}: {good} good, {refused} refused, {broken} broken; {keys} keys");
    assert!(good > 50 && refused > 50 && keys > 20, "hardly anything happened");
    assert_eq!(cuts, broken > 20, "{broken} of them broke");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_any_operations_every_key_has_a_ttl() {
    for seed in [1, 2] {
        every_key_ends(seed, false).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_any_cut_every_key_has_a_ttl() {
    for seed in [3, 4] {
        every_key_ends(seed, true).await;
    }
}
