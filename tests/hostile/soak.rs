//! What takes minutes, and is run by itself: `cargo xtask soak`.

mod attackers;
mod honest;

use std::io::{ErrorKind, PipeReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use countersign_http_api::keys::new_key;
use countersign_tests::attack::Attack;
use countersign_tests::client::Client;
use countersign_tests::process::Host;
use countersign_tests::redis::RedisServer;
use countersign_tests::settings::{self, Workplace};
use data_encoding::HEXLOWER;
use serde_json::Value;

use self::attackers::Attackers;
use self::honest::work;

const RULES: &str = "[purposes.login]\nchannels = [\"sms\"]\n";
const MINUTES: u64 = 10;
/// What a pipe holds on Linux.
const PIPE_BYTES: usize = 65_536;

/// How long to work: `COUNTERSIGN_SOAK_SECONDS`, where it is less or more than usual.
fn seconds(usual: u64) -> Duration {
    let said = std::env::var("COUNTERSIGN_SOAK_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(said.unwrap_or(usual))
}

/// A configuration with an API key, and a client that has it.
struct Stage {
    _redis: RedisServer,
    workplace: Workplace,
    config: std::path::PathBuf,
    key: String,
}

impl Stage {
    fn new(server: &str) -> Self {
        let (redis, workplace) = (RedisServer::start().unwrap(), Workplace::new().unwrap());
        let (key, sha256) = new_key(&[7; 32]);
        let sha256 = HEXLOWER.encode(&sha256);
        let keys =
            format!("{}[[api_keys]]\nname = \"app\"\nsha256 = \"{sha256}\"\n", settings::KEYS);
        let server = format!("{}{server}\n", settings::SERVER);
        // What else the machine does is not what is tested.
        let store = settings::redis(redis.port()) + "response_timeout_ms = 20000\n";
        // One line for each request.
        let log = "[log]\nformat = \"json\"\nfilter = \"warn,countersign_http_api=info\"\n";
        let senders = workplace.senders(&["sms"]);
        let sections = [&server, &store, &senders, log, &keys, RULES];
        let config = workplace.config("countersign.toml", &sections).unwrap();
        Self { _redis: redis, workplace, config, key: key.expose().to_owned() }
    }

    fn client(&self, host: &Host) -> impl Fn() -> Client + use<> {
        let (address, key) = (host.address(), self.key.clone());
        move || Client::new(address).with_key(&key)
    }
}

/// Resident memory in MiB: now, and the most that it was.
fn memory_mib(host: &Host) -> (u64, u64) {
    let status = std::fs::read_to_string(format!("/proc/{}/status", host.id())).unwrap();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1_024
    };
    (field("VmRSS:"), field("VmHWM:"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: cargo xtask soak"]
async fn honest_clients_are_served_beside_everything_that_strangers_hold() {
    let stage = Stage::new("max_connections = 30000");
    let host = Host::start(&stage.config).await.unwrap();
    let client = stage.client(&host);
    let pace = Duration::from_secs(1);
    work(&client, 200, pace, Duration::from_secs(5)).await;
    let (quiet, _) = memory_mib(&host);
    let alone = work(&client, 200, pace, seconds(60) / 2).await;
    println!("alone:   {alone}; {quiet} MiB");

    let address = host.address();
    let mut attackers = [
        Attackers::start(Attack::Rest, 10_000, address),
        Attackers::start(Attack::Rest, 10_000, address),
        Attackers::start(Attack::ReadSlowly, 1_000, address),
        Attackers::start(Attack::StallBodies, 1_000, address),
    ];
    for attackers in &mut attackers {
        attackers.wait_until_there();
    }
    let files = std::fs::read_dir(format!("/proc/{}/fd", host.id())).unwrap().count();
    let beside = work(&client, 200, pace, seconds(60)).await;
    let (now, most) = memory_mib(&host);
    println!("beside:  {beside}; {files} files open, {now} MiB, at most {most} MiB");
    let turned_away = host.log().into_iter().filter(|line| line["failed_accepts"].is_u64());
    println!("told of what was turned away: {} lines", turned_away.count());
    drop(attackers);

    assert!(files > 15_000, "{files} files: the attack did not take place");
    assert_eq!(
        (alone.refused.as_slice(), beside.refused.as_slice()),
        ([].as_slice(), [].as_slice())
    );
    assert!(beside.percentile(99) < Duration::from_millis(100), "{beside}");
    assert!(most < 200, "{most} MiB");
}

/// Reads what there is, once a second.
#[expect(clippy::disallowed_methods, reason = "a reader that stalls is what is tried")]
fn read_once_a_second(mut reader: PipeReader, ends: &AtomicBool) -> Vec<u8> {
    let (mut all, mut part) = (Vec::new(), vec![0; PIPE_BYTES]);
    loop {
        let is_last = ends.load(Ordering::SeqCst);
        match reader.read(&mut part) {
            Ok(0) => return all,
            Ok(count) => all.extend_from_slice(&part[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => panic!("{error}"),
        }
        if !is_last {
            std::thread::sleep(Duration::from_secs(1));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes ten minutes: cargo xtask soak"]
async fn with_a_log_reader_that_stalls_every_second_nothing_is_lost_but_log_lines() {
    let stage = Stage::new("");
    let (reader, writer) = std::io::pipe().unwrap();
    let directory = stage.workplace.path();
    let mut host =
        Host::start_logging_to(writer.into(), directory, &stage.config, &[]).await.unwrap();
    let ends = Arc::new(AtomicBool::new(false));
    let reading = {
        let ends = Arc::clone(&ends);
        tokio::task::spawn_blocking(move || read_once_a_second(reader, &ends))
    };
    let done =
        work(&stage.client(&host), 200, Duration::from_millis(500), seconds(MINUTES * 60)).await;
    let (_, most) = memory_mib(&host);
    // From now on the log is read as fast as it comes, so that the last count arrives too.
    ends.store(true, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_secs(2)).await;
    host.terminate().unwrap();
    assert!(host.ended().await.unwrap().success());
    let text = String::from_utf8(reading.await.unwrap()).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let requests = lines.iter().filter(|line| line["status"].is_u64()).count();
    let dropped: u64 = lines
        .iter()
        .filter(|line| line["message"].as_str().is_some_and(|text| text.contains("were dropped")))
        .map(|line| line["lines"].as_u64().unwrap())
        .sum();
    println!("{done}; {requests} lines of requests, {dropped} dropped, at most {most} MiB");
    assert_eq!(done.refused, []);
    assert!(dropped > 0, "the reader was never too slow");
    // What few others there were may have been dropped too.
    let missing = (done.latencies.len() - requests) as u64;
    assert!(missing <= dropped && dropped <= missing + 5, "{missing} missing, {dropped} counted");
    assert!(most < 200, "{most} MiB");
}
