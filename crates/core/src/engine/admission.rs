//! Who may send now, for `issue` and `resend` alike.
//!
//! One batch asks for the lease, counts the limits and reads where the subject stands. A request that is refused
//! leaves the subject as it was.

use countersign_contract::Timestamp;
use countersign_contract::otp::Error;
use countersign_contract::settings::Activity;
use countersign_contract::types::{Scope, Throttle};

use super::{Engine, Located};
use crate::batch::{Batch, Replies, ValueTicket};
use crate::history::History;
use crate::lease::{Lease, View};
use crate::limits::Windows;
use crate::policy::Policy;
use crate::slot::Slot;
use crate::standing::{Attempt, Standing};
use crate::times::CLOCKS_DIFFER_SECONDS;
use crate::world::World;

/// A request that wants to send.
pub(super) struct Applicant<'a> {
    pub(super) tenant: &'a str,
    pub(super) located: &'a Located,
    pub(super) client_ip: Option<std::net::IpAddr>,
}

/// What was asked for and counted on behalf of a request.
pub(super) struct Admission {
    pub(super) standing: Standing,
    /// The history with the failures of budgets that have ended.
    pub(super) history: History,
    /// The odometers of those budgets.
    pub(super) ended: Vec<Slot>,
    pub(super) lease: Lease,
    view: View,
    windows: Windows,
}

impl<W: World> Engine<W> {
    /// Asks for the lease, counts the limits, reads where the subject stands: one round trip.
    pub(super) async fn apply(
        &self,
        applicant: &Applicant<'_>,
        now: Timestamp,
    ) -> Result<Admission, Error> {
        let Applicant { tenant, located, client_ip } = *applicant;
        let Located { subject, policy, .. } = located;
        let mut windows = self.windows(tenant, located, client_ip, Activity::Send, now).await?;
        let mut lease = Lease::new(subject, now);
        let mut batch = Batch::with_capacity(18);
        let lease_asked = lease.ask(&mut batch);
        let standing_asked = Standing::ask(subject, policy, Attempt::None, &mut batch);
        let windows_asked = windows.count(&mut batch);
        let mut replies = self.run(batch).await?;
        let standing =
            Standing::read(&self.keyring, located.place(), now, &standing_asked, &mut replies)?;
        let view = lease.asked(&lease_asked, &replies)?;
        windows.read(&windows_asked, &replies)?;
        windows.remember(&self.spent);
        let (history, ended) = standing.account(&self.keyring, &located.purpose, policy, now);
        Ok(Admission { standing, history, ended, lease, view, windows })
    }

    /// Claims the lease for a request that may send, where others asked for it before: one round trip more.
    pub(super) async fn claim(
        &self,
        located: &Located,
        admission: &mut Admission,
        now: Timestamp,
    ) -> Result<(), Error> {
        let Located { subject, policy, .. } = located;
        let mut batch = Batch::with_capacity(10);
        let lease_asked = admission.lease.claim(&mut batch);
        let standing_asked = Standing::ask(subject, policy, Attempt::None, &mut batch);
        let mut replies = self.run(batch).await?;
        admission.standing =
            Standing::read(&self.keyring, located.place(), now, &standing_asked, &mut replies)?;
        let held = admission.lease.claimed(&lease_asked, &replies)?;
        admission.view = if held { View::Held } else { View::Busy };
        (admission.history, admission.ended) =
            admission.standing.account(&self.keyring, &located.purpose, policy, now);
        Ok(())
    }

    /// Refuses, and hands the error on. The subject is left as it was, but for failures that are due.
    pub(super) async fn refuse(
        &self,
        located: &Located,
        admission: &Admission,
        error: Error,
        now: Timestamp,
    ) -> Error {
        let mut batch = Batch::new();
        admission.lease.give_back(&mut batch);
        let taken_back = admission.windows.take_back(&located.subject, &mut batch);
        let mut history = admission.history.clone();
        let is_due = matches!(error, Error::Locked(_) | Error::Disabled)
            && (history.mend(now) || history != admission.standing.history);
        let before = is_due.then(|| self.exchange_history(located, &history, &mut batch));
        if !batch.is_empty()
            && let Ok(replies) = self.run(batch).await
        {
            self.mend(&admission.windows, &taken_back, &replies).await;
            self.merge_accounted(located, admission, before, replies, now).await;
        }
        error
    }

    /// Merges the history, where failures that were due were written to it, with what other purposes wrote meanwhile.
    pub(super) async fn merge_accounted(
        &self,
        located: &Located,
        admission: &Admission,
        before: Option<ValueTicket>,
        mut replies: Replies,
        now: Timestamp,
    ) {
        let Some(before) = before else { return };
        let Ok(before) = self.history_before(located, before, &mut replies) else { return };
        let written = (admission.standing.kept_history.clone(), admission.history.clone());
        self.merge_history(located, written, before, now).await;
    }
}

impl Admission {
    /// Why the subject may not be sent anything now, whatever the lease says.
    pub(super) fn refusal(&self, located: &Located, now: Timestamp) -> Option<Error> {
        let policy = &located.policy;
        let barred = || {
            if self.history.is_disabled(policy) {
                return Some(Error::Disabled);
            }
            let until = self.history.locked_until(now)?;
            Some(Error::Locked(until.since(now).max(1)))
        };
        let exhausted = || {
            let budget = self.standing.living_exhausted(now)?;
            Some(Error::Exhausted(self.standing.exhausted_for(budget, now)))
        };
        let cooling = || {
            let seconds = cooldown_left(&self.standing, policy, now);
            (seconds > 0).then(|| wait(seconds))
        };
        barred().or_else(exhausted).or_else(|| self.windows.refusal()).or_else(cooling)
    }

    /// The subject's latest send.
    pub(super) fn last_send(&self, now: Timestamp) -> Option<(Timestamp, u32)> {
        last_send(&self.standing, now)
    }

    pub(super) const fn is_held(&self) -> bool {
        matches!(self.view, View::Held)
    }

    pub(super) const fn may_be_claimed(&self) -> bool {
        matches!(self.view, View::Claimable)
    }
}

/// The latest send, and how many in a row that was while no code came back. An answer ends the row, but not the
/// pause after the send; an operator ends both.
fn last_send(standing: &Standing, now: Timestamp) -> Option<(Timestamp, u32)> {
    let challenges = standing.challenges()?;
    let sends = match &challenges.budget {
        Some(budget) if standing.is_cleared(budget) => return None,
        Some(budget) if standing.is_answered(budget) => 1,
        _ => challenges.sends,
    };
    Some((Timestamp(challenges.last_send_at), sends))
        // A clock far ahead wrote that.
        .filter(|(last, _)| *last <= now.plus(CLOCKS_DIFFER_SECONDS))
}

/// Seconds of cooldown after the latest send that are left.
pub(super) fn cooldown_left(standing: &Standing, policy: &Policy, now: Timestamp) -> u32 {
    last_send(standing, now)
        .map_or(0, |(last, sends)| last.plus(policy.cooldown_after(sends)).since(now))
}

/// Another request sends to the subject.
pub(super) fn busy(located: &Located) -> Error {
    wait(located.policy.cooldown_after(1))
}

fn wait(seconds: u32) -> Error {
    Error::Throttled(Throttle { scope: Scope::Cooldown, retry_after_seconds: seconds.max(1) })
}
