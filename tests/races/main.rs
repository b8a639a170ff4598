//! Many callers at once, over four processes and one Redis.
#![cfg(test)]

use countersign_tests::client::{Answer, Client};
use countersign_tests::cluster::{Cluster, all_at_once};
use countersign_tests::redis::RedisServer;
use countersign_tests::settings::{self, Workplace};
use serde_json::json;

const RULES: &str =
    "[purposes.login]\nverify_by = \"both\"\nchannels = [\"sms\"]\nmax_attempts = 3\n";

struct Race {
    cluster: Cluster,
    redis: RedisServer,
    workplace: Workplace,
}

impl Race {
    async fn new() -> Self {
        let (redis, workplace) = (RedisServer::start().unwrap(), Workplace::new().unwrap());
        let senders = workplace.senders(&["sms"]);
        let store = settings::redis(redis.port());
        let sections = [settings::SERVER, &store, &senders, settings::KEYS, RULES];
        let config = workplace.config("countersign.toml", &sections).unwrap();
        let cluster = Cluster::start(4, workplace.path(), &config, &[]).await.unwrap();
        Self { cluster, redis, workplace }
    }

    /// A challenge for a number of its own: its id and its code.
    async fn issued(&self, to: &str) -> (String, String) {
        let answer = issue(self.cluster.client(0), to.to_owned()).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        (answer.id().to_owned(), self.workplace.outbox().code(answer.id()))
    }

    /// Tries `codes`, all at once, each at another process than the one before: by id and by recipient in turn.
    async fn tried(&self, id: &str, to: &str, codes: Vec<String>) -> Vec<Answer> {
        let answers = all_at_once(codes.len(), |index| {
            let client = self.cluster.client(index);
            let (path, body) = match index / 4 % 2 {
                0 => (format!("/v1/challenges/{id}/verify"), json!({ "code": codes[index] })),
                _ => (
                    "/v1/verify".into(),
                    json!({ "purpose": "login", "to": to, "code": codes[index] }),
                ),
            };
            async move { client.post(&path, &body).await }
        });
        let answers = answers.await;
        assert_eq!(answers.len(), codes.len());
        answers
    }

    /// The attempts that the odometer of the one budget counts, without those voided: `crates/core/src/odometer.rs`.
    fn attempts(&self) -> i64 {
        let mut connection = self.redis.connection().unwrap();
        let keys: Vec<String> =
            redis::cmd("KEYS").arg("*:odometer:*").query(&mut connection).unwrap();
        let counts = keys
            .iter()
            .map(|key| redis::cmd("GET").arg(key).query::<i64>(&mut connection).unwrap())
            .filter(|count| count >> 52 != 0);
        let counts: Vec<_> = counts.collect();
        assert_eq!(counts.len(), 1, "{keys:?}");
        (counts[0] & ((1 << 28) - 1)) - ((counts[0] >> 28) & ((1 << 24) - 1))
    }

    fn forget_everything(&self) {
        redis::cmd("FLUSHALL").query(&mut self.redis.connection().unwrap()).unwrap()
    }
}

async fn issue(client: Client, to: String) -> Answer {
    let body = json!({ "purpose": "login", "channel": "sms", "to": to });
    client.post("/v1/challenges", &body).await
}

fn count(answers: &[Answer], code: &str) -> usize {
    answers.iter().filter(|answer| answer.code() == code).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_hundred_right_codes_exactly_one_succeeds() {
    let race = Race::new().await;
    for round in 0..50 {
        let to = format!("+6281234{round:05}");
        let (id, code) = race.issued(&to).await;
        let answers = race.tried(&id, &to, vec![code; 100]).await;
        let succeeded = answers.iter().filter(|answer| answer.status == 200).count();
        // Three are compared, of which one wins; a later one is told what it came too late for.
        let late = count(&answers, "challenge_not_found") + count(&answers, "exhausted");
        assert_eq!((succeeded, late), (1, 99), "round {round}: {answers:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_three_hundred_wrong_codes_at_most_max_attempts_are_compared() {
    let race = Race::new().await;
    for round in 0..5 {
        let to = format!("+6281234{round:05}");
        let (id, code) = race.issued(&to).await;
        let right: u32 = code.parse().unwrap();
        let wrong = (1..=300).map(|step| format!("{:06}", (right + step * 7) % 1_000_000));
        let answers = race.tried(&id, &to, wrong.collect()).await;
        let mismatches = count(&answers, "code_mismatch");
        assert_eq!(mismatches, 3, "round {round}");
        assert_eq!(mismatches + count(&answers, "exhausted") + count(&answers, "locked"), 300);
        assert_eq!(race.attempts(), 3, "round {round}: codes compared, as counted inside");
        for answer in race.tried(&id, &to, vec![code; 8]).await {
            assert_eq!((answer.status, answer.code()), (429, "exhausted"), "{answer:?}");
        }
        assert_eq!(race.attempts(), 3);
        race.forget_everything();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_issues_for_one_subject_exactly_one_sends() {
    let race = Race::new().await;
    for round in 0..10 {
        let to = format!("+6281234{round:05}");
        let answers = all_at_once(50, |index| issue(race.cluster.client(index), to.clone())).await;
        let sent = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!((sent, count(&answers, "throttled")), (1, 49), "round {round}: {answers:?}");
        assert_eq!(race.workplace.outbox().count(), round + 1);
    }
}
