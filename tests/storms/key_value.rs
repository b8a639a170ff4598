//! Spin's key-value store, which can't tell whether it has lost data: what holds there all the same (docs/edge.md).

use std::collections::BTreeMap;
use std::path::Path;

use countersign_spin::{Running, Spin};
use countersign_tests::client::{Answer, Client};
use countersign_tests::cluster::all_at_once;
use countersign_tests::edge::{self, App, Runtime, Store};
use countersign_tests::outbox::wrong;
use countersign_tests::receiver::Receiver;
use countersign_tests::settings::{KEYS, Workplace};
use rusqlite::Connection;
use tokio::task::JoinSet;

use crate::calls::Call;
use crate::rounds;
use crate::site::recipient;

const RULES: &str =
    "[purposes.open]\nchannels = [\"sms\"]\ncooldown_seconds = 0\nmax_attempts = 5\n";
const ATTEMPTS: usize = 5;

/// An app, and where its codes go.
struct Edge<T> {
    app: T,
    client: Client,
    workplace: Workplace,
    _receiver: Receiver,
}

impl<T> Edge<T> {
    /// A challenge: its id and its code.
    async fn issued(&self, to: &str) -> (String, String) {
        let answer = Call::issue("open", to).ask(self.client.clone()).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        (answer.id().to_owned(), self.workplace.outbox().code(answer.id()))
    }

    async fn verify(&self, id: &str, code: &str) -> Answer {
        Call::verify(id, code).ask(self.client.clone()).await
    }

    /// What many answers at once come to: successes, and codes that were compared and wrong.
    async fn many(&self, id: &str, code: &str) -> (usize, usize) {
        let answers = all_at_once(20, |_| Call::verify(id, code).ask(self.client.clone())).await;
        assert_eq!(answers.len(), 20);
        let mismatches = answers.iter().filter(|answer| answer.code() == "code_mismatch").count();
        (answers.iter().filter(|answer| answer.status == 200).count(), mismatches)
    }
}

/// Over a store in memory, which a test can put back to where it was.
impl Edge<Running> {
    async fn in_memory() -> Self {
        let workplace = Workplace::new().unwrap();
        let receiver = Receiver::start(workplace.outbox().path()).await.unwrap();
        let variables = edge::variables(&format!("{KEYS}{RULES}"), &receiver, &["sms"]).unwrap();
        let text = |value: serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let variables: BTreeMap<_, _> =
            variables.into_iter().map(|(name, value)| (name, text(value))).collect();
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join("spin.toml");
        let app = Spin::manifest(manifest, &variables).unwrap().quiet(true).start().await.unwrap();
        let client = Client::new(app.address());
        Self { app, client, workplace, _receiver: receiver }
    }

    async fn snapshot(&self) -> BTreeMap<String, Vec<u8>> {
        let (store, mut snapshot) = (self.app.store().unwrap(), BTreeMap::new());
        for key in store.keys().await.unwrap() {
            let value = store.get(&key).await.unwrap().unwrap();
            snapshot.insert(key, value);
        }
        snapshot
    }

    async fn go_back(&self, snapshot: &BTreeMap<String, Vec<u8>>) {
        let store = self.app.store().unwrap();
        for key in store.keys().await.unwrap() {
            store.delete(&key).await.unwrap();
        }
        for (key, value) in snapshot {
            store.set(key, value).await.unwrap();
        }
    }
}

/// Over Spin's default, a file of SQLite.
impl Edge<App> {
    async fn on_disk() -> Self {
        let workplace = Workplace::new().unwrap();
        let receiver = Receiver::start(workplace.outbox().path()).await.unwrap();
        let variables = edge::variables(&format!("{KEYS}{RULES}"), &receiver, &["sms"]).unwrap();
        let (runtime, store) = (Runtime::stand_in().unwrap(), Store::KeyValueSqlite);
        let app = App::start(&runtime, &store, &workplace, &variables).await.unwrap();
        let client = Client::new(app.address());
        Self { app, client, workplace, _receiver: receiver }
    }

    fn lose_everything(&self) {
        let path = self.workplace.path().join("state").join("sqlite_key_value.db");
        let database = Connection::open(path).unwrap();
        database.busy_timeout(crate::PATIENCE).unwrap();
        database.execute("DELETE FROM spin_key_value", []).unwrap();
        assert!(!self.app.output().contains("panicked"));
    }
}

/// Each time that the store goes back, an answered code may succeed once more and attempts are given back: no more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_rollback_a_code_succeeds_once_more_at_most_where_the_store_cannot_tell() {
    let edge = Edge::in_memory().await;
    for round in 0..rounds(5, 100) {
        let answered = edge.issued(&recipient(round, 0)).await;
        let tried = edge.issued(&recipient(round, 1)).await;
        assert_eq!(edge.verify(&tried.0, &wrong(&tried.1)).await.status, 422);
        let snapshot = edge.snapshot().await;
        for _ in 0..3 {
            // The second and third time after the store went back.
            assert_eq!(edge.many(&answered.0, &answered.1).await.0, 1);
            let (_, compared) = edge.many(&tried.0, &wrong(&tried.1)).await;
            assert!((1..ATTEMPTS).contains(&compared), "{compared}");
            edge.go_back(&snapshot).await;
        }
        // What is issued now is as good as ever.
        let fresh = edge.issued(&recipient(round, 2)).await;
        assert_eq!(edge.many(&fresh.0, &fresh.1).await.0, 1);
    }
}

/// Where all is lost, nothing of before succeeds a second time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_loss_of_everything_lets_no_code_succeed_twice_where_the_store_cannot_tell() {
    let edge = Edge::on_disk().await;
    let (rounds, mut succeeded) = (rounds(8, 100), 0);
    for round in 0..rounds {
        let (id, code) = edge.issued(&recipient(round, 0)).await;
        let mut calls = JoinSet::new();
        // As many as a slow disk takes in the time that a batch has.
        for number in 0..8 {
            let call = if number % 4 == 3 { Call::resend(&id) } else { Call::verify(&id, &code) };
            let asked = call.ask(edge.client.clone());
            calls.spawn(async move { (number % 4 != 3, asked.await) });
        }
        let mut successes = 0;
        for _ in 0..1 + round % 6 {
            let (verifies, answer) = calls.join_next().await.unwrap().unwrap();
            successes += usize::from(verifies && answer.status == 200);
        }
        edge.lose_everything();
        for (verifies, answer) in calls.join_all().await {
            successes += usize::from(verifies && answer.status == 200);
        }
        for code in [&code, &wrong(&code)] {
            let answer = edge.verify(&id, code).await;
            assert!(![200, 422].contains(&answer.status), "{answer:?}");
        }
        assert!(successes <= 1, "round {round}: {successes}");
        succeeded += successes;
    }
    println!("{rounds} times everything lost: {succeeded} challenges succeeded, none twice");
    assert!(succeeded > 0, "hardly anything happened");
}
