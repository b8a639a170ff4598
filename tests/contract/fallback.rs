//! Two stores of which one is in use: what goes to which, and what is carried between them.

use std::sync::Arc;
use std::time::Duration;

use countersign::stores::fallback::{Aid, FallbackStore, InUse, Told};
use countersign::stores::redis::RedisSettings;
use countersign::stores::{Store, StoreSettings};
use countersign_contract::store::Reply;
use countersign_contract::types::StoreError;
use countersign_tests::proxy::Proxy;
use countersign_tests::redis::RedisServer;
use countersign_tests::wait::until_async;

use crate::harness::{get, redis_settings, set, step};

const PATIENCE: Duration = Duration::from_secs(30);
const HISTORY: &str = "{a}:history";

/// Histories that are sets of numbers: joined, they have those of both.
struct Sets;

impl Aid for Sets {
    fn join(
        &self,
        _: String,
        kept: Option<Vec<u8>>,
        carried: Vec<u8>,
    ) -> Told<'_, Result<Option<Vec<u8>>, StoreError>> {
        let mut all: Vec<u8> = kept.into_iter().flatten().chain(carried).collect();
        all.sort_unstable();
        all.dedup();
        Box::pin(async { Ok(Some(all)) })
    }

    fn fits<'a>(&'a self, _: &'a dyn Store) -> Told<'a, bool> {
        Box::pin(async { true })
    }
}

struct Two {
    first: RedisServer,
    second: RedisServer,
}

impl Two {
    fn start() -> Self {
        let durable = ["--appendonly", "yes", "--appendfsync", "always"];
        let first = RedisServer::start_with(&durable).unwrap();
        Self { first, second: RedisServer::start().unwrap() }
    }

    async fn open(&self) -> FallbackStore {
        self.open_through(self.first.port()).await
    }

    /// With the first at another port.
    async fn open_through(&self, port: u16) -> FallbackStore {
        let settings = |port: u16| {
            let url = format!("redis://127.0.0.1:{port}");
            StoreSettings::Redis(RedisSettings {
                connect_timeout_seconds: 2,
                ..redis_settings(&url)
            })
        };
        FallbackStore::open(&settings(port), &settings(self.second.port())).await.unwrap()
    }

    /// The history that a server holds.
    fn held(server: &RedisServer) -> Option<Vec<u8>> {
        let mut connection = server.connection().unwrap();
        let key = format!("countersign:{HISTORY}");
        ::redis::cmd("GET").arg(key).query::<Option<Vec<u8>>>(&mut connection).unwrap()
    }
}

