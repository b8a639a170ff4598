//! In one process, one call at a time, without HTTP and without Redis: what the rules cost, and what the component
//! adds to them.

mod map_world;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail};
use countersign::bindings::countersign::otp::sender::Message;
use countersign::config::Isolation;
use countersign::senders::{Sender, Sent};
use countersign::stores::memory::{MemorySettings, MemoryStore};
use countersign::stores::{Store, clock};
use countersign_http_api::otp::{
    Addressee, Channel, Error, Failure, IssueRequest, Otp, Target, VerifyRequest,
};
use countersign_http_api::secret::{Pii, Secret};

use self::map_world::MapWorld;
use crate::engines::native::Native;
use crate::engines::{component, delivery, native};
use crate::report::Spread;
use crate::setting::{Purpose, Recipients, TENANT, WRONG_CODE, WRONG_CODES};

/// Challenges per round. Each takes its wrong codes and then its right one.
const CHALLENGES: usize = 200;

/// What is measured, in the order of the table's columns.
const COLUMNS: [&str; 5] = ["issue", "wrong", "right", "status (id)", "status (to)"];

/// Sums of nanoseconds, one per column.
type Row = [f64; COLUMNS.len()];

/// Measures each variant in each round, and prints the medians.
pub(crate) fn run(rounds: usize) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let rows = runtime.block_on(measure(rounds))?;
    println!("\nIn one process, nanoseconds per call, {rounds} rounds\n");
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
    let mut challenges = Vec::new();
    let mut issuing = 0.0;
    for to in &people {
        let request = issue(to);
        let start = Instant::now();
        let challenge = otp.issue(request).await;
        issuing += nanoseconds(start);
        let id = challenge.map_err(|failure| anyhow!("issue: {failure:?}"))?.id;
        challenges.push((id, codes.last()));
    }
    let mut wrong = 0.0;
    for _ in 0..WRONG_CODES {
        for (id, _) in &challenges {
            wrong += verify_wrong(otp, id).await?;
        }
    }
    let (mut by_id, mut by_recipient) = (0.0, 0.0);
    for ((id, _), to) in challenges.iter().zip(&people) {
        by_id += status(otp, Target::Id(id.clone())).await?;
        let addressee = Addressee { purpose: Purpose::Plain.name().into(), to: Pii::new(to.clone()) };
        by_recipient += status(otp, Target::Recipient(addressee)).await?;
    }
    let mut right = 0.0;
    for (id, code) in &challenges {
        let request = verify(id, code);
        let start = Instant::now();
        let verified = otp.verify(request).await;
        right += nanoseconds(start);
        verified.map_err(|failure| anyhow!("right verify: {failure:?}"))?;
    }
    let per_call = 1.0 / CHALLENGES as f64;
    Ok([issuing, wrong / WRONG_CODES as f64, right, by_id, by_recipient].map(|sum| sum * per_call))
}

async fn verify_wrong(otp: &impl Otp, id: &str) -> Result<f64> {
    let request = verify(id, WRONG_CODE);
    let start = Instant::now();
    let verified = otp.verify(request).await;
    let time = nanoseconds(start);
    match verified {
        Err(Failure::Refused(Error::Mismatch(_))) => Ok(time),
        other => bail!("wrong verify: {other:?}"),
    }
}

async fn status(otp: &impl Otp, target: Target) -> Result<f64> {
    let start = Instant::now();
    let report = otp.status(TENANT.into(), target).await;
    let time = nanoseconds(start);
    report.map_err(|failure| anyhow!("status: {failure:?}"))?;
    Ok(time)
}

fn nanoseconds(since: Instant) -> f64 {
    since.elapsed().as_nanos() as f64
}

fn issue(to: &str) -> IssueRequest {
    IssueRequest {
        tenant: TENANT.into(),
        purpose: Purpose::Plain.name().into(),
        channel: Channel::Sms,
        to: Pii::new(to.into()),
        reference: None,
        locale: None,
        client_ip: Some("127.0.0.1".into()),
    }
}

fn verify(id: &str, code: &str) -> VerifyRequest {
    VerifyRequest {
        tenant: TENANT.into(),
        target: Target::Id(id.into()),
        code: Secret::new(code.into()),
        reference: None,
        client_ip: Some("127.0.0.1".into()),
    }
}

/// A provider that remembers the last code, to be answered with.
#[derive(Clone, Default)]
pub(crate) struct Codes(Arc<Mutex<String>>);

impl Codes {
    fn keep(&self, code: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = code;
    }

    fn last(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Sender for Codes {
    fn send(&self, message: Message) -> Sent<'_> {
        self.keep(message.code);
        Box::pin(async { Ok(delivery()) })
    }
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
            "pooled" => repeat(&component(Isolation::Pooled, memory()?, codes).await?, endless).await,
            _ => repeat(&component(Isolation::Fresh, memory()?, codes).await?, endless).await,
        }
    })
}

async fn repeat(otp: &impl Otp, endless: &Endless) -> Result<()> {
    let mut recipients = Recipients::new();
    let wrong_codes = if endless.operation == "wrong" { WRONG_CODES } else { 0 };
    let mut left = endless.times;
    while left > 0 {
        let challenge = otp.issue(issue(&recipients.next())).await;
        let id = challenge.map_err(|failure| anyhow!("issue: {failure:?}"))?.id;
        left = left.saturating_sub(wrong_codes.max(1));
        for _ in 0..wrong_codes {
            verify_wrong(otp, &id).await.context("in a loop")?;
        }
    }
    Ok(())
}
