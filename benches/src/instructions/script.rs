//! What is asked of an engine, verb by verb: the same of every engine that is counted.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, ensure};
use countersign::senders::{Sender, Sent};
use countersign_contract::otp::{Error, ResendRequest, Target, VerifyRequest};
use countersign_contract::sender::Message;
use countersign_contract::types::DeliveryOutcome;
use countersign_http_api::otp::{Failure, Otp};

use super::verb::Verb;
use crate::engines::delivery;
use crate::requests::{addressee, issue, verify};
use crate::setting::{Purpose, Recipients, TENANT, WRONG_CODE};

/// What runs calls, and counts what they cost.
pub(super) trait Meter {
    /// Runs some calls of one verb and counts them.
    fn count<T>(&mut self, verb: Verb, calls: impl Future<Output = Result<T>>) -> Result<T>;

    /// Runs calls that only prepare something.
    fn run<T>(&mut self, calls: impl Future<Output = Result<T>>) -> Result<T>;
}

/// The codes that were sent, the oldest first.
#[derive(Clone, Default)]
pub(super) struct Outbox(Arc<Mutex<Vec<String>>>);

impl Outbox {
    /// Keeps a code.
    pub(super) fn keep(&self, code: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(code);
    }

    fn empty(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Sender for Outbox {
    fn send(&self, message: Message) -> Sent<'_> {
        let delivery = delivery(&message);
        self.keep(message.code.into_exposed());
        Box::pin(async move { Ok(delivery) })
    }
}

/// Calls each verb for that many recipients, none of whom was seen before.
pub(super) fn play(
    otp: &impl Otp,
    outbox: &Outbox,
    purpose: Purpose,
    recipients: &mut Recipients,
    calls: usize,
    meter: &mut impl Meter,
) -> Result<()> {
    let mut strangers = || (0..calls).map(|_| recipients.next()).collect::<Vec<_>>();
    let (people, others) = (strangers(), strangers());

    let requests = people.iter().map(|to| issue(purpose, to)).collect();
    let issued = meter.count(Verb::Issue, each(requests, |request| otp.issue(request)))?;
    let ids: Vec<_> = issued.into_iter().map(|challenge| challenge.id).collect();

    let requests = ids.iter().map(|id| verify(id, WRONG_CODE)).collect();
    meter.count(Verb::Wrong, each(requests, |request| wrong(otp, request)))?;

    let targets = ids.iter().map(|id| Target::Id(id.clone())).collect();
    meter.count(Verb::StatusById, each(targets, |target| otp.status(TENANT.into(), target)))?;

    let targets = people.iter().map(|to| Target::Recipient(addressee(purpose, to))).collect();
    let asking = each(targets, |target| otp.status(TENANT.into(), target));
    meter.count(Verb::StatusByRecipient, asking)?;

    let noting = each(ids.clone(), |id| {
        otp.record_delivery(TENANT.into(), id, 1, DeliveryOutcome::Delivered)
    });
    meter.count(Verb::RecordDelivery, noting)?;

    outbox.empty();
    let requests = ids.iter().map(|id| resend(id)).collect();
    meter.count(Verb::Resend, each(requests, |request| otp.resend(request)))?;
    let codes = outbox.empty();
    ensure!(codes.len() == calls, "{} codes were sent again, not {calls}", codes.len());

    let requests = ids.iter().zip(&codes).map(|(id, code)| verify(id, code)).collect();
    meter.count(Verb::Right, each(requests, |request| otp.verify(request)))?;

    let requests = others.iter().map(|to| issue(purpose, to)).collect();
    let issued = meter.run(each(requests, |request| otp.issue(request)))?;
    let ids = issued.into_iter().map(|challenge| challenge.id).collect();
    meter.count(Verb::Revoke, each(ids, |id| otp.revoke(TENANT.into(), id)))?;

    let addressees = others.iter().map(|to| addressee(purpose, to)).collect();
    meter.count(Verb::Unlock, each(addressees, |whom| otp.unlock(TENANT.into(), whom)))?;
    Ok(())
}

/// One call after the other.
async fn each<R, T, F>(requests: Vec<R>, call: impl Fn(R) -> F) -> Result<Vec<T>>
where
    F: Future<Output = Result<T, Failure>>,
{
    let mut answers = Vec::with_capacity(requests.len());
    for request in requests {
        let answer = call(request).await;
        answers.push(answer.ok().context("a call was refused, or broke")?);
    }
    Ok(answers)
}

/// A verification that succeeds where the code is refused.
async fn wrong(otp: &impl Otp, request: VerifyRequest) -> Result<(), Failure> {
    match otp.verify(request).await {
        Err(Failure::Refused(Error::Mismatch(_))) => Ok(()),
        Err(failure) => Err(failure),
        Ok(_) => Err(Failure::Internal),
    }
}

fn resend(id: &str) -> ResendRequest {
    ResendRequest { tenant: TENANT.into(), id: id.into(), client_ip: Some("127.0.0.1".into()) }
}
