//! The store as a component: conversions only.

countersign_contract::types!(crate::bindings::countersign::otp::types);
countersign_contract::store!(crate::bindings::exports::countersign::otp::store);
countersign_contract::upkeep!(crate::bindings::exports::countersign::otp::upkeep);

use std::future::Future;
use std::sync::Mutex;

use countersign_contract::Translate;
use countersign_contract::store::Outcome;
use countersign_contract::types::StoreError;
use futures_util::FutureExt as _;

use crate::Store;
use crate::bindings::countersign::otp::types;
use crate::bindings::exports::countersign::otp::{store as exported, upkeep};
use crate::key_value::KeyValue;
use crate::version;

struct Component;

#[expect(unsafe_code, reason = "generated: the exports of wit/")]
mod exports {
    use super::Component;
    use crate::bindings;

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
    let waits = || Err(StoreError::Other("a synchronous import did not return".into()));
    call.now_or_never().unwrap_or_else(waits)
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
    fn ready() -> Result<u32, types::StoreError> {
        with_store(|store| now(store.ready())).flatten().translate()
    }

    fn sweep_due() -> bool {
        version::sweeps_by_itself() && with_store(|store| store.sweep_due()).unwrap_or(false)
    }

    fn sweep(limit: u32) -> Result<upkeep::Swept, types::StoreError> {
        with_store(|store| now(store.sweep(limit))).flatten().translate()
    }
}
