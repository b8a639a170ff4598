//! `verify`: counts an attempt, compares a code, and lets one of all right codes succeed.

mod compare;
mod settle;

use countersign_contract::otp::{Error, MAX_TYPED_BYTES, Target, Verified, VerifyRequest};
use countersign_contract::settings::{Activity, VerifyBy};
use countersign_contract::{Secret, Timestamp};

use self::compare::{Comparison, named};
use super::{Engine, Located, client_address};
use crate::batch::Batch;
use crate::code::Code;
use crate::device::{self, Device};
use crate::policy::Policy;
use crate::standing::{Attempt, Standing};
use crate::subject;
use crate::world::World;

impl<W: World> Engine<W> {
    /// Compares a code, having counted the attempt first. A challenge succeeds once.
    ///
    /// # Errors
    ///
    /// As `wit/otp.wit` lists them for `verify`.
    pub async fn verify(&self, request: VerifyRequest) -> Result<Verified, Error> {
        let now = self.world.now();
        let located = self.locate(&request.tenant, &request.target, now)?;
        self.refuse_other(&request, &located)?;
        refuse_unpresentable(&located.policy, &request)?;
        let ip = client_address(request.client_ip.as_deref())?;

        let Located { subject, policy, .. } = &located;
        let mut windows =
            self.windows(&request.tenant, &located, ip, Activity::Verify, now).await?;
        let typed = self.typed(&located, &request.code, now).await?;
        let attempt = located.nonce.map_or(Attempt::AtEither, |nonce| Attempt::At(nonce.slot()));
        let mut batch = Batch::with_capacity(12);
        let standing_asked = Standing::ask(subject, policy, attempt, &mut batch);
        let windows_asked = windows.count(&mut batch);
        let mut replies = self.run(batch).await?;
        let standing =
            Standing::read(&self.keyring, located.place(), now, &standing_asked, &mut replies)?;
        windows.read(&windows_asked, &replies)?;
        windows.remember(&self.spent);

        match self.compare(&located, &standing, &windows, &typed, &request, now) {
            Comparison::NotCompared(error) => {
                self.void(&located, &standing, &windows, &error).await;
                Err(error)
            }
            Comparison::Spent { budget, error } => {
                Err(self.spent(&located, &standing, budget, &windows, error).await)
            }
            Comparison::Wrong { budget, mut left, reference_differs } => {
                if left == 0 {
                    // The answer stands whether or not that works.
                    left = self.close(&located, &standing, budget, now).await.unwrap_or(0);
                }
                Err(if reference_differs {
                    Error::ReferenceMismatch(left)
                } else {
                    Error::Mismatch(left)
                })
            }
            Comparison::Right { budget, record } => {
                let id = self.id(&request.tenant, &located, record.nonce);
                let verified_at = self.win(&located, &standing, budget, record).await?;
                let remembers = located.policy.remember_device_seconds > 0;
                let kept = standing.challenges();
                Ok(Verified {
                    id,
                    purpose: located.purpose.clone(),
                    channel: record.channel(),
                    masked_recipient: kept
                        .map(|challenges| challenges.masked_recipient.clone())
                        .unwrap_or_default(),
                    reference: record.reference.clone(),
                    verified_at,
                    device_cookie: kept.filter(|_| remembers).map(|challenges| {
                        let (tenant, recipient) = (&request.tenant, &challenges.recipient);
                        Secret::new(device::cookie(&self.keyring, tenant, recipient, verified_at))
                    }),
                })
            }
        }
    }

    /// What was typed: a code of the policy's form; or else, at the cost of a look that counts nothing, one of the form
    /// that the policy had when a challenge was issued.
    async fn typed(
        &self,
        located: &Located,
        typed: &Secret<String>,
        now: Timestamp,
    ) -> Result<Code, Error> {
        let policy = &located.policy;
        if let Some(code) = Code::read(typed, policy.alphabet, policy.code_length) {
            return Ok(code);
        }
        let reason = "has to be as many of the policy's signs as a code has";
        let malformed = Error::invalid("code", reason);
        if !Code::may_be(typed) {
            return Err(malformed);
        }
        let standing = self.look(located, now).await?;
        let named = named(located, &standing);
        named.iter().find_map(|(_, record)| record.read(typed)).ok_or(malformed)
    }

    /// Refuses an id of another purpose or recipient than the caller expects, before anything counts.
    fn refuse_other(&self, request: &VerifyRequest, located: &Located) -> Result<(), Error> {
        if request.purpose.as_ref().is_some_and(|purpose| *purpose != located.purpose) {
            return Err(Error::NotFound);
        }
        if let Some(to) = &request.to {
            let recipient = located.policy.recipient(to.expose(), None)?;
            let is_of = |device| {
                let digest = subject::digest(&self.keyring, &request.tenant, &recipient, device);
                digest == located.subject.digest
            };
            if !Device::BOTH.into_iter().any(is_of) {
                return Err(Error::NotFound);
            }
        }
        Ok(())
    }
}

/// Refuses what the policy doesn't allow. Nothing has been counted yet.
fn refuse_unpresentable(policy: &Policy, request: &VerifyRequest) -> Result<(), Error> {
    match (policy.verify_by, &request.target) {
        (VerifyBy::Id, Target::Recipient(_)) | (VerifyBy::Recipient, Target::Id(_)) => {
            return Err(Error::VerifyByNotAllowed);
        }
        _ => {}
    }
    if policy.reference_required && request.reference.is_none() {
        return Err(Error::ReferenceRequired);
    }
    super::refuse_bad_reference(request.reference.as_deref())?;
    if request.code.expose().len() > MAX_TYPED_BYTES {
        let reason = "has to be at most 256 bytes";
        return Err(Error::invalid("code", reason));
    }
    Ok(())
}
