//! Challenges that live by the hundred thousand: what each takes, whether calls get slower, what comes back afterwards.
//!
//! The challenges are issued by the native rules in this process, over the same store, since over HTTP a million takes ten
//! times as long; in PostgreSQL the first 10,000, whose rows are then copied with other keys. The rates are measured over
//! HTTP. That they expire is brought about by setting their time to live.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use clap::Args;
use countersign::stores::{self, StoreSettings};
use countersign_http_api::otp::Otp as _;
use countersign_tests::redis::RedisServer;
use serde_json::json;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use super::compared::shown;
use super::site::Site;
use crate::affinity;
use crate::child::Process;
use crate::engines::{NoSender, Variant, native};
use crate::load::{self, Job};
use crate::report::Spread;
use crate::requests;
use crate::setting::{Purpose, Recipients};
use crate::traffic;

mod inspect;

use self::inspect::Inspector;

/// Issues under way at once while filling.
const AT_ONCE: usize = 64;
/// Challenges that are issued in PostgreSQL; the others are copies.
const ISSUED: usize = 10_000;

/// How much.
#[derive(Args, Clone)]
pub(crate) struct Live {
    /// Challenges alive in the end; a tenth of them on the way there.
    #[arg(long, default_value_t = 1_000_000)]
    live: usize,
    /// Connections, each with one request under way.
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// Requests measured per operation and round.
    #[arg(long, default_value_t = 10_000)]
    requests: usize,
    /// Rounds of each measurement.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// `redis` or `postgres`; both if left out.
    #[arg(long)]
    only: Option<String>,
}

/// Runs everything and prints the tables.
pub(crate) fn run(plan: &Live) -> Result<()> {
    affinity::pin_to_last()?;
    println!(
        "| store | alive | bytes each | keys each | issue/s | × empty | wrong verify/s | × empty |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let is_wanted = |name: &str| plan.only.as_deref().is_none_or(|only| only == name);
    let mut notes = Vec::new();
    if is_wanted("redis") {
        let site = || Ok(Site::redis("redis", vec![RedisServer::start()?], json!({})));
        notes.extend(fill_up(plan, site)?);
    }
    if is_wanted("postgres") {
        notes.extend(fill_up(plan, || Site::postgres(false))?);
    }
    println!();
    for note in notes {
        println!("- {note}");
    }
    Ok(())
}

fn fill_up(plan: &Live, start: impl Fn() -> Result<Site>) -> Result<Vec<String>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    // The second one stays as good as empty, and is measured in turns with the first.
    let (site, twin) = (&start()?, start()?);
    let servers = [
        Process::start(Variant::Pooled, &site.settings)?,
        Process::start(Variant::Pooled, &twin.settings)?,
    ];
    let (mut measured, mut filled) = (Recipients::new(), Recipients::others());
    let mut inspector = Inspector::new(site, &runtime)?;
    let mut notes = Vec::new();
    let (mut alive, mut sample) = (0, 0);
    for goal in [0, plan.live / 10, plan.live] {
        let before = inspector.size(&runtime)?;
        let start = Instant::now();
        let issued = if site.postgres_server().is_some() { ISSUED } else { goal };
        let issued = issued.saturating_sub(alive).min(goal - alive);
        if issued > 0 {
            inspector.remember(&runtime)?;
            runtime.block_on(fill(site, &mut filled, issued))?;
            inspector.take_sample(&runtime)?;
            sample = issued;
        }
        inspector.copy(&runtime, (goal - alive - issued) / sample.max(1))?;
        let after = inspector.size(&runtime)?;
        let count = (goal - alive) as f64;
        let each = |before: u64, after: u64| after.saturating_sub(before) as f64 / count;
        if goal > 0 {
            let rate = count / start.elapsed().as_secs_f64();
            notes.push(format!("{}: filled up to {goal} with {rate:.0} a second", site.name));
        }
        alive = goal;
        let [issues, verifications] = rates(plan, &runtime, &servers, &mut measured)?;
        println!(
            "| {} | {goal} | {} | {} | {:.0} | {:.2} | {:.0} | {:.2} |",
            site.name,
            shown(each(before.bytes, after.bytes), 0),
            shown(each(before.keys, after.keys), 1),
            issues.0,
            issues.1,
            verifications.0,
            verifications.1,
        );
    }
    notes.extend(inspector.slowest(site, &runtime)?);
    let full = inspector.size(&runtime)?;
    let start = Instant::now();
    inspector.expire(&runtime)?;
    let gone = inspector.size(&runtime)?;
    notes.push(format!(
        "{}: all expired: {} keys and {} MB before, {} keys and {} MB {:.0} s later",
        site.name,
        full.keys,
        full.bytes / 1_000_000,
        gone.keys,
        gone.bytes / 1_000_000,
        start.elapsed().as_secs_f64()
    ));
    runtime.block_on(fill(site, &mut filled, ISSUED))?;
    let again = inspector.size(&runtime)?;
    notes.push(format!(
        "{}: {ISSUED} more challenges afterwards: {} MB",
        site.name,
        again.bytes / 1_000_000
    ));
    Ok(notes)
}

