//! `wasi:keyvalue` for the guest: access checks, faults, and the translation of failures.

use wasmtime::component::Resource;
use wasmtime_wasi::TrappableError;

use super::{Failure, Pairs, Store};
use crate::bindings::wasi::keyvalue0_2_0_draft2::atomics::{self, CasError};
use crate::bindings::wasi::keyvalue0_2_0_draft2::batch;
use crate::bindings::wasi::keyvalue0_2_0_draft2::store::{self, KeyResponse};
use crate::faults::{Faults, Operation};
use crate::state::State;

/// What an operation may end with: an error for the guest, or a trap.
pub(crate) type Error = TrappableError<store::Error>;

/// An opened store.
#[derive(Clone)]
#[expect(unreachable_pub, reason = "the bindings re-export it publicly")]
pub struct Bucket {
    store: Store,
    label: String,
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Reported(text) => store::Error::Other(text).into(),
            Failure::Panicked(text) => {
                Self::trap(wasmtime::Error::msg(format!("Spin would panic here: {text}")))
            }
        }
    }
}

impl State {
    fn bucket(&self, bucket: &Resource<Bucket>) -> Result<Bucket, Error> {
        self.table.get(bucket).cloned().map_err(|_| store::Error::NoSuchStore.into())
    }
}

/// Counts an operation, and lets it fail or take long where that is wanted.
async fn judged<T>(
    faults: &Faults,
    operation: Operation,
    key: &str,
    work: impl Future<Output = Result<T, Failure>> + Send,
) -> Result<T, Error> {
    let verdict = faults.judge(operation, key);
    if !verdict.delay.is_zero() {
        tokio::time::sleep(verdict.delay).await;
    }
    let Some(error) = verdict.error else { return Ok(work.await?) };
    if verdict.takes_effect {
        work.await?;
    }
    Err(store::Error::Other(error).into())
}

impl store::Host for State {
    async fn open(&mut self, identifier: String) -> Result<Resource<Bucket>, Error> {
        if !self.app.allowed_stores.contains(&identifier) {
            return Err(store::Error::AccessDenied.into());
        }
        let store = self.app.stores.get(&identifier).ok_or(store::Error::NoSuchStore)?.clone();
        judged(&self.app.faults, Operation::Open, "", store.open()).await?;
        let bucket = Bucket { store, label: identifier };
        self.table.push(bucket).map_err(|_| store::Error::Other("store table full".into()).into())
    }

    fn convert_error(&mut self, error: Error) -> wasmtime::Result<store::Error> {
        error.downcast()
    }
}

impl store::HostBucket for State {
    async fn get(
        &mut self,
        bucket: Resource<Bucket>,
        key: String,
    ) -> Result<Option<Vec<u8>>, Error> {
        let Bucket { store, label } = self.bucket(&bucket)?;
        judged(&self.app.faults, Operation::Get, &key, store.get(&label, &key)).await
    }

    async fn set(
        &mut self,
        bucket: Resource<Bucket>,
        key: String,
        value: Vec<u8>,
    ) -> Result<(), Error> {
        let Bucket { store, label } = self.bucket(&bucket)?;
        judged(&self.app.faults, Operation::Set, &key, store.set(&label, &key, &value)).await
    }

    async fn delete(&mut self, bucket: Resource<Bucket>, key: String) -> Result<(), Error> {
        let Bucket { store, label } = self.bucket(&bucket)?;
        judged(&self.app.faults, Operation::Delete, &key, store.delete(&label, &key)).await
    }

    async fn exists(&mut self, bucket: Resource<Bucket>, key: String) -> Result<bool, Error> {
        let Bucket { store, label } = self.bucket(&bucket)?;
        let value =
            judged(&self.app.faults, Operation::Exists, &key, store.get(&label, &key)).await?;
        Ok(value.is_some())
    }

    async fn list_keys(
        &mut self,
        bucket: Resource<Bucket>,
        cursor: Option<String>,
    ) -> Result<KeyResponse, Error> {
        if cursor.is_some() {
            return Err(store::Error::Other("list_keys: cursor not supported".into()).into());
        }
        let Bucket { store, label } = self.bucket(&bucket)?;
        let keys = judged(&self.app.faults, Operation::ListKeys, "", store.keys(&label)).await?;
        Ok(KeyResponse { keys, cursor: None })
    }

    async fn drop(&mut self, bucket: Resource<Bucket>) -> wasmtime::Result<()> {
        self.table.delete(bucket)?;
        Ok(())
    }
}

impl batch::Host for State {
    async fn get_many(
        &mut self,
        bucket: Resource<Bucket>,
        keys: Vec<String>,
    ) -> Result<Pairs, Error> {
        let Bucket { store, label } = self.bucket(&bucket)?;
        let name = keys.join(" ");
        judged(&self.app.faults, Operation::GetMany, &name, store.get_many(&label, &keys)).await
    }

    async fn set_many(
        &mut self,
        _bucket: Resource<Bucket>,
        _values: Vec<(String, Vec<u8>)>,
    ) -> Result<(), Error> {
        Err(store::Error::Other("set_many is not offered: nothing of ours uses it".into()).into())
    }

    async fn delete_many(
        &mut self,
        bucket: Resource<Bucket>,
        keys: Vec<String>,
    ) -> Result<(), Error> {
        let Bucket { store, label } = self.bucket(&bucket)?;
        let name = keys.join(" ");
        judged(&self.app.faults, Operation::DeleteMany, &name, store.delete_many(&label, &keys))
            .await
    }
}

/// Spin's compare-and-swap does not work on either backend, so nothing of ours may depend on it: no handle.
const NO_CAS: &str = "compare-and-swap is not offered: Spin's writes where it reports failure";

impl atomics::Host for State {
    async fn increment(
        &mut self,
        bucket: Resource<Bucket>,
        key: String,
        delta: i64,
    ) -> Result<i64, Error> {
        let Bucket { store, label } = self.bucket(&bucket)?;
        judged(&self.app.faults, Operation::Increment, &key, store.increment(&label, &key, delta))
            .await
    }

    async fn swap(
        &mut self,
        _cas: Resource<atomics::Cas>,
        _value: Vec<u8>,
    ) -> wasmtime::Result<Result<(), CasError>> {
        Ok(Err(CasError::StoreError(store::Error::Other(NO_CAS.into()))))
    }
}

impl atomics::HostCas for State {
    async fn new(
        &mut self,
        _bucket: Resource<Bucket>,
        _key: String,
    ) -> Result<Resource<atomics::Cas>, Error> {
        Err(store::Error::Other(NO_CAS.into()).into())
    }

    async fn current(&mut self, _cas: Resource<atomics::Cas>) -> Result<Option<Vec<u8>>, Error> {
        Err(store::Error::Other(NO_CAS.into()).into())
    }

    async fn drop(&mut self, _cas: Resource<atomics::Cas>) -> wasmtime::Result<()> {
        Ok(())
    }
}
