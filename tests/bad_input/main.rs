//! Whatever comes in: a 4xx problem that names the field, or a closed connection where HTTP itself is broken;
//! nothing counted, nothing written, never a 5xx.
#![cfg(test)]

mod broken_http;
mod mutations;
mod snapshot;

use std::net::SocketAddr;

use countersign_tests::client::Client;
use countersign_tests::process::Host;
use countersign_tests::redis::RedisServer;
use countersign_tests::settings::{self, Workplace};
use serde_json::json;

use snapshot::Snapshot;

const RULES: &str = r#"
[purposes.login]
verify_by = "both"
channels = ["sms"]
limits = [
  { scope = "subject", on = "send", max = 1000, window_seconds = 86400 },
  { scope = "ip", on = "send", max = 1000, window_seconds = 86400 },
  { scope = "purpose", on = "verify", max = 1000, window_seconds = 86400 },
  { scope = "tenant", on = "verify", max = 1000, window_seconds = 86400 },
]
"#;

/// A host over Redis, with one living challenge.
struct Target {
    address: SocketAddr,
    challenge: String,
    before: Snapshot,
    redis: RedisServer,
    workplace: Workplace,
    host: Host,
}

impl Target {
    async fn new() -> Self {
        Self::with("").await
    }

    /// With more settings of `[server]`.
    async fn with(server: &str) -> Self {
        let (redis, workplace) = (RedisServer::start().unwrap(), Workplace::new().unwrap());
        let server = format!("{}{server}\n", settings::SERVER);
        let (senders, store) = (workplace.senders(&["sms"]), settings::redis(redis.port()));
        let sections = [&server, &store, &senders, settings::LOG, settings::KEYS, RULES];
        let config = workplace.config("countersign.toml", &sections).unwrap();
        let host = Host::start(&config).await.unwrap();
        let address = host.address();
        let body = json!({ "purpose": "login", "channel": "sms", "to": "+6281234500001" });
        let answer = Client::new(address).post("/v1/challenges", &body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let before = Snapshot::of(&redis);
        let challenge = answer.id().to_owned();
        Self { address, challenge, before, redis, workplace, host }
    }

    /// Panics where anything was counted, written, sent, or broke; or where the host doesn't work any more.
    async fn assert_untouched(&self) {
        assert_eq!(Snapshot::of(&self.redis), self.before);
        assert_eq!(self.workplace.outbox().count(), 1);
        let output = self.host.output();
        assert!(
            !output.contains("\"level\":\"ERROR\"") && !output.contains("panicked"),
            "{output}"
        );
        let client = Client::new(self.address);
        let answer = client.get(&format!("/v1/challenges/{}", self.challenge)).await;
        assert_eq!(answer.number_of("attempts_left"), Some(3), "{answer:?}");
        let body = json!({ "code": self.workplace.outbox().code(&self.challenge) });
        let path = format!("/v1/challenges/{}/verify", self.challenge);
        assert_eq!(client.post(&path, &body).await.status, 200);
    }
}
