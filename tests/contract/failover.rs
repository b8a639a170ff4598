//! Several Redis servers: found, lost and found again, and nothing carried out twice meanwhile.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use countersign::stores::redis::{RedisSettings, RedisStore};
use countersign::stores::{OpenError, Parts, Store};
use countersign_contract::Secret;
use countersign_contract::store::Reply;
use countersign_contract::types::StoreError;
use countersign_tests::redis::RedisServer;
use countersign_tests::redis_cluster::RedisCluster;
use countersign_tests::sentinel::Sentinels;
use countersign_tests::wait::{until, until_async};
use tokio::time::{sleep, timeout};

use crate::harness::{Servers, assert_same, get, redis_settings, set, step, value};

const PATIENCE: Duration = Duration::from_secs(60);

/// The generation, once the store takes writes of this key again.
async fn generation_when_back(store: &RedisStore, key: &str) -> u64 {
    let back = async {
        loop {
            if let Ok(outcome) = store.run(vec![step(key, 1, 600)]).await {
                return outcome.generation.unwrap();
            }
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, back).await.expect("not back in time")
}

async fn count(store: &RedisStore, key: &str) -> i64 {
    match store.run(vec![step(key, 0, 1)]).await.unwrap().replies.as_slice() {
        [Reply::Count(count)] => *count,
        other => panic!("{other:?}"),
    }
}

/// Steps `key` from four tasks until told to end. Returns how often that was answered, and what else the answers were.
fn step_all_along(
    store: &Arc<RedisStore>,
    key: &'static str,
    is_over: &Arc<AtomicBool>,
) -> Vec<tokio::task::JoinHandle<(i64, i64, HashSet<String>)>> {
    let task = |_| {
        let (store, is_over) = (Arc::clone(store), Arc::clone(is_over));
        tokio::spawn(async move {
            let (mut done, mut unknown, mut errors) = (0, 0, HashSet::new());
            while !is_over.load(Ordering::Relaxed) {
                // Two keys of one slot: a transaction.
                let batch = vec![step(key, 1, 600), set(&format!("{key}-beside"), b"x", 600)];
                match store.run(batch).await {
                    Ok(_) => done += 1,
                    Err(error) => {
                        unknown += i64::from(matches!(error, StoreError::Timeout));
                        errors.insert(format!("{error:?}"));
                        sleep(Duration::from_millis(2)).await;
                    }
                }
            }
            (done, unknown, errors)
        })
    };
    (0..4).map(task).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_of_many_slots_share_a_batch() {
    let cluster = RedisCluster::start().unwrap();
    let store = cluster.open(RedisSettings::default()).await.unwrap();
    let keys: Vec<String> = (0..15).map(|number| format!("{{{number}}}n")).collect();
    for round in 1..=2 {
        let batch = keys.iter().zip(1..).map(|(key, by)| step(key, by, 60)).collect();
        let replies = store.run(batch).await.unwrap().replies;
        let expected: Vec<_> = (1..=15).map(|by| Reply::Count(by * round)).collect();
        assert_same(&replies, &expected);
    }
    let batch = vec![set("{0}v", b"0", 60), set("{7}v", b"7", 60), get("{0}v"), get("{7}v")];
    let replies = store.run(batch).await.unwrap().replies;
    assert_same(&replies, &[Reply::Done, Reply::Done, value(b"0"), value(b"7")]);
    let used = cluster
        .connections()
        .unwrap()
        .into_iter()
        .map(|mut connection| redis::cmd("DBSIZE").query::<u64>(&mut connection).unwrap());
    assert!(used.into_iter().all(|keys| keys > 0), "one master has all keys");
    assert_eq!(store.diagnostics().parts, Parts { all: 3, working: 3 });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slot_may_move_under_load() {
    let cluster = RedisCluster::start().unwrap();
    let store = Arc::new(cluster.open(RedisSettings::default()).await.unwrap());
    store.run(vec![set("{a}early", b"kept", 600)]).await.unwrap();
    let is_over = Arc::new(AtomicBool::new(false));
    let tasks = step_all_along(&store, "{a}n", &is_over);
    let (cluster, store) = tokio::task::spawn_blocking(move || {
        let pause = || std::thread::park_timeout(Duration::from_millis(300));
        pause();
        cluster.move_slot("{a}", pause).unwrap();
        pause();
        (cluster, store)
    })
    .await
    .unwrap();
    is_over.store(true, Ordering::Relaxed);
    let (mut done, mut unknown, mut errors) = (0, 0, HashSet::new());
    for task in tasks {
        let (more, late, others) = task.await.unwrap();
        (done, unknown) = (done + more, unknown + late);
        errors.extend(others);
    }
    let counted = count(&store, "{a}n").await;
    assert!((done..=done + unknown).contains(&counted), "{counted} of {done} + {unknown}");
    let expected: HashSet<String> = ["Timeout", "Unavailable"].map(str::to_owned).into();
    assert!(errors.is_subset(&expected), "{errors:?}");
    assert!(done > 50, "{done}");
    assert_same(&store.run(vec![get("{a}early")]).await.unwrap().replies, &[value(b"kept")]);
    drop(cluster);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_on_their_way_are_found_on_either_side() {
    let cluster = RedisCluster::start().unwrap();
    let store = Arc::new(cluster.open(RedisSettings::default()).await.unwrap());
    store.run(vec![step("{a}n", 5, 600)]).await.unwrap();
    let asked = Arc::clone(&store);
    let handle = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || {
        // All keys are on the new master, which may not say so yet.
        let while_moving = || {
            handle.block_on(async {
                assert_eq!(count(&asked, "{a}n").await, 5);
                let replies = asked.run(vec![step("{a}n", 1, 600), step("{a}n", 1, 600)]).await;
                assert_same(&replies.unwrap().replies, &[Reply::Count(6), Reply::Count(7)]);
            });
        };
        cluster.move_slot("{a}", while_moving).unwrap();
        handle.block_on(async { assert_eq!(count(&asked, "{a}n").await, 7) });
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_takes_over_in_a_cluster() {
    let mut cluster = RedisCluster::start().unwrap();
    let store = cluster.open(RedisSettings::default()).await.unwrap();
    // The first master has slot 0, the last one the highest.
    let (lost, kept) = ("{06S}n", "{a}n");
    let before = generation_when_back(&store, lost).await;
    let elsewhere = generation_when_back(&store, kept).await;
    assert_ne!(before, elsewhere, "both keys are on one master");
    sleep(Duration::from_millis(200)).await;
    cluster.nodes[0].stop().unwrap();
    let mut was_impaired = false;
    let back = async {
        loop {
            let (written, replies) =
                tokio::join!(store.write(60), store.run(vec![step(lost, 1, 600)]));
            assert!(written.is_ok(), "two of three masters take writes: {written:?}");
            was_impaired |= store.diagnostics().parts.working < 3;
            match replies {
                Ok(outcome) => return outcome.generation.unwrap(),
                Err(error) => {
                    assert!(
                        matches!(error, StoreError::Unavailable | StoreError::Timeout),
                        "{error:?}"
                    );
                }
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    let after = timeout(PATIENCE, back).await.expect("not back in time");
    assert!(was_impaired);
    assert_ne!(after, before);
    assert_eq!(generation_when_back(&store, kept).await, elsewhere);
    assert!(count(&store, lost).await >= 2, "the replica had it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_master_that_evicts_and_comes_later_counts_as_not_working() {
    let cluster = RedisCluster::start().unwrap();
    let store = cluster.open(RedisSettings::default()).await.unwrap();
    let parts = |working| Parts { all: 3, working };
    assert_eq!(store.diagnostics().parts, parts(3));
    let replica = &cluster.nodes[3];
    replica.run(&["CONFIG", "SET", "maxmemory", "50mb"]).unwrap();
    replica.run(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]).unwrap();
    let is_master =
        || replica.info("replication").is_ok_and(|text| text.contains("role:master")).then_some(());
    let mut took_over = None;
    // It takes over from a master that goes on working; Redis gives that up after 5 s, and says nothing.
    for _ in 0..5 {
        replica.run(&["CLUSTER", "FAILOVER"]).unwrap();
        took_over = until(Duration::from_secs(7), is_master).await;
        if took_over.is_some() {
            break;
        }
    }
    took_over.expect("no fail-over");
    let is_known = async || {
        let taken = store.run(vec![step("{06S}n", 1, 600)]).await;
        (taken.is_ok() && store.diagnostics().parts == parts(2)).then_some(())
    };
    until_async(PATIENCE, is_known).await.expect("not noticed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_and_a_single_server_are_told_apart() {
    let cluster = RedisCluster::start().unwrap();
    let error = RedisStore::open(&redis_settings(&cluster.url())).await.err().unwrap();
    assert!(matches!(error, OpenError::Clustered { .. }), "{error:?}");
    assert!(error.to_string().contains("store.cluster = true"), "{error}");
    let single = RedisServer::start().unwrap();
    let settings = RedisSettings { cluster: true, ..redis_settings(&single.url()) };
    let error = RedisStore::open(&settings).await.err().unwrap();
    assert!(matches!(error, OpenError::Unclustered { .. }), "{error:?}");
    let told = "store.cluster = true, but Redis at 127.0.0.1";
    assert!(error.to_string().starts_with(told), "{error}");
    // A node that doesn't answer is no hindrance where another one is named.
    let gone = redis_settings(&format!(
        "redis://127.0.0.1:{}",
        countersign_tests::redis::free_port().unwrap()
    ));
    let cluster_nodes = vec![cluster.url().trim_start_matches("redis://").to_owned()];
    let settings = RedisSettings { cluster: true, cluster_nodes, ..gone };
    RedisStore::open(&settings).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sentinels_tell_who_takes_over() {
    let mut sentinels = Sentinels::start().unwrap();
    let store = sentinels.open(RedisSettings::default()).await.unwrap();
    let before = generation_when_back(&store, "{a}n").await;
    sleep(Duration::from_millis(300)).await;
    // All is well: the master becomes a replica, which refuses writes.
    sentinels.fail_over().unwrap();
    let demoted = async {
        loop {
            let after = generation_when_back(&store, "{a}n").await;
            if after != before {
                return after;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    let between = timeout(PATIENCE, demoted).await.expect("no fail-over in time");
    assert!(count(&store, "{a}n").await >= 2, "the replica had it");
    let is_master = |server: &RedisServer| {
        server.info("replication").is_ok_and(|text| text.contains("role:master"))
    };
    // And now it dies.
    let master = sentinels.servers.iter().position(is_master).unwrap();
    sentinels.servers[master].stop().unwrap();
    let after = generation_when_back(&store, "{a}n").await;
    assert_ne!(after, between);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sentinels_may_want_a_password_and_be_fewer() {
    let sentinels = Sentinels::start_with(Some("guarded")).unwrap();
    let password = |text: &str| Some(Secret::new(text.to_owned()));
    let settings = |text| RedisSettings {
        sentinel_password: password(text),
        connect_timeout_seconds: 5,
        ..RedisSettings::default()
    };
    let store = sentinels.open(settings("guarded")).await.unwrap();
    store.run(vec![step("{a}n", 1, 60)]).await.unwrap();
    let error = sentinels.open(settings("hunter2")).await.err().unwrap();
    assert!(matches!(error, OpenError::Denied { .. }), "{error:?}");
    assert!(error.to_string().contains("sentinel 127.0.0.1"), "{error}");
    assert!(!error.to_string().contains("hunter2"), "{error}");

    let url = redis_settings("redis://another").url;
    let addresses = sentinels.addresses();
    let wrong = RedisSettings { url, sentinels: addresses.clone(), ..settings("guarded") };
    let error = RedisStore::open(&wrong).await.err().unwrap();
    assert!(error.to_string().contains("knows no master named \"another\""), "{error}");

    let dead = format!("127.0.0.1:{}", countersign_tests::redis::free_port().unwrap());
    let url = redis_settings("redis://mymaster").url;
    let some = vec![dead, addresses[1].clone()];
    let settings = RedisSettings { url, sentinels: some, ..settings("guarded") };
    RedisStore::open(&settings).await.unwrap();
}

/// The rights that the page on Redis names, as Redis wants them.
fn documented_rights() -> Vec<&'static str> {
    let page = include_str!("../../docs/stores/redis.md");
    let (_, section) = page.split_once("## Permissions").unwrap();
    let right = |word: &'static str| word.trim_matches(['`', ',', '.', ';', ':']);
    let rights: Vec<_> = section
        .split_whitespace()
        .map(right)
        .filter(|word| word.starts_with('+') || word.starts_with('~'))
        .collect();
    assert!(rights.len() > 10, "{rights:?}");
    rights
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_documented_rights_are_enough() {
    let rights = documented_rights();
    let allow = |server: &RedisServer| {
        let user = ["ACL", "SETUSER", "ann", "on", ">right"];
        server.run(&[user.as_slice(), rights.as_slice()].concat()).unwrap();
    };
    let with_user = |url: String| redis_settings(&url.replace("redis://", "redis://ann:right@"));
    let works = async |store: RedisStore| {
        let batch = vec![get("{a}v"), get("{b}v"), step("{a}n", 1, 60), set("{a}v", b"x", 60)];
        assert!(store.run(batch).await.unwrap().generation.is_some());
        store.ping().await.unwrap();
        store.write(60).await.unwrap();
        store.scan(":challenges", None).await.unwrap();
        store
            .run(vec![countersign_contract::store::Operation::Delete("{a}v".into())])
            .await
            .unwrap();
    };
    let single = RedisServer::start().unwrap();
    allow(&single);
    works(RedisStore::open(&with_user(single.url())).await.unwrap()).await;

    let cluster = RedisCluster::start().unwrap();
    cluster.nodes.iter().for_each(allow);
    let settings = RedisSettings { cluster: true, ..with_user(cluster.url()) };
    works(RedisStore::open(&settings).await.unwrap()).await;
}
