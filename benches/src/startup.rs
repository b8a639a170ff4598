//! From start to ready: the real binary, its native code kept from an earlier start.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::child::resident_mib;
use crate::report::Spread;

/// Starts that count; one more makes the native code.
const STARTS: usize = 10;

/// Starts the host again and again, over Redis, and prints how long it takes until it serves.
pub(crate) fn run(redis: &str) -> Result<()> {
    let Some(host) = std::env::var_os("COUNTERSIGN_TEST_BIN") else {
        bail!("COUNTERSIGN_TEST_BIN names no host: run `cargo xtask bench`");
    };
    let folder = tempfile::tempdir()?;
    let settings = folder.path().join("countersign.toml");
    fs::write(&settings, configuration(folder.path(), redis))?;
    let (first, _) = start(Path::new(&host), &settings)?;
    let mut times = Vec::new();
    let mut memory = 0.0;
    for _ in 0..STARTS {
        let (time, resident) = start(Path::new(&host), &settings)?;
        times.push(time.as_secs_f64() * 1e3);
        memory = resident;
    }
    let spread = Spread::of(times);
    println!("\nFrom start to ready\n");
    println!("first start, compiling   {:>7.0} ms", first.as_secs_f64() * 1e3);
    println!(
        "native code kept         {:>7.0} ms ({:.0}-{:.0})",
        spread.median, spread.least, spread.most
    );
    println!("memory when ready        {memory:>7.1} MiB");
    Ok(())
}

fn configuration(folder: &Path, redis: &str) -> String {
    let cache = folder.join("cache").display().to_string();
    format!(
        r#"
[server]
listen = "127.0.0.1:0"
mode = "development"
[store]
type = "redis"
url = "{redis}"
[engine]
cache_directory = "{cache}"
[senders.sms]
type = "console"
[purposes.login]
channels = ["sms"]
[log]
format = "json"
"#
    )
}

/// The time until the host logs that it is ready, and its memory then.
fn start(host: &Path, settings: &Path) -> Result<(Duration, f64)> {
    let start = Instant::now();
    let mut child = Command::new(host)
        .arg("serve")
        .arg("--config")
        .arg(settings)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    let lines = BufReader::new(child.stderr.take().context("no standard error")?).lines();
    let mut said = Vec::new();
    let mut ready = None;
    for line in lines {
        let line = line?;
        if line.contains(r#""message":"ready""#) {
            ready = Some((start.elapsed(), resident_mib(child.id())?));
            break;
        }
        said.push(line);
    }
    child.kill()?;
    child.wait()?;
    ready.with_context(|| format!("the host did not get ready: {}", said.join("\n")))
}
