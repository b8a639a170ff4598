//! What is asked of an app.

use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::place::{Place, Starter};
use crate::load::{self, Done, Job};
use crate::redis_counts::Counter;
use crate::report::{Sample, percentiles};
use crate::setting::{Purpose, Recipients};
use crate::traffic;

/// Many connections.
pub(super) const CONNECTIONS: usize = 16;

/// What is asked for.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Verb {
    /// `/healthz`: the front, with nothing behind it.
    Constant,
    /// Where a challenge stands.
    Status,
    /// A wrong code, that is compared.
    Wrong,
    /// A code, for a recipient who has none.
    Issue,
}

impl Verb {
    pub(super) const ALL: [Self; 4] = [Self::Constant, Self::Status, Self::Wrong, Self::Issue];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Status => "status by id",
            Self::Wrong => "wrong verify",
            Self::Issue => "issue",
        }
    }
}

/// How long the slow receiver takes, and how many wait for it.
const SLOW: (Duration, usize) = (Duration::from_millis(500), 8);

/// Requests in which round trips are counted.
const COUNTED: usize = 45;

/// The load generator.
pub(super) struct Field {
    starter: Starter,
    recipients: Recipients,
}

impl Field {
    pub(super) const fn new(starter: Starter) -> Self {
        Self { starter, recipients: Recipients::new() }
    }

    /// What has to be there first, a warm-up of a tenth, and the requests that count.
    pub(super) fn sample(
        &mut self,
        place: &Place,
        verb: Verb,
        connections: usize,
        count: usize,
    ) -> Result<Sample> {
        let mut measure = || {
            let warm_up = self.job(place, verb, count.div_ceil(10))?;
            let job = self.job(place, verb, count)?;
            self.send(place, connections, warm_up)?;
            self.send(place, connections, job)
        };
        let done = measure()
            .with_context(|| format!("{}, {}, {}", place.runtime, place.store_name, verb.name()))?;
        Ok(Sample::new(done, Duration::ZERO))
    }

    /// Of a wrong verification to its Redis, by what Redis says: with one connection, one request at a time.
    pub(super) fn round_trips(&mut self, place: &Place) -> Result<f64> {
        let mut counter = Counter::new(place.redis().context("an environment without Redis")?)?;
        let job = self.job(place, Verb::Wrong, COUNTED)?;
        let before = counter.counts()?.reads;
        self.send(place, 1, job)?;
        // The first of the two questions is counted with the rest.
        Ok(counter.counts()?.reads.saturating_sub(before + 1) as f64 / COUNTED as f64)
    }

    fn job(&mut self, place: &Place, verb: Verb, count: usize) -> Result<Job> {
        Ok(match verb {
            Verb::Constant => traffic::gets("/healthz", count),
            Verb::Issue => traffic::issues(&mut self.recipients, Purpose::Plain, count),
            Verb::Status => {
                let ids = self.challenges(place, 1)?;
                traffic::gets(&format!("/v1/challenges/{}", ids.concat()), count)
            }
            Verb::Wrong => traffic::wrong_codes(
                &self.challenges(place, traffic::challenges_for(count))?,
                count,
            ),
        })
    }

    fn challenges(&mut self, place: &Place, count: usize) -> Result<Vec<String>> {
        let issues = traffic::issues(&mut self.recipients, Purpose::Plain, count);
        let issues = Job { keep_bodies: true, ..issues };
        traffic::ids(&self.send(place, CONNECTIONS, issues)?.bodies)
    }

    fn send(&self, place: &Place, connections: usize, job: Job) -> Result<Done> {
        self.starter.runtime.block_on(load::run(place.app.address(), connections, job))
    }

    /// Half and 98 % of the latencies of status by id over one connection, µs: alone, and while issues wait for a
    /// provider all the time.
    pub(super) fn beside_a_slow_sender(
        &mut self,
        place: &Place,
        count: usize,
    ) -> Result<[[f64; 2]; 2]> {
        let count = count * 4;
        let alone = self.job(place, Verb::Status, count)?;
        let warm_up = self.job(place, Verb::Status, count / 10)?;
        let beside = self.job(place, Verb::Status, count)?;
        let issues = traffic::issues(&mut self.recipients, Purpose::Plain, 10_000);
        let alone = self.send(place, 1, alone)?;
        self.starter.receiver.answer_after(SLOW.0);
        let address = place.app.address();
        let beside = self.starter.runtime.block_on(async {
            let status = async {
                // Meanwhile the first issues get to where they wait.
                load::run(address, 1, warm_up).await?;
                load::run(address, 1, beside).await
            };
            tokio::select! {
                done = status => done,
                early = load::run(address, SLOW.1, issues) => {
                    early?;
                    bail!("the receiver held up no request")
                }
            }
        });
        self.starter.receiver.answer_after(Duration::ZERO);
        Ok([alone, beside?].map(|done| percentiles(done.latencies, [50, 98])))
    }
}
