//! Who may send now, and what a send leaves behind: for `issue` and `resend` alike.
//!
//! One batch asks for the lease, counts the limits and reads where the subject stands. A request that is refused
//! leaves the subject as it was. One that is admitted sends, and writes the challenges *after* a provider took the
//! message: a failed send has nothing to clean up but the lease.

use countersign_contract::otp::{Challenge, Error};
use countersign_contract::sender::Message;
use countersign_contract::settings::Activity;
use countersign_contract::types::{Scope, SendError, Throttle};
use countersign_contract::{Pii, Secret, Timestamp};

use super::{Engine, Located};
use crate::batch::{Batch, Replies, ValueTicket};
use crate::channel::channel_number;
use crate::history::History;
use crate::lease::{Lease, View};
use crate::limits::Windows;
use crate::record::{self, Challenges, Record};
use crate::slot::Slot;
use crate::standing::{Attempt, Standing, attempts_left};
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
    lease: Lease,
    view: View,
    windows: Windows,
}

/// What a send leaves in the store.
pub(super) struct Outgoing {
    /// What is written once a provider has the message.
    pub(super) challenges: Challenges,
    /// Which of them is sent.
    pub(super) record: Record,
    /// What else is written with it.
    pub(super) writes: Batch,
    /// What the history was before, where one is written.
    pub(super) history: Option<ValueTicket>,
    /// The odometers that are removed: they come last, with the lease, so that a store may remove them together.
    pub(super) ended: Vec<Slot>,
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
        let taken_back = admission.windows.take_back(&mut batch);
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
    async fn merge_accounted(
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

    /// Sends the code of a record and, once a provider has it, writes the challenges.
    pub(super) async fn deliver(
        &self,
        applicant: &Applicant<'_>,
        admission: &Admission,
        outgoing: Outgoing,
        now: Timestamp,
    ) -> Result<Challenge, Error> {
        let located = applicant.located;
        let Outgoing { mut challenges, record, mut writes, history, ended } = outgoing;
        let Some(key) = self.keyring.named(&record.key) else { return Err(Error::NotFound) };
        let id = self.id(applicant.tenant, located, record.nonce);
        let code = record.code(key, &located.subject, &located.purpose).reveal();
        let message = message(applicant, &challenges, &record, (id.clone(), code), now);
        let offered = message.channels.clone();
        let sent = self.world.send(message).await;
        let now = self.world.now();
        let delivery = match sent {
            // Too late to write: another request may hold the lease by now.
            _ if !admission.lease.lasts(now) => return Err(self.too_late(admission, sent).await),
            Ok(delivery) if !offered.contains(&delivery.channel) => Err(not_offered()),
            sent => sent,
        };
        challenges.last_send_at = now.0;
        let delivery = match delivery {
            Ok(delivery) => delivery,
            Err(error) => {
                self.not_sent(located, admission, challenges.sends, &error, now).await;
                return Err(Error::DeliveryFailed(error));
            }
        };
        if let Some(sent) = challenges.records.iter_mut().find(|sent| sent.nonce == record.nonce) {
            sent.channel = channel_number(delivery.channel);
        }
        let masked_recipient = challenges.masked_recipient.clone();
        let attempts_left = challenges.budget.as_ref().map_or(0, |budget| {
            let shared = admission.standing.newest().filter(|(own, _)| own.first == budget.first);
            attempts_left(budget, shared.map_or(0, |(own, _)| admission.standing.attempts(own)))
        });
        let resend_in_seconds = located.policy.cooldown_after(challenges.sends);
        self.write_challenges(located, challenges, now, &mut writes);
        for ended in ended {
            writes.delete(located.subject.odometer(ended));
        }
        // Last, so that the next request sees what was written.
        admission.lease.give_back_written(&mut writes);
        let replies = self.run(writes).await?;
        self.merge_accounted(located, admission, history, replies, now).await;
        Ok(Challenge {
            id,
            purpose: located.purpose.clone(),
            channel: delivery.channel,
            code_length: record.code_length,
            expires_at: record.expires_at(),
            expires_in_seconds: record.expires_at().since(now),
            resend_in_seconds,
            resends_left: located.policy.max_resends.saturating_sub(record.resends),
            attempts_left,
            masked_recipient,
            provider: delivery.provider,
        })
    }

    /// Leaves everything as it was; where the message may have gone out, but for the cooldown.
    async fn not_sent(
        &self,
        located: &Located,
        admission: &Admission,
        sends: u32,
        error: &SendError,
        now: Timestamp,
    ) {
        let mut batch = Batch::new();
        let uncertain = matches!(error, SendError::Timeout | SendError::Unreadable);
        match admission.standing.challenges() {
            Some(challenges) if uncertain => {
                let mut challenges = challenges.clone();
                (challenges.sends, challenges.last_send_at) = (sends, now.0);
                self.write_challenges(located, challenges, now, &mut batch);
                admission.lease.give_back_written(&mut batch);
            }
            None if uncertain => {
                let challenges = Challenges {
                    recipient: String::new(),
                    masked_recipient: String::new(),
                    budget: None,
                    records: Vec::new(),
                    sends,
                    last_send_at: now.0,
                    kept_until: 0,
                };
                self.write_challenges(located, challenges, now, &mut batch);
                admission.lease.give_back_written(&mut batch);
            }
            _ => admission.lease.give_back(&mut batch),
        }
        self.tidy(batch).await;
    }

    async fn too_late<T>(&self, admission: &Admission, sent: Result<T, SendError>) -> Error {
        let mut batch = Batch::new();
        admission.lease.give_back(&mut batch);
        self.tidy(batch).await;
        Error::DeliveryFailed(sent.err().unwrap_or(SendError::Timeout))
    }

    /// Adds what writes the challenges. The lease is given back behind them.
    fn write_challenges(
        &self,
        located: &Located,
        mut challenges: Challenges,
        now: Timestamp,
        batch: &mut Batch,
    ) {
        let policy = &located.policy;
        // One lifetime beyond its own, so that "expired" can be told from "never was"; and one cooldown beyond
        // that of its own, so that the next one can be longer.
        let expires_at = challenges.budget.as_ref().map_or(0, |budget| budget.expires_at);
        let kept_until = Timestamp(expires_at).plus(policy.lifetime_seconds);
        let cooldown = policy.cooldown_after(challenges.sends);
        let kept_until = kept_until.max(now.plus(cooldown.saturating_mul(2)));
        challenges.kept_until = kept_until.0;
        let place = located.subject.challenges();
        let value = record::seal(&self.world, self.keyring.current(), &place, &challenges);
        batch.set(place, value, kept_until.since(now).max(1));
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
            let (last, sends) = self.last_send(now)?;
            let next = last.plus(policy.cooldown_after(sends));
            (now < next).then(|| wait(next.since(now)))
        };
        barred().or_else(exhausted).or_else(|| self.windows.refusal()).or_else(cooling)
    }

