//! Spin's key-value store, which can't tell whether it has lost data: what holds there all the same (docs/edge.md).

use std::collections::BTreeMap;

use countersign_tests::client::Answer;
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

/// An app over a file of SQLite, Spin's default.
struct Edge {
    client: countersign_tests::client::Client,
    _app: App,
    _receiver: Receiver,
    workplace: Workplace,
}

impl Edge {
    async fn new() -> Self {
        let workplace = Workplace::new().unwrap();
        let receiver = Receiver::start(workplace.outbox().path()).await.unwrap();
        let variables = edge::variables(&format!("{KEYS}{RULES}"), &receiver, &["sms"]).unwrap();
        let runtime = Runtime::stand_in().unwrap();
        let store = Store::KeyValueSqlite;
        let app = App::start(&runtime, &store, &workplace, &variables).await.unwrap();
        let client = countersign_tests::client::Client::new(app.address());
        Self { client, _app: app, _receiver: receiver, workplace }
    }

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

    fn database(&self) -> Connection {
        let path = self.workplace.path().join("state").join("sqlite_key_value.db");
        let database = Connection::open(path).unwrap();
        database.busy_timeout(crate::PATIENCE).unwrap();
        database
    }

    fn snapshot(&self) -> BTreeMap<(String, String), Vec<u8>> {
        let database = self.database();
        let mut rows = database.prepare("SELECT store, key, value FROM spin_key_value").unwrap();
        let rows = rows.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?))).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    }

    /// Puts a snapshot in place of all that there is, in one transaction.
    fn restore(&self, snapshot: &BTreeMap<(String, String), Vec<u8>>) {
        let mut database = self.database();
        let transaction = database.transaction().unwrap();
        transaction.execute("DELETE FROM spin_key_value", []).unwrap();
        for ((store, key), value) in snapshot {
            let insert = "INSERT INTO spin_key_value (store, key, value) VALUES (?1, ?2, ?3)";
            transaction.execute(insert, rusqlite::params![store, key, value]).unwrap();
        }
        transaction.commit().unwrap();
    }
}

/// Each time that the store goes back, an answered code may succeed once more and attempts are given back: no more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_rollback_a_code_succeeds_once_more_at_most_where_the_store_cannot_tell() {
    let edge = Edge::new().await;
    for round in 0..rounds(3, 20) {
        let answered = edge.issued(&recipient(round, 0)).await;
        let tried = edge.issued(&recipient(round, 1)).await;
        assert_eq!(edge.verify(&tried.0, &wrong(&tried.1)).await.status, 422);
        let snapshot = edge.snapshot();
        assert_eq!(edge.many(&answered.0, &answered.1).await.0, 1);
        edge.many(&tried.0, &wrong(&tried.1)).await;
        edge.restore(&snapshot);
        let (successes, _) = edge.many(&answered.0, &answered.1).await;
        assert_eq!(successes, 1, "docs/edge.md says so of this store");
        let (_, compared) = edge.many(&tried.0, &wrong(&tried.1)).await;
        assert!((1..ATTEMPTS).contains(&compared), "{compared}");
        // What is issued now is as good as ever.
        let fresh = edge.issued(&recipient(round, 2)).await;
        assert_eq!(edge.many(&fresh.0, &fresh.1).await.0, 1);
    }
}

/// Where all is lost, nothing of before succeeds a second time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_loss_of_everything_lets_no_code_succeed_twice_where_the_store_cannot_tell() {
    let edge = Edge::new().await;
    let (rounds, mut succeeded) = (rounds(8, 100), 0);
    for round in 0..rounds {
        let (id, code) = edge.issued(&recipient(round, 0)).await;
        let mut calls = JoinSet::new();
        for number in 0..16 {
            let call = if number % 4 == 3 { Call::resend(&id) } else { Call::verify(&id, &code) };
            let asked = call.ask(edge.client.clone());
            calls.spawn(async move { (number % 4 != 3, asked.await) });
        }
        // Until the first success, or for so many answers.
        let mut successes = 0;
        for _ in 0..1 + round % 6 {
            let (verifies, answer) = calls.join_next().await.unwrap().unwrap();
            successes += usize::from(verifies && answer.status == 200);
        }
        edge.restore(&BTreeMap::new());
        for (verifies, answer) in calls.join_all().await {
            successes += usize::from(verifies && answer.status == 200);
        }
        let (after, compared) = edge.many(&id, &code).await;
        assert!(successes <= 1 && (after, compared) == (0, 0), "{successes}, {after}, {compared}");
        succeeded += successes;
    }
    println!("{rounds} times everything lost: {succeeded} challenges succeeded, none twice");
    assert!(succeeded * 2 >= rounds, "hardly anything happened: {succeeded}");
}