async fn count(store: &dyn Store) -> Result<i64, StoreError> {
    match store.run(vec![step("{a}:n", 1, 60)]).await?.replies.as_slice() {
        [Reply::Count(count)] => Ok(*count),
        replies => panic!("{replies:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_stays_on_the_store_of_its_first_batch() {
    let mut two = Two::start();
    let store = two.open().await;
    store.keep(Arc::new(Sets));
    let [early, idle] = [store.for_call().unwrap(), store.for_call().unwrap()];
    assert_eq!(count(early.as_ref()).await, Ok(1));
    two.first.stop().unwrap();
    // One that has not begun goes to the second, where nothing was counted yet.
    assert_eq!(count(idle.as_ref()).await, Ok(1));
    assert_eq!(store.in_use(), InUse::Second);
    count(early.as_ref()).await.unwrap_err();
    two.first.restart().unwrap();
    let back = until_async(PATIENCE, async || (store.in_use() == InUse::First).then_some(()));
    back.await.expect("the first comes back");
    assert_eq!(count(early.as_ref()).await, Ok(2));
    assert_eq!(count(idle.as_ref()).await, Ok(2));
    assert_eq!(store.switches().count, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_second_ends_with_the_last_history_however_many_write_at_once() {
    let two = Two::start();
    let mut hosts = Vec::new();
    for _ in 0..4 {
        let store = two.open().await;
        store.keep(Arc::new(Sets));
        hosts.push(store);
    }
    for round in 0..20_u8 {
        let mut writers = tokio::task::JoinSet::new();
        for (number, host) in hosts.iter().cloned().enumerate() {
            let value = [round, u8::try_from(number).unwrap()];
            writers.spawn(async move {
                host.run(vec![set(HISTORY, &value, 60)]).await.unwrap();
            });
        }
        writers.join_all().await;
        let same = || (Two::held(&two.first) == Two::held(&two.second)).then_some(());
        until_async(PATIENCE, async || same()).await.expect("both hold the same");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_to_the_second_is_joined_with_what_the_first_holds() {
    let mut two = Two::start();
    let [one, other] = [two.open().await, two.open().await];
    for store in [&one, &other] {
        store.keep(Arc::new(Sets));
    }
    one.run(vec![set(HISTORY, &[1], 60)]).await.unwrap();
    two.first.stop().unwrap();
    // Who writes has read before.
    for (store, value) in [(&one, &[2][..]), (&other, &[2, 3])] {
        store.run(vec![get("{a}:n"), set(HISTORY, value, 60)]).await.unwrap();
        assert_eq!(store.in_use(), InUse::Second);
    }
    assert_eq!(Two::held(&two.second), Some(vec![2, 3]));
    two.first.restart().unwrap();
    for store in [&one, &other] {
        let back = until_async(PATIENCE, async || (store.in_use() == InUse::First).then_some(()));
        back.await.expect("the first comes back");
    }
    assert_eq!(Two::held(&two.first), Some(vec![1, 2, 3]));
    assert_eq!(Two::held(&two.second), Some(vec![1, 2, 3]));
    let (endless, keys) = two.second.endless_keys().unwrap();
    assert!(endless.is_empty() && keys > 0, "{endless:?}");
    // No mark is left.
    let mut connection = two.second.connection().unwrap();
    let marks = ::redis::cmd("KEYS").arg("*}*:owed").query::<Vec<String>>(&mut connection);
    assert_eq!(marks, Ok(Vec::new()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_that_was_emptied_gets_its_copies_again() {
    let mut two = Two::start();
    let store = two.open().await;
    store.keep(Arc::new(Sets));
    store.run(vec![set(HISTORY, &[1], 60)]).await.unwrap();
    let copied = async |server: &RedisServer| {
        let copied = async || (Two::held(server) == Some(vec![1])).then_some(());
        until_async(PATIENCE, copied).await.expect("it is copied");
    };
    copied(&two.second).await;
    two.second.run(&["FLUSHALL"]).unwrap();
    copied(&two.second).await;
    two.second.stop().unwrap();
    two.second.restart().unwrap();
    copied(&two.second).await;
}

/// One host has lost the first store, the other one has not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_host_owes_is_not_written_over() {
    let two = Two::start();
    let wire = Proxy::start(two.first.port()).await.unwrap();
    let cut_off = two.open_through(wire.address().port()).await;
    let connected = two.open().await;
    for store in [&cut_off, &connected] {
        store.keep(Arc::new(Sets));
    }
    connected.run(vec![set(HISTORY, &[1], 60)]).await.unwrap();
    wire.swallow();
    cut_off.run(vec![get("{a}n"), set(HISTORY, &[1, 2], 60)]).await.unwrap();
    assert_eq!(cut_off.in_use(), InUse::Second);
    connected.run(vec![get("{a}n"), set(HISTORY, &[1, 3], 60)]).await.unwrap();
    let held = || Two::held(&two.second).unwrap();
    let both = until_async(PATIENCE, async || {
        assert!(held().contains(&2), "{:?}", held());
        (held() == [1, 2, 3] && Two::held(&two.first) == Some(vec![1, 2, 3])).then_some(())
    });
    both.await.expect("what the one owes is carried by the other");
}
