//! What an operation costs of the store: round trips as a wire between host and Redis sees them.
#![cfg(test)]

use countersign_tests::client::{Answer, Client};
use countersign_tests::outbox::wrong;
use countersign_tests::process::Host;
use countersign_tests::proxy::Proxy;
use countersign_tests::redis::RedisServer;
use countersign_tests::settings::{self, Workplace};
use redis::Connection;
use serde_json::{Value, json};

const RULES: &str = r#"
[purposes.login]
verify_by = "both"
channels = ["sms"]
cooldown_seconds = 0
limits = [
  { scope = "subject", on = "send", max = 1000, window_seconds = 86400 },
  { scope = "ip", on = "verify", max = 1000, window_seconds = 86400 },
]
"#;

struct Meter {
    proxy: Proxy,
    connection: Connection,
    client: Client,
    _host: Host,
    workplace: Workplace,
    _redis: RedisServer,
}

/// Commands that the server has carried out, those of a transaction one by one.
fn commands(connection: &mut Connection) -> u64 {
    let text: String = redis::cmd("INFO").arg("stats").query(connection).unwrap();
    let count = text.lines().find_map(|line| line.strip_prefix("total_commands_processed:"));
    count.unwrap().trim().parse().unwrap()
}

impl Meter {
    async fn new() -> Self {
        let (redis, workplace) = (RedisServer::start().unwrap(), Workplace::new().unwrap());
        let proxy = Proxy::start(redis.port()).await.unwrap();
        let senders = workplace.senders(&["sms"]);
        let store = settings::redis(proxy.address().port());
        let sections = [settings::SERVER, &store, &senders, settings::KEYS, RULES];
        let config = workplace.config("countersign.toml", &sections).unwrap();
        let host = Host::start(&config).await.unwrap();
        let connection = redis.connection().unwrap();
        let client = Client::new(host.address());
        Self { proxy, connection, client, _host: host, workplace, _redis: redis }
    }

    /// Makes a request that has to be answered with `status` and to cost `round_trips`.
    async fn costs(
        &mut self,
        what: &str,
        round_trips: u64,
        status: u16,
        path: &str,
        body: Option<Value>,
    ) -> Answer {
        let before = (self.proxy.round_trips(), commands(&mut self.connection));
        let answer = match body {
            Some(body) => self.client.post(path, &body).await,
            None => self.client.get(path).await,
        };
        // INFO counts itself.
        let commands = commands(&mut self.connection) - before.1 - 1;
        let cost = self.proxy.round_trips() - before.0;
        println!("{what}: {cost} round trips, {commands} commands");
        assert_eq!((answer.status, cost), (status, round_trips), "{what}: {answer:?}");
        answer
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_operation_costs_the_round_trips_that_the_contract_names() {
    let mut meter = Meter::new().await;
    let to = "+6281234500001";
    let subject = json!({ "purpose": "login", "to": to });
    let with = |code: &str| json!({ "purpose": "login", "to": to, "code": code });
    let request = json!({ "purpose": "login", "channel": "sms", "to": to });

    let issued = meter.costs("issue", 2, 201, "/v1/challenges", Some(request.clone())).await;
    let path = format!("/v1/challenges/{}", issued.id());
    let verify = format!("{path}/verify");
    let code = meter.workplace.outbox().code(issued.id());
    let bad = wrong(&code);
    meter.costs("wrong code by id", 1, 422, &verify, Some(json!({ "code": bad }))).await;
    meter.costs("wrong code by recipient", 1, 422, "/v1/verify", Some(with(&bad))).await;
    meter.costs("status by id", 1, 200, &path, None).await;
    meter.costs("status by recipient", 1, 200, "/v1/status", Some(subject.clone())).await;
    meter.costs("right code by id", 2, 200, &verify, Some(json!({ "code": code }))).await;

    let issued =
        meter.costs("issue after a success", 2, 201, "/v1/challenges", Some(request)).await;
    let code = meter.workplace.outbox().code(issued.id());
    let resend = format!("/v1/challenges/{}/resend", issued.id());
    meter.costs("resend", 2, 200, &resend, Some(json!({}))).await;
    meter.costs("right code by recipient", 2, 200, "/v1/verify", Some(with(&code))).await;
    meter.costs("code used before", 2, 404, "/v1/verify", Some(with(&code))).await;
    let made_up = json!({ "code": code });
    meter.costs("made-up id", 0, 404, "/v1/challenges/made-up/verify", Some(made_up)).await;
}
