//! Many callers at once, over Spin's stores.

use countersign_tests::client::{Answer, Client};
use countersign_tests::cluster::all_at_once;
use countersign_tests::edge::{self, App, Runtime, Store};
use countersign_tests::receiver::Receiver;
use countersign_tests::redis::RedisServer;
use countersign_tests::settings::{KEYS, Workplace};

use crate::deployment::{RULES, issue, verify};

struct Race {
    app: App,
    workplace: Workplace,
    _receiver: Receiver,
    _store: Store,
}

impl Race {
    async fn new(runtime: &Runtime, store: Store) -> Self {
        let workplace = Workplace::new().unwrap();
        let receiver = Receiver::start(workplace.outbox().path()).await.unwrap();
        let variables = edge::variables(&format!("{KEYS}{RULES}"), &receiver, &["sms"]).unwrap();
        let app = App::start(runtime, &store, &workplace, &variables).await.unwrap();
        println!("races run on {}", runtime.name());
        Self { app, workplace, _receiver: receiver, _store: store }
    }

    async fn of_right_codes(&self) {
        let client = Client::new(self.app.address());
        let issued = issue(&client, "+6281234567890").await;
        assert_eq!(issued.status, 201, "{issued:?}");
        let code = self.workplace.outbox().code(issued.id());
        let answers = self.tried(issued.id(), vec![code; 100]).await;
        let succeeded = answers.iter().filter(|answer| answer.status == 200).count();
        let late = count(&answers, "challenge_not_found") + count(&answers, "exhausted");
        // So many at once may be more than a disk takes. What was given up may have been the one that succeeded.
        let given_up = count(&answers, "store_unavailable");
        assert_eq!(succeeded + late + given_up, 100, "{answers:?}");
        assert!(succeeded == 1 || succeeded == 0 && given_up > 0, "{answers:?}");
    }

    async fn of_wrong_codes(&self) {
        let client = Client::new(self.app.address());
        let issued = issue(&client, "+6281234567891").await;
        let code = self.workplace.outbox().code(issued.id());
        let right: u32 = code.parse().unwrap();
        let wrong = (1..=300).map(|step| format!("{:06}", (right + step * 7) % 1_000_000));
        let answers = self.tried(issued.id(), wrong.collect()).await;
        let compared = count(&answers, "code_mismatch");
        // An attempt whose time ran out is counted all the same.
        let given_up = count(&answers, "store_unavailable");
        // An attempt that is counted in time may yet find the lock that a later one left: it isn't compared then.
        assert!((1..=3).contains(&compared), "{answers:?}");
        let late = count(&answers, "exhausted") + count(&answers, "locked");
        assert_eq!(compared + given_up + late, 300, "{answers:?}");
        assert_eq!(verify(&client, issued.id(), &code).await.status, 429);
    }

    async fn tried(&self, id: &str, codes: Vec<String>) -> Vec<Answer> {
        let client = Client::new(self.app.address());
        let answers = all_at_once(codes.len(), |index| {
            let (client, id, code) = (client.clone(), id.to_owned(), codes[index].clone());
            async move { verify(&client, &id, &code).await }
        });
        let answers = answers.await;
        assert_eq!(answers.len(), codes.len());
        answers
    }
}

fn count(answers: &[Answer], code: &str) -> usize {
    answers.iter().filter(|answer| answer.code() == code).count()
}

async fn races(runtime: Runtime, store: Store) {
    let race = Race::new(&runtime, store).await;
    race.of_right_codes().await;
    race.of_wrong_codes().await;
}

fn redis() -> RedisServer {
    RedisServer::start().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_right_code_wins_and_three_wrong_ones_are_compared_on_sqlite() {
    races(Runtime::stand_in().unwrap(), Store::KeyValueSqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_right_code_wins_and_three_wrong_ones_are_compared_on_redis() {
    races(Runtime::stand_in().unwrap(), Store::KeyValueRedis(redis())).await;
    races(Runtime::stand_in().unwrap(), Store::SharedRedis(redis())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(not(has_spin), ignore = "needs `spin` on the PATH")]
async fn one_right_code_wins_and_three_wrong_ones_are_compared_under_the_real_spin() {
    let spin = Runtime::spin().expect("the tests were built with a `spin` on the PATH");
    races(spin.clone(), Store::KeyValueSqlite).await;
    races(spin.clone(), Store::KeyValueRedis(redis())).await;
    races(spin, Store::SharedRedis(redis())).await;
}
