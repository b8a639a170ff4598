//! Clients that do what an application does: each on a connection of its own that stays open.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use countersign_tests::client::{Answer, Client};
use serde_json::json;
use tokio::task::JoinSet;

/// Refusals that are told.
const MAX_TOLD: usize = 20;

/// What came of it.
#[derive(Default)]
pub(super) struct Done {
    /// Of each request, sorted.
    pub(super) latencies: Vec<Duration>,
    /// What was not answered as it should be: the first of it.
    pub(super) refused: Vec<(u16, String)>,
}

impl Done {
    pub(super) fn percentile(&self, percent: usize) -> Duration {
        let last = self.latencies.len().saturating_sub(1);
        self.latencies.get(last * percent / 100).copied().unwrap_or_default()
    }
}

impl fmt::Display for Done {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.latencies.len();
        let [median, p99, most] = [50, 99, 100].map(|percent| self.percentile(percent));
        let refused = self.refused.len();
        write!(
            formatter,
            "{count} requests, {refused} refused, median {median:.1?}, p99 {p99:.1?}, most {most:.1?}"
        )
    }
}

/// Has `clients` work for so long. Each issues, tries two codes, looks and revokes, over and over, with pauses in between
/// that are `pace` at most.
pub(super) async fn work(
    client: &impl Fn() -> Client,
    clients: usize,
    pace: Duration,
    duration: Duration,
) -> Done {
    let end = Instant::now() + duration;
    let mut tasks = JoinSet::new();
    for _ in 0..clients {
        tasks.spawn(person(client(), pace, end));
    }
    let mut all = Done::default();
    while let Some(done) = tasks.join_next().await {
        let done = done.unwrap();
        all.latencies.extend(done.latencies);
        let room = MAX_TOLD.saturating_sub(all.refused.len());
        all.refused.extend(done.refused.into_iter().take(room));
    }
    all.latencies.sort();
    all
}

async fn person(client: Client, pace: Duration, end: Instant) -> Done {
    static NUMBER: AtomicU32 = AtomicU32::new(3_400_000);
    let mut done = Done::default();
    while Instant::now() < end {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let issue = json!({ "purpose": "login", "to": format!("+62812{number:07}") });
        let issued = done.timed(201, pace, client.post("/v1/challenges", &issue)).await;
        if issued.status != 201 {
            continue;
        }
        let path = format!("/v1/challenges/{}", issued.id());
        let (verify, code) = (format!("{path}/verify"), json!({ "code": "000000" }));
        for _ in 0..2 {
            done.timed(422, pace, client.post(&verify, &code)).await;
        }
        done.timed(200, pace, client.get(&path)).await;
        done.timed(204, pace, client.delete(&path)).await;
    }
    done
}

impl Done {
    async fn timed(
        &mut self,
        status: u16,
        pace: Duration,
        answer: impl Future<Output = Answer>,
    ) -> Answer {
        tokio::time::sleep(pace.mul_f64(fastrand::f64())).await;
        let start = Instant::now();
        let answer = answer.await;
        self.latencies.push(start.elapsed());
        // One of a million codes is the right one.
        if answer.status != status && !(status == 422 && answer.status == 200) {
            self.refused.push((answer.status, answer.text.clone()));
        }
        answer
    }
}
