//! What the app goes through on each store: many at once, more sends than instances, a store that is killed or hangs, and
//! hours of sweeping. `cargo xtask trials` runs it under the real Spin where there is one on the `PATH`, under the
//! stand-in otherwise, and prints a table; it takes minutes.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use countersign_tests::client::{Answer, Client};
use countersign_tests::cluster::all_at_once;
use countersign_tests::edge::{self, App, Launch, Runtime, Store};
use countersign_tests::outbox::wrong;
use countersign_tests::receiver::Receiver;
use countersign_tests::redis::RedisServer;
use countersign_tests::settings::{KEYS, Workplace};
use rusqlite::Connection;
use tokio::time::sleep;

use crate::deployment::{RULES, issue, verify};

/// Parallel answers with the right code, and with wrong ones.
const RIGHT: usize = 100;
const WRONG: usize = 300;
/// Parallel sends, more than Spin has instances for.
const SENDS: usize = 400;
/// How long a provider takes for each of them.
const PROVIDER_TAKES: Duration = Duration::from_millis(300);
/// How long a store is away or stands still.
const OUTAGE: Duration = Duration::from_secs(5);
/// How long the app may take until it serves again: Spin's key-value store over Redis waits that long.
const RECOVERY: Duration = Duration::from_secs(200);
/// Hours of sweeping, and issues in each, so many at a time.
const HOURS: usize = 60;
const HOURLY: usize = 40;
const AT_A_TIME: usize = 10;
const HOUR: u64 = 3_600;
/// Keys that what has to be remembered of a few hours may take.
const MOST_KEYS: i64 = 300;

/// Where Debian's package puts the library that moves a process' clock on.
const FAKETIME: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

/// An app and what it needs.
struct Trial {
    app: App,
    store: Store,
    receiver: Receiver,
    workplace: Workplace,
    /// The file that says how far the app's clock is ahead, where it can be moved on.
    clock: Option<PathBuf>,
}

impl Trial {
    async fn start(store: Store) -> Self {
        let runtime = Runtime::spin().map_or_else(Runtime::stand_in, Ok).unwrap();
        let workplace = Workplace::new().unwrap();
        let receiver = Receiver::start(workplace.outbox().path()).await.unwrap();
        receiver.at_any_time();
        let variables = edge::variables(&format!("{KEYS}{RULES}"), &receiver, &["sms"]).unwrap();
        let clock = Path::new(FAKETIME).exists().then(|| workplace.path().join("clock"));
        let mut launch = Launch::default();
        if let Some(clock) = &clock {
            fs::write(clock, "+0").unwrap();
            launch.environment = vec![
                ("LD_PRELOAD", FAKETIME.into()),
                ("FAKETIME_TIMESTAMP_FILE", clock.into()),
                ("FAKETIME_NO_CACHE", "1".into()),
                ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
            ];
        }
        let app = App::start_with(&runtime, &store, &workplace, &variables, &launch).await;
        println!("{}", runtime.name());
        Self { app: app.unwrap(), store, receiver, workplace, clock }
    }

    fn client(&self) -> Client {
        Client::new(self.app.address())
    }

    async fn issued(&self, to: &str) -> (String, String) {
        let answer = issue(&self.client(), to).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        (answer.id().to_owned(), self.workplace.outbox().code(answer.id()))
    }

    async fn tried(&self, id: &str, codes: Vec<String>) -> Vec<Answer> {
        let client = self.client();
        all_at_once(codes.len(), |index| {
            let (client, id, code) = (client.clone(), id.to_owned(), codes[index].clone());
            async move { verify(&client, &id, &code).await }
        })
        .await
    }

    /// How many of so many right codes succeed: one.
    async fn right_codes(&self) -> String {
        let (id, code) = self.issued("+6281234567890").await;
        let answers = self.tried(&id, vec![code; RIGHT]).await;
        let succeeded = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(succeeded, 1, "{answers:?}");
        format!("{succeeded} success, {}", statuses(&answers))
    }

    /// How many of so many wrong codes are compared: at most the three that the policy allows.
    async fn wrong_codes(&self) -> String {
        let (id, code) = self.issued("+6281234567891").await;
        let answers = self.tried(&id, vec![wrong(&code); WRONG]).await;
        let compared = answers.iter().filter(|answer| answer.code() == "code_mismatch").count();
        assert!(compared <= 3, "{answers:?}");
        assert_ne!(verify(&self.client(), &id, &code).await.status, 200);
        format!("{compared} compared, {}", statuses(&answers))
    }

    /// Sends at once, and what the process has of memory then.
    async fn sends(&self) -> String {
        self.receiver.answer_after(PROVIDER_TAKES);
        let client = self.client();
        let answers = all_at_once(SENDS, |index| {
            let client = client.clone();
            async move { issue(&client, &format!("+62813{index:08}")).await }
        });
        let answers = answers.await;
        self.receiver.answer_after(Duration::ZERO);
        let told = statuses(&answers);
        assert!(answers.iter().all(|answer| [201, 500, 503].contains(&answer.status)), "{told}");
        format!("{told}; {} MiB", self.app.resident_mib())
    }

