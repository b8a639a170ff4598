//! A site: processes that share a store, each with a wire of its own to it.

use std::net::SocketAddr;

use countersign_tests::client::{Answer, Client};
use countersign_tests::edge::{self, App, Runtime, Store};
use countersign_tests::process::Host;
use countersign_tests::proxy::Proxy;
use countersign_tests::receiver::Receiver;
use countersign_tests::settings::{self, KEYS, Workplace};
use countersign_tests::wait::until_async;
use serde_json::Value;

use crate::PATIENCE;
use crate::calls::Call;

/// Attempts of a budget of the purpose `open`: enough for a race.
pub(crate) const ATTEMPTS: usize = 10;
/// Attempts of a budget of the purpose `strict`.
pub(crate) const FEW_ATTEMPTS: usize = 3;

const RULES: &str = r#"
[purposes.open]
verify_by = "both"
channels = ["sms"]
cooldown_seconds = 0
max_attempts = 10
max_resends = 10
limits = [
  { scope = "subject", on = "send", max = 1000, window_seconds = 60 },
  { scope = "tenant", on = "verify", max = 1000000, window_seconds = 3600 },
]
[purposes.strict]
verify_by = "both"
channels = ["sms"]
cooldown_seconds = 0
max_attempts = 3
max_resends = 10
failure_scope = "purpose"
"#;

/// One line for each request; the rest would only take time.
const LOG: &str = "[log]\nformat = \"json\"\nfilter = \"info\"\n";

/// What serves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// The edge app over Spin's key-value store, which is in Redis.
    KeyValue,
    /// The native host.
    Native,
    /// The edge app over a Redis that it shares with native hosts.
    SharedRedis,
}

enum Process {
    App { app: App, _workplace: Workplace },
    Host(Host),
}

/// A challenge for a recipient of its own.
#[derive(Clone, Debug)]
pub(crate) struct Challenge {
    pub(crate) id: String,
    pub(crate) to: String,
    pub(crate) code: String,
}

pub(crate) struct Site {
    wires: Vec<Proxy>,
    clients: Vec<Client>,
    processes: Vec<Process>,
    workplace: Workplace,
    _receiver: Receiver,
}

impl Site {
    /// Starts a process of each of `kinds`, with Redis at `port`, and `store` as more lines of a host's `[store]`.
    pub(crate) async fn start(kinds: &[Kind], port: u16, store: &str) -> Self {
        let workplace = Workplace::new().unwrap();
        let receiver = Receiver::start(workplace.outbox().path()).await.unwrap();
        let (mut wires, mut processes) = (Vec::new(), Vec::new());
        for (number, kind) in kinds.iter().enumerate() {
            let wire = Proxy::start(port).await.unwrap();
            let port = wire.address().port();
            processes.push(match kind {
                Kind::Native => Process::Host(native(&workplace, number, port, store).await),
                Kind::KeyValue => app(Store::KeyValueRedisBehind(port), &receiver).await,
                Kind::SharedRedis => app(Store::SharedRedisBehind(port), &receiver).await,
            });
            wires.push(wire);
        }
        let clients = processes.iter().map(|process| Client::new(process.address())).collect();
        Self { wires, clients, processes, workplace, _receiver: receiver }
    }

    /// How many processes there are.
    pub(crate) fn places(&self) -> usize {
        self.processes.len()
    }

    pub(crate) fn client(&self, place: usize) -> Client {
        self.clients[place % self.clients.len()].clone()
    }

    pub(crate) fn address(&self, place: usize) -> SocketAddr {
        self.processes[place % self.processes.len()].address()
    }

    pub(crate) fn wire(&self, place: usize) -> &Proxy {
        &self.wires[place % self.wires.len()]
    }

    pub(crate) fn wires(&self) -> &[Proxy] {
        &self.wires
    }

    pub(crate) fn workplace(&self) -> &Workplace {
        &self.workplace
    }

    /// What a process answers.
    pub(crate) fn asked(
        &self,
        place: usize,
        call: Call,
    ) -> impl Future<Output = Answer> + Send + use<> {
        call.ask(self.client(place))
    }

    /// A challenge of the purpose `open` from one of the processes.
    pub(crate) async fn issued(&self, place: usize, to: &str) -> Challenge {
        let issued = until_async(PATIENCE, async || {
            let answer = self.asked(place, Call::issue("open", to)).await;
            // Each instance at the edge finds out once that it has lost its connection.
            assert!([201, 503].contains(&answer.status), "{answer:?}");
            (answer.status == 201).then_some(answer)
        });
        let answer = issued.await.expect("codes are sent");
        let code = self.workplace.outbox().code(answer.id());
        Challenge { id: answer.id().into(), to: to.into(), code }
    }

    /// Waits until every process serves.
    pub(crate) async fn until_ready(&self) {
        for client in &self.clients {
            let ready = until_async(PATIENCE, async || {
                (client.get("/readyz").await.status == 200).then_some(())
            });
            ready.await.expect("it comes back by itself");
        }
    }

    /// Makes sure that every process still issues and verifies.
    pub(crate) async fn serves(&self, series: usize) {
        for place in 0..self.places() {
            let mut number = place;
            let served = until_async(PATIENCE, async || {
                number += self.places();
                let fresh = self.issued(place, &recipient(series, number)).await;
                let answer = self.asked(place, Call::verify(&fresh.id, &fresh.code)).await;
                assert!([200, 503].contains(&answer.status), "{answer:?}");
                (answer.status == 200).then_some(())
            });
            served.await.expect("it serves");
        }
    }

    /// The log's lines of verifications, of all processes.
    pub(crate) fn verifications(&self) -> Vec<Value> {
        let mut lines = Vec::new();
        for process in &self.processes {
            let output = match process {
                Process::App { app, .. } => app.output(),
                Process::Host(host) => host.output(),
            };
            assert!(!output.contains("panicked"), "{output}");
            let parsed = output.lines().filter_map(|line| serde_json::from_str(line).ok());
            lines.extend(parsed.filter(|line: &Value| line["message"] == "verify"));
        }
        lines
    }
}

impl Process {
    fn address(&self) -> SocketAddr {
        match self {
            Self::App { app, .. } => app.address(),
            Self::Host(host) => host.address(),
        }
    }
}

/// A number that no other `series` has.
pub(crate) fn recipient(series: usize, number: usize) -> String {
    format!("+62812{series:05}{number:03}")
}

async fn native(workplace: &Workplace, number: usize, port: u16, store: &str) -> Host {
    // What is held up on the wire doesn't time out.
    let store = format!("{}response_timeout_ms = 30000\n{store}", settings::redis(port));
    let senders = workplace.senders(&["sms"]);
    let sections = [settings::SERVER, &store, &senders, LOG, KEYS, RULES];
    let config = workplace.config(&format!("host-{number}.toml"), &sections).unwrap();
    Host::start(&config).await.unwrap()
}

async fn app(store: Store, receiver: &Receiver) -> Process {
    let workplace = Workplace::new().unwrap();
    let variables = edge::variables(&format!("{KEYS}{RULES}"), receiver, &["sms"]).unwrap();
    let runtime = Runtime::stand_in().unwrap();
    let app = App::start(&runtime, &store, &workplace, &variables).await.unwrap();
    Process::App { app, _workplace: workplace }
}