/// Issues so many, each for another recipient.
async fn fill(site: &Site, recipients: &mut Recipients, count: usize) -> Result<()> {
    let settings: StoreSettings = serde_json::from_str(&site.settings)?;
    let rules = native::open(stores::open(&settings).await?, Arc::new(NoSender))?;
    let recipients: Arc<Vec<String>> = Arc::new((0..count).map(|_| recipients.next()).collect());
    let next = Arc::new(AtomicUsize::new(0));
    let mut tasks: JoinSet<Result<()>> = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (rules, recipients, next) = (rules.clone(), Arc::clone(&recipients), Arc::clone(&next));
        tasks.spawn(async move {
            while let Some(to) = recipients.get(next.fetch_add(1, Ordering::Relaxed)) {
                let issued = rules.issue(requests::issue(Purpose::Plain, to)).await;
                issued.map_err(|failure| anyhow!("{failure:?}"))?;
            }
            Ok(())
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    Ok(())
}

/// Issues and wrong verifications a second of the first server, and how many times as many as of the second: the medians
/// over the rounds, of the quotients within each.
fn rates(
    plan: &Live,
    runtime: &Runtime,
    servers: &[Process; 2],
    recipients: &mut Recipients,
) -> Result<[(f64, f64); 2]> {
    let [own, twin] = servers;
    let mut turns = Vec::new();
    for _ in 0..plan.rounds {
        let own = rates_of(plan, runtime, own, recipients)?;
        turns.push((own, rates_of(plan, runtime, twin, recipients)?));
    }
    let compared = |figure: fn([f64; 2]) -> f64| {
        let own = turns.iter().map(|(own, _)| figure(*own)).collect();
        let quotients = turns.iter().map(|(own, twin)| figure(*own) / figure(*twin)).collect();
        (Spread::of(own).median, Spread::of(quotients).median)
    };
    Ok([compared(|[issues, _]| issues), compared(|[_, verifications]| verifications)])
}

fn rates_of(
    plan: &Live,
    runtime: &Runtime,
    server: &Process,
    recipients: &mut Recipients,
) -> Result<[f64; 2]> {
    let send = |job| runtime.block_on(load::run(server.address, plan.connections, job));
    let rate = |elapsed: Duration| plan.requests as f64 / elapsed.as_secs_f64();
    let job = traffic::issues(recipients, Purpose::Plain, plan.requests);
    let issues = send(Job { keep_bodies: true, ..job })?;
    let ids = traffic::ids(&issues.bodies)?;
    let verifications = send(traffic::wrong_codes(&ids, plan.requests))?;
    Ok([rate(issues.elapsed), rate(verifications.elapsed)])
}
