//! `resend`: sends the code of a living challenge again.

use countersign_contract::Timestamp;
use countersign_contract::otp::{Challenge, Error, ResendRequest, State};
use countersign_contract::settings::ResendCode;
use countersign_contract::types::{Scope, Throttle};

use super::admission::{Admission, Applicant, busy};
use super::sending::Outgoing;
use super::{Engine, Located, client_address};
use crate::batch::Batch;
use crate::odometer;
use crate::world::World;

impl<W: World> Engine<W> {
    /// Sends the code of a living challenge again, or a new code for it, as the policy says. Neither the
    /// lifetime nor the attempts begin anew.
    ///
    /// # Errors
    ///
    /// As `wit/otp.wit` lists them for `resend`. The challenge stands as it did.
    pub async fn resend(&self, request: ResendRequest) -> Result<Challenge, Error> {
        let now = self.world.now();
        let located = self.locate_id(&request.tenant, &request.id, now)?;
        let client_ip = client_address(request.client_ip.as_deref())?;
        let applicant = Applicant { tenant: &request.tenant, located: &located, client_ip };

        let mut admission = self.apply(&applicant, now).await?;
        let mut outgoing = resendable(&admission, &located, now);
        if outgoing.is_ok() && admission.may_be_claimed() {
            self.claim(&located, &mut admission, now).await?;
            outgoing = resendable(&admission, &located, now);
        }
        match outgoing {
            Ok(outgoing) if admission.is_held() => {
                self.deliver(&applicant, &admission, outgoing, now).await
            }
            Ok(_) => Err(self.refuse(&located, &admission, busy(&located), now).await),
            Err(error) => Err(self.refuse(&located, &admission, error, now).await),
        }
    }
}

/// The challenges with one that may be sent once more.
fn resendable(admission: &Admission, located: &Located, now: Timestamp) -> Result<Outgoing, Error> {
    let standing = &admission.standing;
    let found = located.nonce.and_then(|nonce| standing.challenge(nonce));
    let (budget, record) = found.ok_or(Error::NotFound)?;
    match standing.state(budget, record, standing.attempts(budget), now) {
        State::Exhausted => return Err(Error::Exhausted(standing.exhausted_for(budget, now))),
        State::Expired => return Err(Error::Expired),
        State::Revoked if !standing.is_answered(budget) => return Err(Error::Revoked),
        State::Revoked | State::Verified => return Err(Error::NotFound),
        State::Pending => {}
    }
    let policy = &located.policy;
    if record.resends >= policy.max_resends {
        return Err(Error::Throttled(Throttle {
            scope: Scope::Challenge,
            retry_after_seconds: record.expires_at().since(now).max(1),
        }));
    }
    if let Some(refusal) = admission.refusal(located, now) {
        return Err(refusal);
    }
    let mut challenges = standing.challenges().cloned().ok_or(Error::NotFound)?;
    let resent = challenges.records.iter_mut().find(|resent| resent.nonce == record.nonce);
    let resent = resent.ok_or(Error::NotFound)?;
    resent.resends = resent.resends.saturating_add(1);
    if policy.resend_code == ResendCode::New {
        resent.code_number = resent.code_number.saturating_add(1);
    }
    // An operator may have taken channels away since.
    resent.channels.retain(|channel| policy.allows_kept(*channel));
    if resent.channels.is_empty() {
        return Err(Error::ChannelNotAllowed);
    }
    if let Some(first) = resent.channels.first().copied()
        && !resent.channels.contains(&resent.channel)
    {
        resent.channel = first;
    }
    let record = resent.clone();
    challenges.sends = challenges.sends.saturating_add(1);
    let mut writes = Batch::with_capacity(4);
    odometer::keep(&located.subject, budget.slot(), &mut writes);
    Ok(Outgoing { challenges, record, writes, history: None, ended: Vec::new() })
}
