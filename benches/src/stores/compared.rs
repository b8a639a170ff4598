//! Issue and wrong verify over each store, in turns.

use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use countersign_tests::proxy::Proxy;
use serde_json::Value;
use tokio::runtime::Runtime;

use super::site::Site;
use crate::affinity;
use crate::child::Process;
use crate::engines::Variant;
use crate::load::{self, Done, Job};
use crate::report::{Sample, Spread};
use crate::setting::{Purpose, Recipients};
use crate::traffic;
use crate::web::Verb;

/// Requests of one connection, one at a time, whose round trips are counted.
const COUNTED: usize = 180;

/// How much load.
#[derive(Args, Clone)]
pub(crate) struct Compared {
    /// Connections, each with one request under way.
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// Requests measured per store, operation and round.
    #[arg(long, default_value_t = 10_000)]
    requests: usize,
    /// Rounds: in each every store has its turn.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Only stores whose name has one of these words in it.
    #[arg(long)]
    only: Vec<String>,
}

struct Contestant {
    site: Site,
    server: Process,
    recipients: Recipients,
    rows: Vec<Row>,
}

/// One operation of one store, over all rounds.
#[derive(Default)]
struct Row {
    samples: Vec<Sample>,
    /// CPU time per request of all servers of the store, in microseconds.
    store_us: Vec<f64>,
    /// The busiest server's share of it.
    busiest: Vec<f64>,
    round_trips: Option<f64>,
}

/// Runs everything and prints the table.
pub(crate) fn run(plan: &Compared) -> Result<()> {
    // The servers inherit it.
    affinity::pin_to_last()?;
    measure(plan, Site::all()?).map(drop)
}

/// Measures these, prints the table, and gives them back.
pub(crate) fn measure(plan: &Compared, sites: Vec<Site>) -> Result<Vec<Site>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut contestants = Vec::new();
    for site in sites {
        if plan.only.is_empty() || plan.only.iter().any(|word| site.name.contains(word.as_str())) {
            let server = Process::start(Variant::Pooled, &site.settings)?;
            let rows = operations().map(|_| Row::default()).collect();
            contestants.push(Contestant { site, server, recipients: Recipients::new(), rows });
        }
    }
    for round in 0..plan.rounds {
        for (row, (purpose, verb)) in operations().enumerate() {
            for contestant in &mut contestants {
                let name = contestant.site.name;
                let turn = contestant.turn(&runtime, plan, (row, purpose, verb));
                turn.with_context(|| format!("{name}, {}", title(purpose, verb)))?;
            }
        }
        eprintln!("round {} of {} done", round + 1, plan.rounds);
    }
    for contestant in &mut contestants {
        contestant.count_round_trips(&runtime)?;
    }
    print(plan, &contestants);
    Ok(contestants.into_iter().map(|contestant| contestant.site).collect())
}

fn operations() -> impl Iterator<Item = (Purpose, Verb)> {
    Purpose::ALL.into_iter().flat_map(|purpose| Verb::ALL.map(|verb| (purpose, verb)))
}

fn title(purpose: Purpose, verb: Verb) -> String {
    format!("{}, {}", verb.name(), purpose.name())
}

impl Contestant {
    /// Its turn in one round: what has to be there first, a warm-up, and the requests that count.
    fn turn(
        &mut self,
        runtime: &Runtime,
        plan: &Compared,
        (row, purpose, verb): (usize, Purpose, Verb),
    ) -> Result<()> {
        let send = |server: &Process, job| {
            runtime.block_on(load::run(server.address, plan.connections, job))
        };
        let warm_up = self.job(&send, purpose, verb, plan.requests / 10)?;
        let job = self.job(&send, purpose, verb, plan.requests)?;
        send(&self.server, warm_up)?;
        let (cpu, store) = (self.server.cpu_time()?, self.site.cpu_times()?);
        let done = send(&self.server, job)?;
        let cpu = self.server.cpu_time()?.saturating_sub(cpu);
        let store: Vec<Duration> = (self.site.cpu_times()?.into_iter().zip(store))
            .map(|(after, before)| after.saturating_sub(before))
            .collect();
        let row = self.rows.get_mut(row).context("no such row")?;
        row.samples.push(Sample::new(done, cpu));
        let whole: f64 = store.iter().map(Duration::as_secs_f64).sum();
        let most = store.iter().max().copied().unwrap_or_default().as_secs_f64();
        if whole > 0.0 {
            row.store_us.push(whole * 1e6 / plan.requests as f64);
            row.busiest.push(most / whole);
        }
        Ok(())
    }