    /// A store that is away for a while: what callers get meanwhile, and when the first of them is served again.
    async fn outage(&mut self, begin: impl Fn(&mut Store), end: impl Fn(&mut Store)) -> String {
        begin(&mut self.store);
        let begun = Instant::now();
        let client = self.client();
        let meanwhile = tokio::spawn({
            let client = client.clone();
            async move {
                let issue = |index| {
                    let client = client.clone();
                    async move { issue(&client, &format!("+62814{index:08}")).await }
                };
                (all_at_once(8, issue).await, begun.elapsed())
            }
        });
        sleep(OUTAGE).await;
        end(&mut self.store);
        let ended = Instant::now();
        let mut number = 0;
        while ended.elapsed() < RECOVERY {
            let to = format!("+62815{number:08}");
            number += 1;
            if issue(&client, &to).await.status == 201 {
                let back = ended.elapsed().as_secs_f32();
                let (id, code) = self.issued(&format!("+62816{number:08}")).await;
                assert_eq!(verify(&client, &id, &code).await.status, 200);
                let (meanwhile, longest) = meanwhile.await.unwrap();
                let longest = longest.as_secs_f32();
                return format!(
                    "{} within {longest:.1} s; back after {back:.1} s",
                    statuses(&meanwhile)
                );
            }
            sleep(Duration::from_millis(100)).await;
        }
        panic!("not back after {RECOVERY:?}: {}", self.app.output());
    }

    /// How many keys there are at the end of each hour but the first ones.
    async fn sweeping(&self) -> String {
        let Some(clock) = &self.clock else { return "not run: no libfaketime".into() };
        if matches!(self.store, Store::SharedRedis(_)) {
            return "Redis' own".into();
        }
        let client = self.client();
        let mut counts = Vec::new();
        for hour in 0..HOURS {
            for round in 0..HOURLY / AT_A_TIME {
                let answers = all_at_once(AT_A_TIME, |index| {
                    let number = hour * HOURLY + round * AT_A_TIME + index;
                    let client = client.clone();
                    async move { issue(&client, &format!("+62817{number:08}")).await }
                });
                for answer in answers.await {
                    assert!([201, 503].contains(&answer.status), "{answer:?}");
                }
            }
            // What is swept after an answer is under way for a moment.
            sleep(Duration::from_millis(300)).await;
            counts.push(self.keys());
            fs::write(clock, format!("+{}", (hour as u64 + 1) * HOUR)).unwrap();
        }
        let late = &counts[HOURS / 2..];
        let (least, most) = (late.iter().min().unwrap(), late.iter().max().unwrap());
        assert!(*most <= MOST_KEYS, "the store grows: {counts:?}");
        format!("{least} to {most} keys")
    }

    fn keys(&self) -> i64 {
        match &self.store {
            Store::KeyValueRedis(server) => {
                redis::cmd("DBSIZE").query(&mut server.connection().unwrap()).unwrap()
            }
            _ => {
                let files = fs::read_dir(self.workplace.path().join("state")).unwrap();
                let mut files = files.map(|file| file.unwrap().path());
                let file = files.find(|file| file.extension().is_some_and(|name| name == "db"));
                let connection = Connection::open(file.unwrap()).unwrap();
                connection
                    .query_row("SELECT count(*) FROM spin_key_value", [], |row| row.get(0))
                    .unwrap()
            }
        }
    }
}

/// The answers by status, and the problems among them.
fn statuses(answers: &[Answer]) -> String {
    let mut counts = std::collections::BTreeMap::new();
    for answer in answers {
        *counts.entry(answer.status).or_insert(0_usize) += 1;
    }
    let told: Vec<_> = counts.iter().map(|(status, count)| format!("{count} × {status}")).collect();
    told.join(", ")
}

fn redis(store: &mut Store) -> &mut RedisServer {
    match store {
        Store::KeyValueRedis(server) | Store::SharedRedis(server) => server,
        _ => panic!("no Redis"),
    }
}

async fn trials(store: Store, name: &str) {
    let mut trial = Trial::start(store).await;
    // First: once a code was wrong somewhere, this store keeps the odometer of each challenge for a month.
    let swept = trial.sweeping().await;
    let mut cells =
        vec![trial.right_codes().await, trial.wrong_codes().await, trial.sends().await, swept];
    if matches!(trial.store, Store::KeyValueSqlite) {
        cells.extend(["–".to_owned(), "–".to_owned()]);
    } else {
        let kill = |store: &mut Store| redis(store).stop().unwrap();
        cells.push(trial.outage(kill, |store| redis(store).restart().unwrap()).await);
        let hang = |store: &mut Store| {
            let pause = OUTAGE.as_millis().to_string();
            redis(store).run(&["CLIENT", "PAUSE", &pause, "ALL"]).unwrap();
        };
        cells.push(trial.outage(hang, |_| ()).await);
    }
    println!(
        "| store | {RIGHT} right codes | {WRONG} wrong codes | {SENDS} sends | {HOURS} hours | killed | hangs |"
    );
    println!("| {name} | {} |", cells.join(" | "));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: cargo xtask trials"]
async fn trials_over_sqlite() {
    trials(Store::KeyValueSqlite, "SQLite").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: cargo xtask trials"]
async fn trials_over_redis() {
    trials(Store::KeyValueRedis(RedisServer::start().unwrap()), "key-value over Redis").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: cargo xtask trials"]
async fn trials_over_the_shared_redis() {
    trials(Store::SharedRedis(RedisServer::start().unwrap()), "shared Redis").await;
}