    /// The latest send, and how many in a row that was while no code came back. An answer ends the row, but not the
    /// pause after the send; an operator ends both.
    pub(super) fn last_send(&self, now: Timestamp) -> Option<(Timestamp, u32)> {
        let challenges = self.standing.challenges()?;
        let sends = match &challenges.budget {
            Some(budget) if self.standing.is_cleared(budget) => return None,
            Some(budget) if self.standing.is_answered(budget) => 1,
            _ => challenges.sends,
        };
        Some((Timestamp(challenges.last_send_at), sends))
            // A clock far ahead wrote that.
            .filter(|(last, _)| *last <= now.plus(CLOCKS_DIFFER_SECONDS))
    }

    pub(super) const fn is_held(&self) -> bool {
        matches!(self.view, View::Held)
    }

    pub(super) const fn may_be_claimed(&self) -> bool {
        matches!(self.view, View::Claimable)
    }
}

/// Another request sends to the subject.
pub(super) fn busy(located: &Located) -> Error {
    wait(located.policy.cooldown_after(1))
}

fn wait(seconds: u32) -> Error {
    Error::Throttled(Throttle { scope: Scope::Cooldown, retry_after_seconds: seconds.max(1) })
}

fn not_offered() -> SendError {
    SendError::Other("the host names a channel that the message did not offer".into())
}

fn message(
    applicant: &Applicant<'_>,
    challenges: &Challenges,
    record: &Record,
    (challenge_id, code): (String, Secret<String>),
    now: Timestamp,
) -> Message {
    Message {
        tenant: applicant.tenant.into(),
        purpose: applicant.located.purpose.clone(),
        channels: record.channels(),
        may_send_twice: applicant.located.policy.may_send_twice,
        recipient: Pii::new(challenges.recipient.clone()),
        code,
        challenge_id,
        send_number: record.send_number(),
        lifetime_seconds: record.expires_at().since(now),
        expires_at: record.expires_at(),
        reference: record.reference.clone(),
        locale: record.locale.clone(),
    }
}
