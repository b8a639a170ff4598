//! One store: first what its backend is asked without being opened, then what `serve` would do.

use std::time::Duration;

use countersign_contract::store::{Operation, Step};
use tokio::time::{Instant, timeout};

use crate::findings::{Check, Findings};
use crate::fingerprint::Fingerprint;
use crate::stores::{self, Generation, OpenError, SCRATCH, Store, StoreSettings};

/// How long opening may take: some tries, not all ten.
const OPEN_LIMIT: Duration = Duration::from_secs(4);
const OPEN_SECONDS: u64 = 2;
/// How many batches are measured, at most …
const BATCHES: usize = 100;
/// … and for how long.
const MEASURE_LIMIT: Duration = Duration::from_secs(2);
/// Half of all batches that take so long are warned of; so are the slowest.
const SLOW: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(250));
/// How long the scratch key lives.
const SCRATCH_SECONDS: u32 = 60;
/// How long reading the keys' fingerprint may take.
const KEYS_LIMIT: Duration = Duration::from_secs(2);

/// What is looked at once the store is open.
const CHECKS: [Check; 4] =
    [Check::StoreOpen, Check::StoreLatency, Check::StoreGeneration, Check::StoreKeys];

/// Looks at the store of these settings.
pub(super) async fn examine(
    settings: &StoreSettings,
    fingerprint: Option<&Fingerprint>,
    findings: &mut Findings,
) {
    if let Err(reason) = stores::examine(settings, findings).await {
        return findings.skip_rest(&CHECKS, &reason);
    }
    let opened = timeout(OPEN_LIMIT, stores::open(&hurried(settings))).await;
    let store = match opened {
        Ok(Ok(store)) => store,
        Ok(Err(error)) => {
            findings.failed(Check::StoreOpen, error.to_string(), mend(&error));
            return findings.skip_rest(&CHECKS, "the store can't be opened");
        }
        Err(_) => {
            let mend = "mend what else is said of the store";
            findings.failed(Check::StoreOpen, "it can't be opened in time", mend);
            return findings.skip_rest(&CHECKS, "the store can't be opened");
        }
    };
    match stores::writable(&*store).await {
        Ok(()) => findings.ok(Check::StoreOpen, "a process starts on it; a write works"),
        Err(error) => {
            let found = format!("it was opened, and takes no writes: {error:?}");
            findings.failed(Check::StoreOpen, found, "mend what else is said of the store");
        }
    }
    latency(&*store, findings).await;
    generation(&*store, findings);
    keys(&*store, fingerprint, findings).await;
}

/// The same settings, without the patience of a start.
fn hurried(settings: &StoreSettings) -> StoreSettings {
    let mut settings = settings.clone();
    match &mut settings {
        StoreSettings::Postgres(settings) => settings.connect_timeout_seconds = OPEN_SECONDS,
        StoreSettings::Redis(settings) => settings.connect_timeout_seconds = OPEN_SECONDS,
        StoreSettings::Memory(_) | StoreSettings::Sqlite(_) => {}
    }
    settings
}

fn mend(error: &OpenError) -> &'static str {
    match error {
        OpenError::Clustered { .. } => "set store.cluster = true",
        OpenError::Evicting { .. } => "set `maxmemory-policy noeviction` on the server",
        OpenError::File { .. } => {
            "give the user who runs countersign the right to the file and its folder"
        }
        OpenError::Foreign { .. } => "name another file in store.path",
        OpenError::Setting { .. } => "correct the setting",
        _ => "mend what else is said of the store",
    }
}

/// A batch as a verification has it: steps a count, and reads one.
fn batch() -> Vec<Operation> {
    let step = |by| {
        let key = SCRATCH.to_owned();
        Operation::Increment(Step { key, by, ttl_seconds: SCRATCH_SECONDS })
    };
    vec![step(1), step(0)]
}

async fn latency(store: &dyn Store, findings: &mut Findings) {
    let check = Check::StoreLatency;
    let (began, mut times) = (Instant::now(), Vec::with_capacity(BATCHES));
    while times.len() < BATCHES && began.elapsed() < MEASURE_LIMIT {
        let sent = Instant::now();
        if let Err(error) = store.run(batch()).await {
            let found = format!("a batch failed after {} that worked: {error:?}", times.len());
            return findings.failed(check, found, "look into the server's log and at its load");
        }
        times.push(sent.elapsed());
    }
    times.sort_unstable();
    let (half, most) = (percentile(&times, 50), percentile(&times, 99));
    let found = format!(
        "p50 {:.2} ms, p99 {:.2} ms ({} batches on the scratch key)",
        half.as_secs_f64() * 1_000.0,
        most.as_secs_f64() * 1_000.0,
        times.len()
    );
    if half >= SLOW.0 || most >= SLOW.1 {
        let mend = "bring store and service nearer together, or look at the store's load and disk: a \
                    verification waits for one or two batches";
        findings.warning(check, found, mend);
    } else {
        findings.ok(check, found);
    }
}

/// Of times in order, the one that so many percent don't exceed.
fn percentile(times: &[Duration], percent: usize) -> Duration {
    let rank = (times.len() * percent).div_ceil(100).max(1);
    times.get(rank - 1).copied().unwrap_or_default()
}

fn generation(store: &dyn Store, findings: &mut Findings) {
    let check = Check::StoreGeneration;
    match store.diagnostics().generation {
        Generation::Known { .. } => {
            findings.ok(check, "known: a store that went back in time is noticed")
        }
        Generation::NotTold => findings.warning(
            check,
            "not told: after a restart from a snapshot or a fail-over a code may be accepted twice",
            "allow the store's user the command INFO",
        ),
        Generation::Trusted => findings.ok(check, "not asked: store.after_restart is \"trust\""),
    }
}

async fn keys(store: &dyn Store, fingerprint: Option<&Fingerprint>, findings: &mut Findings) {
    let check = Check::StoreKeys;
    let Some(fingerprint) = fingerprint else {
        return findings
            .skipped(check, "keys or store end with the process, or the keys are wrong");
    };
    match timeout(KEYS_LIMIT, fingerprint.compare(store)).await {
        Ok(Ok(Ok(true))) => findings.ok(check, "the store's data was made with these keys"),
        Ok(Ok(Ok(false))) => findings.ok(check, "the store has no data yet"),
        Ok(Ok(Err(mismatch))) => {
            findings.failed(
                check,
                "the store's data was made with other keys",
                mismatch.to_string(),
            );
        }
        Ok(Err(error)) => findings.skipped(check, format!("the store doesn't say: {error:?}")),
        Err(_) => findings.skipped(check, "the store doesn't say in time"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_ranks() {
        let times: Vec<_> = (1..=100).map(Duration::from_millis).collect();
        assert_eq!(percentile(&times, 50), Duration::from_millis(50));
        assert_eq!(percentile(&times, 99), Duration::from_millis(99));
        assert_eq!(percentile(&times[..3], 99), Duration::from_millis(3));
        assert_eq!(percentile(&[], 50), Duration::ZERO);
    }
}
