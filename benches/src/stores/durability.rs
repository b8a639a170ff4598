//! What each way to keep data costs, and what of the acknowledged is missing after a crash.
//!
//! Beside the rates, batches as an issue has them are carried out by many tasks at once until the server is killed with
//! SIGKILL. Then it is started again, or its replica takes over, and each batch that was acknowledged is looked for. What
//! the system had been given to write is not lost by that: only a loss of power would take it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Args;
use countersign::stores::{self, Store, StoreSettings};
use countersign_contract::store::{Assignment, MAX_OPERATIONS, Operation, Reply, Step};
use countersign_tests::redis::RedisServer;
use serde_json::json;
use tokio::task::JoinSet;

use super::compared::{self, Compared};
use super::site::Site;
use crate::affinity;

/// Tasks that write.
const WRITERS: usize = 64;
/// How long they do before the crash.
const BEFORE: Duration = Duration::from_millis(1_500);
const TTL_SECONDS: u32 = 3_600;

/// How much.
#[derive(Args, Clone)]
pub(crate) struct Durability {
    #[command(flatten)]
    load: Compared,
    /// Crashes of each.
    #[arg(long, default_value_t = 5)]
    crashes: usize,
}

/// Runs everything and prints both tables.
pub(crate) fn run(plan: &Durability) -> Result<()> {
    affinity::pin_to_last()?;
    let alone = |name, options: &[&str]| -> Result<Site> {
        Ok(Site::redis(name, vec![RedisServer::start_with(options)?], json!({})))
    };
    let master = RedisServer::start_with(&["--repl-diskless-sync-delay", "0"])?;
    let port = master.port().to_string();
    let replica = RedisServer::start_with(&["--replicaof", "127.0.0.1", &port])?;
    until_linked(&replica)?;
    let sites = vec![
        alone("redis, no persistence", &[])?,
        alone("redis, AOF everysec", &["--appendonly", "yes", "--appendfsync", "everysec"])?,
        alone("redis, AOF always", &["--appendonly", "yes", "--appendfsync", "always"])?,
        Site::redis("redis, a replica", vec![master, replica], json!({})),
        Site::postgres(false)?,
    ];
    let sites = compared::measure(&plan.load, sites)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    println!("\n{} crashes of each, {WRITERS} writers\n", plan.crashes);
    println!("| store | acknowledged | missing afterwards |");
    println!("|---|---|---|");
    for mut site in sites {
        let (mut acknowledged, mut missing) = (0, 0);
        for number in 0..plan.crashes {
            if number > 0 && site.redis_servers().len() > 1 {
                site = again(site)?;
            }
            let keys = runtime.block_on(write_until_killed(&mut site, number))?;
            let lost = runtime.block_on(missing_of(&site, &keys))?;
            acknowledged += keys.len();
            missing += lost;
        }
        println!("| {} | {acknowledged} | {missing} |", site.name);
    }
    Ok(())
}

/// A new master and its replica, once that follows.
fn again(site: Site) -> Result<Site> {
    let name = site.name;
    drop(site);
    let master = RedisServer::start_with(&["--repl-diskless-sync-delay", "0"])?;
    let port = master.port().to_string();
    let replica = RedisServer::start_with(&["--replicaof", "127.0.0.1", &port])?;
    until_linked(&replica)?;
    Ok(Site::redis(name, vec![master, replica], json!({})))
}

fn until_linked(replica: &RedisServer) -> Result<()> {
    for _ in 0..600 {
        if replica.info("replication")?.contains("master_link_status:up") {
            return Ok(());
        }
        std::thread::park_timeout(Duration::from_millis(20));
    }
    anyhow::bail!("the replica doesn't follow")
}

/// The keys of all batches that were acknowledged until the server was killed; then it, or its replica, is there again.
async fn write_until_killed(site: &mut Site, number: usize) -> Result<Vec<String>> {
    let settings: StoreSettings = serde_json::from_str(&site.settings)?;
    let store = stores::open(&settings).await?;
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        writers.spawn(write(Arc::clone(&store), format!("{{crash{number}-{writer}}}")));
    }
    tokio::time::sleep(BEFORE).await;
    site.kill()?;
    let mut keys = Vec::new();
    while let Some(written) = writers.join_next().await {
        keys.extend(written?);
    }
    drop(store);
    site.revive()?;
    Ok(keys)
}

/// Writes until that fails.
async fn write(store: Arc<dyn Store>, tag: String) -> Vec<String> {
    let mut keys = Vec::new();
    loop {
        let key = format!("{tag}{}", keys.len());
        let batch = vec![
            Operation::Increment(Step { key: format!("{tag}n"), by: 1, ttl_seconds: TTL_SECONDS }),
            Operation::Set(Assignment {
                key: key.clone(),
                value: vec![7; 200],
                ttl_seconds: TTL_SECONDS,
            }),
        ];
        if store.run(batch).await.is_err() {
            return keys;
        }
        keys.push(key);
    }
}

async fn missing_of(site: &Site, keys: &[String]) -> Result<usize> {
    let settings: StoreSettings = serde_json::from_str(&site.settings)?;
    let store = stores::open(&settings).await.context("it doesn't come back")?;
    let mut missing = 0;
    for some in keys.chunks(MAX_OPERATIONS) {
        let batch = some.iter().map(|key| Operation::Get(key.clone())).collect();
        let replies = store.run(batch).await.map_err(|error| anyhow::anyhow!("{error:?}"))?.replies;
        ensure!(replies.len() == some.len(), "replies are missing");
        missing += replies.iter().filter(|reply| matches!(reply, Reply::Value(None))).count();
    }
    Ok(missing)
}
