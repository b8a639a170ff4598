//! `resend`: sends the code of a living challenge again.

use super::admission::{Admission, Applicant};
use super::{Engine, Located, client_address};
use crate::error::{Error, Scope};
use crate::keyring::Key;
use crate::policy::ResendCode;
use crate::record::Record;
use crate::request::{Challenge, ResendRequest, State};
use crate::standing::{SENDING_STEP, step_odometer};
use crate::world::{Timestamp, World};

impl<W: World> Engine<W> {
    /// Sends the code of a living challenge again, or a new code for it, as the policy says. Neither the
    /// lifetime nor the attempts begin anew.
    ///
    /// # Errors
    ///
    /// As `wit/otp.wit` lists them for `resend`. The challenge stands as it did.
    pub async fn resend(&self, request: ResendRequest) -> Result<Challenge, Error> {
        let now = self.world.now();
        let located = self.locate_id(&request.tenant, &request.id)?;
        let client_ip = client_address(request.client_ip.as_deref())?;
        let applicant = Applicant { tenant: &request.tenant, located: &located, client_ip };

        let admission = self.apply(&applicant, now).await?;
        let (key, mut record) = match resendable(&admission, &located, now) {
            Ok(found) => found,
            Err(error) => return Err(self.refuse(&admission, error).await),
        };
        record.sends = record.sends.saturating_add(1);
        record.resends = record.resends.saturating_add(1);
        if located.policy.resend_code == ResendCode::New {
            record.generation = record.generation.saturating_add(1);
        }
        let writes = vec![step_odometer(&located.subject, SENDING_STEP)];
        self.deliver(&applicant, &admission, (key, record), writes, now).await
    }
}

/// A challenge that may be sent once more, and the key that its code comes from.
fn resendable<'k>(
    admission: &Admission<'k>,
    located: &Located,
    now: Timestamp,
) -> Result<(&'k Key, Record), Error> {
    let standing = &admission.standing;
    let (key, record) = standing.challenge(located.nonce).ok_or(Error::NotFound)?;
    match standing.state(record, standing.attempts(record), now) {
        State::Exhausted => return Err(Error::Exhausted(standing.exhausted_for(record, now))),
        State::Expired => return Err(Error::Expired),
        State::Revoked => return Err(Error::Revoked),
        State::Verified => return Err(Error::NotFound),
        State::Pending => {}
    }
    if record.resends >= located.policy.max_resends {
        return Err(Error::Throttled {
            scope: Scope::Challenge,
            retry_after_seconds: record.expires_at().since(now).max(1),
        });
    }
    let last = Some((Timestamp(record.last_send_at), record.sends));
    admission.refusal(located, last, now).map_or_else(|| Ok((key, record.clone())), Err)
}
