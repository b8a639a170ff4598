//! The rules as a WebAssembly component, `countersign.wasm`: `countersign-core` behind `wit/`.
//!
//! Conversions only; every decision is the core's. The core is written as `async fn` over its world; the
//! component's imports are synchronous, so a call never waits: it is polled once and done.

mod bindings;
mod imports;
#[cfg(target_arch = "wasm32")]
mod memory;

countersign_contract::types!(crate::bindings::countersign::otp::types);
countersign_contract::settings!(crate::bindings::countersign::otp::settings);
countersign_contract::store!(crate::bindings::countersign::otp::store);
countersign_contract::sender!(crate::bindings::countersign::otp::sender);
countersign_contract::otp!(crate::bindings::exports::countersign::otp::otp);

use std::future::Future;
use std::sync::OnceLock;

use countersign_contract::otp::Error;
use countersign_contract::{Secret, Translate};
use countersign_core::{Engine, Keyring};
use futures_util::FutureExt as _;

use crate::bindings::countersign::otp::settings;
use crate::bindings::exports::countersign::otp::otp;
use crate::imports::Imports;

struct Component;

#[expect(unsafe_code, reason = "generated: the exports of wit/")]
mod exports {
    use crate::{Component, bindings};

    bindings::export!(Component with_types_in bindings);
}

impl otp::Guest for Component {
    fn issue(request: otp::IssueRequest) -> Answer<otp::Challenge> {
        answer(|engine| now(engine.issue(request.translate())))
    }

    fn verify(request: otp::VerifyRequest) -> Answer<otp::Verified> {
        answer(|engine| now(engine.verify(request.translate())))
    }

    fn resend(request: otp::ResendRequest) -> Answer<otp::Challenge> {
        answer(|engine| now(engine.resend(request.translate())))
    }

    fn revoke(tenant: String, id: String) -> Answer<()> {
        answer(|engine| now(engine.revoke(&tenant, &id)))
    }

    fn status(tenant: String, target: otp::Target) -> Answer<otp::Report> {
        answer(|engine| now(engine.status(&tenant, &target.translate())))
    }

    fn record_delivery(
        tenant: String,
        id: String,
        send_number: u32,
        outcome: otp::DeliveryOutcome,
    ) -> Answer<()> {
        let outcome = outcome.translate();
        answer(|engine| now(engine.record_delivery(&tenant, &id, send_number, outcome)))
    }

    fn unlock(tenant: String, addressee: otp::Addressee) -> Answer<()> {
        answer(|engine| now(engine.unlock(&tenant, &addressee.translate())))
    }

    fn join_histories(key: String, kept: Option<Vec<u8>>, carried: Vec<u8>) -> Answer<Vec<u8>> {
        answer(|engine| engine.join_histories(&key, kept, carried))
    }

    fn inspect(tenant: String, addressee: otp::Addressee) -> Answer<otp::SubjectReport> {
        answer(|engine| now(engine.inspect(&tenant, &addressee.translate())))
    }

    fn tally(
        tenant: String,
        purposes: Vec<String>,
        keys: Vec<String>,
    ) -> Answer<Vec<otp::PurposeTally>> {
        answer(|engine| now(engine.tally(&tenant, &purposes, &keys)))
    }

    fn prepare(tenant: String, purpose: String) -> Answer<()> {
        answer(|engine| engine.prepare(&tenant, &purpose))
    }
}

/// What every export gives.
type Answer<T> = Result<T, otp::Error>;

/// Asks the engine, in the contract's words.
fn answer<T, U>(ask: impl FnOnce(&'static Engine<Imports>) -> Result<T, Error>) -> Answer<U>
where
    T: Translate<U>,
{
    engine().and_then(ask).translate()
}

/// The rules of this instance: the keys are asked for once and kept as long as it lives.
fn engine() -> Result<&'static Engine<Imports>, Error> {
    static ENGINE: OnceLock<Engine<Imports>> = OnceLock::new();
    if let Some(engine) = ENGINE.get() {
        return Ok(engine);
    }
    let ring = settings::keys();
    let keys = ring.keys.into_iter().map(|key| (key.name, Secret::new(key.secret))).collect();
    let keyring = Keyring::new(&Secret::new(ring.index), keys)
        .map_err(|fault| Error::Misconfigured(fault.reason().into()))?;
    Ok(ENGINE.get_or_init(|| Engine::new(Imports::default(), keyring)))
}

/// Polls a call that can't wait.
fn now<T>(call: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let waits = || Err(Error::Misconfigured("a synchronous import did not return".into()));
    call.now_or_never().unwrap_or_else(waits)
}
