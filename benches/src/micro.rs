//! In one process, one call at a time, without HTTP and without Redis: what the rules cost, and what the component
//! adds to them.

mod codes;
mod map_world;

use std::sync::Arc;

use anyhow::{Result, anyhow, bail};
use countersign::config::Isolation;
use countersign::stores::memory::{MemorySettings, MemoryStore};
use countersign::stores::{Store, clock};
use countersign_contract::otp::{Error, Target, Verified};
use countersign_http_api::otp::{Failure, Otp};
use rustix::time::{ClockId, clock_gettime};

use self::map_world::MapWorld;
use crate::engines::native::Native;
use crate::engines::{component, native};
use crate::report::Spread;
use crate::requests::{addressee, issue, verify};
use crate::setting::{Purpose, Recipients, TENANT, WRONG_CODE, WRONG_CODES};

pub(crate) use self::codes::Codes;

/// Challenges per round. Each takes its wrong codes and then its right one.
const CHALLENGES: usize = 200;

/// What is measured, in the order of the table's columns.
const COLUMNS: [&str; 5] = ["issue", "wrong", "right", "status (id)", "status (to)"];

/// Nanoseconds per call, one figure per column.
type Row = [f64; COLUMNS.len()];

/// Measures each variant in each round, and prints the medians.
pub(crate) fn run(rounds: usize) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let rows = runtime.block_on(measure(rounds))?;
    println!("\nIn one process, nanoseconds of CPU per call, {rounds} rounds\n");
    print!("{:<34}", "");
    for column in COLUMNS {
        print!(" {column:>12}");
    }
    println!();
    for (name, samples) in rows {
        print!("{name:<34}");
        for column in 0..COLUMNS.len() {
            let figures = samples.iter().filter_map(|row: &Row| row.get(column).copied());
            print!(" {:>12.0}", Spread::of(figures.collect()).median);
        }
        println!();
    }
    Ok(())
}

async fn measure(rounds: usize) -> Result<Vec<(&'static str, Vec<Row>)>> {
    let mut recipients = Recipients::new();
    let codes = Codes::default();
    let map = Native::over(MapWorld::new(codes.clone())?)?;
    let native = native::open(memory()?, Arc::new(codes.clone()))?;
    let pooled = component(Isolation::Pooled, memory()?, Arc::new(codes.clone())).await?;
    let fresh = component(Isolation::Fresh, memory()?, Arc::new(codes.clone())).await?;
    let mut rows = vec![
        ("rules alone, over a hash map", Vec::new()),
        ("rules, over the memory store", Vec::new()),
        ("component pooled, the same store", Vec::new()),
        ("component fresh, the same store", Vec::new()),
    ];
    // The first round warms up.
    for round in 0..=rounds {
        let samples = [
            sample(&map, &codes, &mut recipients).await?,
            sample(&native, &codes, &mut recipients).await?,
            sample(&pooled, &codes, &mut recipients).await?,
            sample(&fresh, &codes, &mut recipients).await?,
        ];
        for ((_, row), sample) in rows.iter_mut().zip(samples) {
            if round > 0 {
                row.push(sample);
            }
        }
    }
    Ok(rows)
}

fn memory() -> Result<Arc<dyn Store>> {
    Ok(Arc::new(MemoryStore::open(&MemorySettings::default(), clock::monotonic())?))
}

async fn sample(otp: &impl Otp, codes: &Codes, recipients: &mut Recipients) -> Result<Row> {
    let people: Vec<_> = (0..CHALLENGES).map(|_| recipients.next()).collect();
    let mut answers = Vec::with_capacity(CHALLENGES);
    let requests: Vec<_> = people.iter().map(|to| issue(Purpose::Plain, to)).collect();
    let start = cpu_nanoseconds();
    for request in requests {
        answers.push((otp.issue(request).await, codes.last()));
    }
    let issuing = cpu_nanoseconds() - start;
    let mut challenges = Vec::with_capacity(CHALLENGES);
    for (answer, code) in answers {
        challenges.push((answer.map_err(|failure| anyhow!("issue: {failure:?}"))?.id, code));
    }

    let wrong =
        (0..WRONG_CODES).flat_map(|_| challenges.iter().map(|(id, _)| verify(id, WRONG_CODE)));
    let wrong: Vec<_> = wrong.collect();
    let start = cpu_nanoseconds();
    for request in wrong {
        expect_wrong(otp.verify(request).await)?;
    }
    let wrong = (cpu_nanoseconds() - start) / WRONG_CODES as f64;

    let by_id = challenges.iter().map(|(id, _)| Target::Id(id.clone())).collect();
    let by_id = status(otp, by_id).await?;
    let by_recipient = people.iter().map(|to| Target::Recipient(addressee(Purpose::Plain, to)));
    let by_recipient = status(otp, by_recipient.collect()).await?;

    let right: Vec<_> = challenges.iter().map(|(id, code)| verify(id, code)).collect();
    let start = cpu_nanoseconds();
    for request in right {
        otp.verify(request).await.map_err(|failure| anyhow!("right verify: {failure:?}"))?;
    }
    let right = cpu_nanoseconds() - start;
    Ok([issuing, wrong, right, by_id, by_recipient].map(|sum| sum / CHALLENGES as f64))
}

async fn status(otp: &impl Otp, targets: Vec<Target>) -> Result<f64> {
    let start = cpu_nanoseconds();
    for target in targets {
        let report = otp.status(TENANT.into(), target).await;
        report.map_err(|failure| anyhow!("status: {failure:?}"))?;
    }
    Ok(cpu_nanoseconds() - start)
}

fn expect_wrong(answer: Result<Verified, Failure>) -> Result<()> {
    match answer {
        Err(Failure::Refused(Error::Mismatch(_))) => Ok(()),
        other => bail!("wrong verify: {other:?}"),
    }
}

/// CPU time of this thread, which does all of the work: a busy machine doesn't count.
pub(crate) fn cpu_nanoseconds() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

/// One operation, over and over.
#[derive(clap::Args)]
pub(crate) struct Endless {
    /// Who answers.
    #[arg(value_parser = ["native", "pooled", "fresh"])]
    engine: String,
    /// What is asked for.
    #[arg(value_parser = ["issue", "wrong"])]
    operation: String,
    /// How often.
    #[arg(long, default_value_t = 100_000)]
    times: usize,
}

/// Does one operation over and over, over the memory store.
pub(crate) fn run_endless(endless: &Endless) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let codes = Arc::new(Codes::default());
    runtime.block_on(async {
        match endless.engine.as_str() {
            "native" => repeat(&native::open(memory()?, codes)?, endless).await,
            "pooled" => {
                repeat(&component(Isolation::Pooled, memory()?, codes).await?, endless).await
            }
            _ => repeat(&component(Isolation::Fresh, memory()?, codes).await?, endless).await,
        }
    })
}

async fn repeat(otp: &impl Otp, endless: &Endless) -> Result<()> {
    let mut recipients = Recipients::new();
    let wrong_codes = if endless.operation == "wrong" { WRONG_CODES } else { 0 };
    let mut left = endless.times;
    while left > 0 {
        let challenge = otp.issue(issue(Purpose::Plain, &recipients.next())).await;
        let id = challenge.map_err(|failure| anyhow!("issue: {failure:?}"))?.id;
        left = left.saturating_sub(wrong_codes.max(1));
        for _ in 0..wrong_codes {
            expect_wrong(otp.verify(verify(&id, WRONG_CODE)).await)?;
        }
    }
    Ok(())
}
