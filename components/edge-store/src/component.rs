//! The store as a component: conversions, and the backend over `wasi:keyvalue`.

mod bindings {
    wit_bindgen::generate!({ path: "../../wit", world: "edge-store", generate_all });
}

countersign_contract::types!(self::bindings::countersign::otp::types);
countersign_contract::store!(self::bindings::exports::countersign::otp::store);
countersign_contract::upkeep!(self::bindings::exports::countersign::otp::upkeep);

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use countersign_contract::Translate;
use countersign_contract::store::Outcome;
use countersign_contract::types::StoreError;

use self::bindings::countersign::otp::types;
use self::bindings::exports::countersign::otp::{store as exported, upkeep};
use self::bindings::wasi::clocks::{monotonic_clock, wall_clock};
use self::bindings::wasi::keyvalue::{atomics, batch, store};
use self::bindings::wasi::random::random;
use crate::{Backend, Fault, Store};

/// The store's label in the app's manifest.
const LABEL: &str = "default";
const NANOS_PER_MILLI: u64 = 1_000_000;

struct Component;

#[expect(unsafe_code, reason = "generated: the exports of wit/")]
mod exports {
    use super::{Component, bindings};

    bindings::export!(Component with_types_in bindings);
}

/// The store of this instance, with all that it remembers.
static STORE: Mutex<Option<Store<KeyValue>>> = Mutex::new(None);

/// Does something with the store. A call comes alone: its imports are synchronous and an instance isn't entered
/// twice. Should that ever change, the second call is refused.
fn with_store<T>(call: impl FnOnce(&mut Store<KeyValue>) -> T) -> Result<T, StoreError> {
    let mut store = STORE.try_lock().map_err(|_| StoreError::Unavailable)?;
    Ok(call(store.get_or_insert_with(|| Store::new(KeyValue::default()))))
}

/// Polls a call that can't wait.
fn now<T>(call: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    match pin!(call).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => Err(StoreError::Other("a synchronous import did not return".into())),
    }
}

impl exported::Guest for Component {
    fn run(batch: Vec<exported::Operation>) -> Result<exported::Outcome, types::StoreError> {
        let batch = batch.translate();
        let replies = with_store(|store| now(store.run(&batch))).flatten();
        // `wasi:keyvalue` says nothing of its backend's history.
        replies.map(|replies| Outcome { replies, generation: None }).translate()
    }
}

impl upkeep::Guest for Component {
    fn ready() -> Result<(), types::StoreError> {
        with_store(|store| now(store.ready())).flatten().translate()
    }

    fn sweep_due() -> bool {
        with_store(|store| store.sweep_due()).unwrap_or(false)
    }

    fn sweep(limit: u32) -> Result<upkeep::Swept, types::StoreError> {
        with_store(|store| now(store.sweep(limit))).flatten().translate()
    }
}

/// The runtime's store, kept open for as long as it answers. After an error it is opened anew: what the error
/// broke may be the handle.
#[derive(Default)]
struct KeyValue {
    open: RefCell<Option<store::Bucket>>,
}

impl KeyValue {
    fn call<T>(
        &self,
        call: impl FnOnce(&store::Bucket) -> Result<T, store::Error>,
    ) -> Result<T, Fault> {
        let bucket = match self.open.take() {
            Some(bucket) => bucket,
            None => store::open(LABEL).map_err(fault)?,
        };
        let got = call(&bucket).map_err(fault)?;
        self.open.replace(Some(bucket));
        Ok(got)
    }
}

impl Backend for KeyValue {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Fault> {
        self.call(|bucket| bucket.get(key))
    }

    async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, Fault> {
        // Only what is there comes back, in any order.
        let found = self.call(|bucket| batch::get_many(bucket, keys))?;
        // Not collected: that would sort them first, which is 4 KB of code for each type that it is done with.
        let mut values = BTreeMap::new();
        values.extend(found);
        Ok(keys.iter().map(|key| values.get(key).cloned().flatten()).collect())
    }

    async fn set(&self, key: &str, bytes: &[u8]) -> Result<(), Fault> {
        self.call(|bucket| bucket.set(key, bytes))
    }

    async fn delete(&self, key: &str) -> Result<(), Fault> {
        self.call(|bucket| bucket.delete(key))
    }

    async fn delete_many(&self, keys: &[String]) -> Result<(), Fault> {
        self.call(|bucket| batch::delete_many(bucket, keys))
    }

    async fn increment(&self, key: &str, by: i64) -> Result<i64, Fault> {
        self.call(|bucket| atomics::increment(bucket, key, by))
    }

    async fn pause(&self, millis: u64) {
        monotonic_clock::subscribe_duration(millis.saturating_mul(NANOS_PER_MILLI)).block();
    }

    fn now(&self) -> u64 {
        wall_clock::now().seconds
    }

    fn elapsed_millis(&self) -> u64 {
        monotonic_clock::now() / NANOS_PER_MILLI
    }

    fn random(&self) -> u64 {
        random::get_random_u64()
    }
}

fn fault(error: store::Error) -> Fault {
    match error {
        store::Error::AccessDenied | store::Error::NoSuchStore => Fault::Denied,
        store::Error::Other(text) => Fault::of_text(&text),
    }
}
