//! The backend over the runtime's `wasi:keyvalue`: what both versions of it have alike.

use std::cell::RefCell;

use crate::bindings::wasi::clocks::{monotonic_clock, wall_clock};
use crate::bindings::wasi::random::random;
use crate::version::{self, batch, label, store};
use crate::{Backend, Fault};

const NANOS_PER_MILLI: u64 = 1_000_000;

/// The runtime's store, kept open for as long as it answers. After an error it is opened anew: what the error
/// broke may be the handle.
#[derive(Default)]
pub(crate) struct KeyValue {
    open: RefCell<Option<store::Bucket>>,
}

impl KeyValue {
    fn call<T>(
        &self,
        call: impl FnOnce(&store::Bucket) -> Result<T, store::Error>,
    ) -> Result<T, Fault> {
        let bucket = match self.open.take() {
            Some(bucket) => bucket,
            None => store::open(&label()?).map_err(fault)?,
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
        self.call(|bucket| version::get_many(bucket, keys))
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
        self.call(|bucket| version::increment(bucket, key, by))
    }

    fn counts_down(&self) -> bool {
        version::COUNTS_DOWN
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
