//! The rules as a WebAssembly component, `countersign.wasm`: `countersign-core` behind `wit/`.
//!
//! Conversions only; every decision is the core's. The core is written as `async fn` over its world; the
//! component's imports are synchronous, so a call never waits: it is polled once and done.

mod bindings {
    wit_bindgen::generate!({ path: "../../wit", world: "engine", generate_all });
}

mod convert;
mod imports;
#[cfg(target_arch = "wasm32")]
mod memory;

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker};

use countersign_core::{Engine, Error, Keyring, Secret};

use crate::bindings::countersign::otp::settings;
use crate::bindings::exports::countersign::otp::otp::{
    Addressee, Challenge, DeliveryOutcome, Error as OtpError, Guest, IssueRequest, Report,
    ResendRequest, Target, Verified, VerifyRequest,
};
use crate::imports::Imports;

struct Component;

#[expect(unsafe_code, reason = "generated: the exports of wit/")]
mod exports {
    use crate::{Component, bindings};

    bindings::export!(Component with_types_in bindings);
}

impl Guest for Component {
    fn issue(request: IssueRequest) -> Result<Challenge, OtpError> {
        let challenge = now(engine()?.issue(request.into()))?;
        Ok(challenge.into())
    }

    fn verify(request: VerifyRequest) -> Result<Verified, OtpError> {
        let verified = now(engine()?.verify(request.into()))?;
        Ok(verified.into())
    }

    fn resend(request: ResendRequest) -> Result<Challenge, OtpError> {
        let challenge = now(engine()?.resend(request.into()))?;
        Ok(challenge.into())
    }

    fn revoke(tenant: String, id: String) -> Result<(), OtpError> {
        Ok(now(engine()?.revoke(&tenant, &id))?)
    }

    fn status(tenant: String, target: Target) -> Result<Report, OtpError> {
        let report = now(engine()?.status(&tenant, &target.into()))?;
        Ok(report.into())
    }

    fn record_delivery(
        tenant: String,
        id: String,
        send_number: u32,
        outcome: DeliveryOutcome,
    ) -> Result<(), OtpError> {
        Ok(now(engine()?.record_delivery(&tenant, &id, send_number, outcome.into()))?)
    }

    fn unlock(tenant: String, addressee: Addressee) -> Result<(), OtpError> {
        Ok(now(engine()?.unlock(&tenant, &addressee.into()))?)
    }

    fn prepare(tenant: String, purpose: String) -> Result<(), OtpError> {
        Ok(engine()?.prepare(&tenant, &purpose)?)
    }
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
    match pin!(call).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => Err(Error::Misconfigured("a synchronous import did not return".into())),
    }
}

type SharedPolicy = Arc<countersign_core::Policy>;