    fn job(
        &mut self,
        send: &impl Fn(&Process, Job) -> Result<Done>,
        purpose: Purpose,
        verb: Verb,
        count: usize,
    ) -> Result<Job> {
        if verb == Verb::Issue {
            return Ok(traffic::issues(&mut self.recipients, purpose, count));
        }
        let challenges = traffic::challenges_for(count);
        let issues = traffic::issues(&mut self.recipients, purpose, challenges);
        let issues = Job { keep_bodies: true, ..issues };
        let ids = traffic::ids(&send(&self.server, issues)?.bodies)?;
        Ok(traffic::wrong_codes(&ids, count))
    }

    /// Counts them with one connection: for Redis by what the servers say, for PostgreSQL on the wire.
    fn count_round_trips(&mut self, runtime: &Runtime) -> Result<()> {
        let mut settings: Value = serde_json::from_str(&self.site.settings)?;
        let mut wire = None;
        if self.site.postgres_server().is_some() {
            let url = settings.get("url").and_then(Value::as_str).context("no URL")?;
            let port = url.rsplit_once(':').and_then(|(_, rest)| rest.split('/').next());
            let proxy = runtime.block_on(Proxy::start(port.context("no port")?.parse()?))?;
            let url = format!("postgresql://postgres@{}/postgres", proxy.address());
            if let Some(place) = settings.get_mut("url") {
                *place = url.into();
            }
            // The server starts while the wire has to carry.
            let text = settings.to_string();
            let start = runtime.spawn_blocking(move || Process::start(Variant::Pooled, &text));
            self.server = runtime.block_on(start)??;
            wire = Some(proxy);
        }
        let send = |server: &Process, job| runtime.block_on(load::run(server.address, 1, job));
        for (row, (purpose, verb)) in operations().enumerate() {
            let job = self.job(&send, purpose, verb, COUNTED)?;
            let before = (self.site.reads()?, wire.as_ref().map(Proxy::round_trips));
            send(&self.server, job)?;
            let counted = match (before, self.site.reads()?, &wire) {
                // Two questions to each master are counted with the rest: its role, and what it has read.
                ((Some((before, masters)), _), Some((after, _)), _) => {
                    Some(after.saturating_sub(before).saturating_sub(2 * masters))
                }
                ((_, Some(before)), _, Some(wire)) => Some(wire.round_trips() - before),
                _ => None,
            };
            if let Some(row) = self.rows.get_mut(row) {
                row.round_trips = counted.map(|count| count as f64 / COUNTED as f64);
            }
        }
        Ok(())
    }
}

fn print(plan: &Compared, contestants: &[Contestant]) {
    let Compared { connections, requests, rounds, .. } = plan;
    println!("\n{connections} connections, {requests} requests, {rounds} rounds; medians\n");
    println!(
        "| | store | requests/s | × redis | p50 µs | p99 µs | host CPU µs | store CPU µs | busiest server | round trips |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for (row, (purpose, verb)) in operations().enumerate() {
        let rate = |contestant: &Contestant| {
            let rates = contestant.rows.get(row).map(|row| &row.samples);
            Spread::of(rates.into_iter().flatten().map(|sample| sample.per_second).collect()).median
        };
        let is_redis = |other: &&Contestant| other.site.name.starts_with("redis");
        let yardstick = contestants.iter().find(is_redis).map(rate);
        let mut title = title(purpose, verb);
        for contestant in contestants {
            let Some(row) = contestant.rows.get(row) else { continue };
            let of = |figure: fn(&Sample) -> f64| {
                Spread::of(row.samples.iter().map(figure).collect()).median
            };
            println!(
                "| {} | {} | {:.0} | {:.2} | {:.0} | {:.0} | {:.1} | {} | {} | {} |",
                std::mem::take(&mut title),
                contestant.site.name,
                rate(contestant),
                rate(contestant) / yardstick.unwrap_or(f64::NAN),
                of(|sample| sample.p50_us),
                of(|sample| sample.p99_us),
                of(|sample| sample.cpu_us),
                shown(Spread::of(row.store_us.clone()).median, 1),
                shown(Spread::of(row.busiest.clone()).median, 2),
                row.round_trips.map_or_else(|| "–".into(), |count| format!("{count:.2}")),
            );
        }
    }
}

/// A figure, where there is one.
pub(crate) fn shown(figure: f64, digits: usize) -> String {
    if figure.is_finite() { format!("{figure:.digits$}") } else { "–".into() }
}
