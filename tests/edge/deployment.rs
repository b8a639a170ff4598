//! An edge app in this process, over a store in memory, whose clock and faults a test holds in its hands.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use countersign_spin::{Running, Spin};
use countersign_tests::client::{Answer, Client};
use countersign_tests::edge;
use countersign_tests::receiver::Receiver;
use countersign_tests::settings::{KEYS, Workplace};
use serde_json::json;

/// Rules that most tests here do with.
pub(crate) const RULES: &str =
    "[purposes.login]\nverify_by = \"both\"\nchannels = [\"sms\"]\nmax_attempts = 3\n";

/// What the manifest of this repository describes, not started yet.
pub(crate) struct Prepared {
    pub(crate) spin: Spin,
    pub(crate) receiver: Receiver,
    pub(crate) workplace: Workplace,
}

/// A running app.
pub(crate) struct Deployment {
    pub(crate) running: Running,
    pub(crate) receiver: Receiver,
    pub(crate) workplace: Workplace,
}

/// A file at the root of this repository.
pub(crate) fn root(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)
}

/// The app of `spin.toml`, with `rules` and a webhook for text messages.
pub(crate) async fn prepare(rules: &str) -> Prepared {
    prepare_of("spin.toml", rules).await
}

/// The same of another manifest.
pub(crate) async fn prepare_of(manifest: &str, rules: &str) -> Prepared {
    let workplace = Workplace::new().unwrap();
    let receiver = Receiver::start(workplace.outbox().path()).await.unwrap();
    let variables = edge::variables(&format!("{KEYS}{rules}"), &receiver, &["sms"]).unwrap();
    let variables = variables
        .into_iter()
        .map(|(name, value)| (name, value.as_str().unwrap_or_default().to_owned()))
        .collect::<BTreeMap<_, _>>();
    let spin = Spin::manifest(root(manifest), &variables).unwrap();
    Prepared { spin: spin.quiet(true), receiver, workplace }
}

impl Prepared {
    pub(crate) async fn start(self) -> Deployment {
        let running = self.spin.start().await.unwrap();
        Deployment { running, receiver: self.receiver, workplace: self.workplace }
    }
}

impl Deployment {
    pub(crate) async fn new() -> Self {
        prepare(RULES).await.start().await
    }

    pub(crate) async fn of(manifest: &str) -> Self {
        prepare_of(manifest, RULES).await.start().await
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(self.running.address())
    }

    /// A challenge: its id and its code.
    pub(crate) async fn issued(&self, to: &str) -> (String, String) {
        let answer = issue(&self.client(), to).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        (answer.id().to_owned(), self.workplace.outbox().code(answer.id()))
    }
}

pub(crate) async fn issue(client: &Client, to: &str) -> Answer {
    let body = json!({ "purpose": "login", "channel": "sms", "to": to });
    client.post("/v1/challenges", &body).await
}

pub(crate) async fn verify(client: &Client, id: &str, code: &str) -> Answer {
    client.post(&format!("/v1/challenges/{id}/verify"), &json!({ "code": code })).await
}
