//! The servers under load: requests per second, latencies, CPU time, and what Redis had to do.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use countersign_tests::redis::RedisServer;

use crate::child::Process;
use crate::engines::Variant;
use crate::load::{self, Done, Job};
use crate::redis_counts::Counter;
use crate::report::{self, Cell, Sample};
use crate::scale::{Load, Rounds};
use crate::setting::{Purpose, Recipients};
use crate::traffic;

/// What is asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verb {
    /// A code, for a recipient who has none.
    Issue,
    /// A wrong code, that is compared.
    Wrong,
}

impl Verb {
    pub(crate) const ALL: [Self; 2] = [Self::Issue, Self::Wrong];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Issue => "issue",
            Self::Wrong => "wrong verify",
        }
    }
}

/// Requests of one connection, one at a time, in which Redis's work is counted.
const COUNTED: usize = 180;

struct Bench {
    servers: Vec<Process>,
    counter: Counter,
    recipients: Recipients,
    runtime: tokio::runtime::Runtime,
    connections: usize,
}

/// Runs everything and prints the tables.
pub(crate) fn run(redis: &RedisServer, load: &Load) -> Result<()> {
    let Load { connections, requests, rounds: Rounds { rounds }, .. } = *load;
    let mut bench = Bench {
        servers: start(redis, load.rival.as_deref())?,
        counter: Counter::new(redis)?,
        recipients: Recipients::new(),
        runtime: tokio::runtime::Builder::new_current_thread().enable_all().build()?,
        connections,
    };
    let mut cells: BTreeMap<usize, Cell> = BTreeMap::new();
    for round in 0..rounds {
        for (row, (purpose, verb)) in rows().enumerate() {
            for column in 0..bench.servers.len() {
                let sample = bench.sample(column, purpose, verb, requests)?;
                let place = row * bench.servers.len() + column;
                let server = bench.server(column)?;
                let cell = cells.entry(place).or_insert_with(|| {
                    Cell::new(title(purpose, verb), server.name.clone(), server.variant)
                });
                cell.samples.push(sample);
            }
        }
        eprintln!("round {} of {rounds} done", round + 1);
    }
    println!("\nUnder load: {connections} connections, {requests} requests, {rounds} rounds\n");
    report::load(cells.values());
    bench.print_store_work()?;
    println!("\nMemory after the run\n");
    for server in &bench.servers {
        println!("{:<14} {:>6.1} MiB", server.name, server.resident_mib()?);
    }
    Ok(())
}

fn start(redis: &RedisServer, rival: Option<&Path>) -> Result<Vec<Process>> {
    let store = serde_json::json!({ "type": "redis", "url": redis.url() }).to_string();
    let mut servers = Vec::new();
    for variant in Variant::ALL {
        servers.push(Process::start(variant, &store)?);
        if let (Variant::Pooled | Variant::Fresh, Some(rival)) = (variant, rival) {
            servers.push(Process::start_rival(variant, &store, rival)?);
        }
    }
    Ok(servers)
}

fn rows() -> impl Iterator<Item = (Purpose, Verb)> {
    Purpose::ALL.into_iter().flat_map(|purpose| Verb::ALL.map(|verb| (purpose, verb)))
}

fn title(purpose: Purpose, verb: Verb) -> String {
    format!("{}, {}", verb.name(), purpose.name())
}

impl Bench {
    fn server(&self, column: usize) -> Result<&Process> {
        self.servers.get(column).context("no such server")
    }

    /// One variant's turn: what has to be there first, a warm-up, and the requests that count.
    fn sample(
        &mut self,
        column: usize,
        purpose: Purpose,
        verb: Verb,
        requests: usize,
    ) -> Result<Sample> {
        self.counter.flush()?;
        let warm_up = self.job(column, purpose, verb, requests / 10)?;
        let job = self.job(column, purpose, verb, requests)?;
        self.send(column, self.connections, warm_up)?;
        let before = self.server(column)?.cpu_time()?;
        let done = self.send(column, self.connections, job)?;
        let cpu_time = self.server(column)?.cpu_time()?.saturating_sub(before);
        Ok(Sample::new(done, cpu_time))
    }

    fn job(&mut self, column: usize, purpose: Purpose, verb: Verb, count: usize) -> Result<Job> {
        if verb == Verb::Issue {
            return Ok(traffic::issues(&mut self.recipients, purpose, count));
        }
        let challenges = traffic::challenges_for(count);
        let issues = traffic::issues(&mut self.recipients, purpose, challenges);
        let issues = Job { keep_bodies: true, ..issues };
        let ids = traffic::ids(&self.send(column, self.connections, issues)?.bodies)?;
        Ok(traffic::wrong_codes(&ids, count))
    }

    fn send(&self, column: usize, connections: usize, job: Job) -> Result<Done> {
        let address = self.server(column)?.address;
        self.runtime.block_on(load::run(address, connections, job))
    }

    /// Redis's work per request, with one connection and one request at a time.
    fn print_store_work(&mut self) -> Result<()> {
        println!("\nRedis per request\n");
        println!("{:<24} {:<14} {:>8} {:>11}", "", "", "commands", "round trips");
        for (purpose, verb) in rows() {
            for column in 0..self.servers.len() {
                let job = self.job(column, purpose, verb, COUNTED)?;
                let before = self.counter.counts()?;
                self.send(column, 1, job)?;
                let after = self.counter.counts()?;
                // The first of the two questions is counted with the rest.
                let per_request = |before: u64, after: u64| {
                    after.saturating_sub(before).saturating_sub(1) as f64 / COUNTED as f64
                };
                println!(
                    "{:<24} {:<14} {:>8.2} {:>11.2}",
                    title(purpose, verb),
                    self.server(column)?.name,
                    per_request(before.commands, after.commands),
                    per_request(before.reads, after.reads),
                );
            }
        }
        Ok(())
    }
}
