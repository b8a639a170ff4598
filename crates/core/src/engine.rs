//! The verbs: issue, verify, resend, revoke, status, what operators ask for (inspect, tally, unlock), the note of what
//! a provider reports, and the join of two stores' histories. One file each.

mod admission;
mod ending;
mod inspect;
mod issue;
mod join_histories;
mod record_delivery;
mod resend;
mod revoke;
mod sending;
mod status;
mod tally;
mod unlock;
mod verify;

use std::net::IpAddr;
use std::sync::Arc;

use countersign_contract::names::{MAX_NAME, is_name};
use countersign_contract::otp::{
    Error, MAX_CLIENT_IP_BYTES, MAX_LOCALE_BYTES, MAX_REFERENCE_BYTES, Target,
};
use countersign_contract::settings::Activity;
use countersign_contract::{Secret, Timestamp};

use crate::batch::{Batch, Replies};
use crate::device::{self, Device};
use crate::id::Id;
use crate::keyring::Keyring;
use crate::limits::{Counted, Spent, TakenBack, Windows};
use crate::nonce::Nonce;
use crate::policy::Policy;
use crate::recipient::Recipient;
use crate::standing::{Attempt, Standing};
use crate::subject::Subject;
use crate::world::World;

/// The rules over a world and a keyring.
pub struct Engine<W> {
    world: W,
    keyring: Keyring,
    /// A cache: addresses whose windows are full.
    spent: Spent,
}

/// What a target turned out to be.
struct Located {
    purpose: String,
    policy: Arc<Policy>,
    subject: Subject,
    /// Which challenge; nothing for the subject's own.
    nonce: Option<Nonce>,
    /// The id it was named by: it stays that challenge's name, also when the keys are rotated.
    id: Option<String>,
}

impl Located {
    /// What its keys and its policy are found by.
    fn place(&self) -> (&Subject, &str, &Policy) {
        (&self.subject, &self.purpose, &self.policy)
    }
}

impl<W: World> Engine<W> {
    /// Puts the rules over a world.
    pub fn new(world: W, keyring: Keyring) -> Self {
        Self { world, keyring, spent: Spent::default() }
    }

    /// The world below.
    pub const fn world(&self) -> &W {
        &self.world
    }

    /// Says whether a purpose can be used, without touching the store.
    ///
    /// # Errors
    ///
    /// `UnknownPurpose`, or `Misconfigured` with what is wrong.
    pub fn prepare(&self, tenant: &str, purpose: &str) -> Result<(), Error> {
        self.policy(tenant, purpose).map(|_| ())
    }

    fn policy(&self, tenant: &str, purpose: &str) -> Result<Arc<Policy>, Error> {
        refuse_bad_name("tenant", tenant)?;
        refuse_bad_name("purpose", purpose)?;
        match self.world.policy(tenant, purpose) {
            Ok(policy) => policy.ok_or(Error::UnknownPurpose),
            Err(fault) => {
                Err(Error::Misconfigured(format!("policy of {tenant}/{purpose}: {fault}")))
            }
        }
    }

    /// Finds out what a target means. A made-up id ends here, and a dead one, without a look into the store.
    fn locate(&self, tenant: &str, target: &Target, now: Timestamp) -> Result<Located, Error> {
        match target {
            Target::Id(id) => self.locate_id(tenant, id, now),
            Target::Recipient(addressee) => {
                let policy = self.policy(tenant, &addressee.purpose)?;
                let recipient = policy.recipient(addressee.to.expose(), None)?;
                let cookie = addressee.device_cookie.as_ref();
                let device = self.device(&policy, tenant, &recipient, cookie, now);
                Ok(self.place(tenant, &addressee.purpose, policy, &recipient, device))
            }
        }
    }

    fn locate_id(&self, tenant: &str, id: &str, now: Timestamp) -> Result<Located, Error> {
        refuse_bad_name("tenant", tenant)?;
        let read = Id::read(&self.keyring, tenant, id).ok_or(Error::NotFound)?;
        if !read.nonce.is_current(now) {
            return Err(Error::NotFound);
        }
        Ok(Located {
            policy: self.policy(tenant, read.purpose)?,
            purpose: read.purpose.into(),
            subject: Subject::from_digest(&self.keyring, read.recipient, read.purpose),
            nonce: Some(read.nonce),
            id: Some(id.into()),
        })
    }

    /// Which of a recipient's devices asks.
    fn device(
        &self,
        policy: &Policy,
        tenant: &str,
        recipient: &Recipient,
        cookie: Option<&Secret<String>>,
        now: Timestamp,
    ) -> Device {
        let remembered = policy.remember_device_seconds;
        cookie.map_or(Device::Unknown, |cookie| {
            let recipient = recipient.as_str();
            device::read(&self.keyring, tenant, recipient, cookie.expose(), now, remembered)
        })
    }

    /// The place of a recipient's challenges.
    fn place(
        &self,
        tenant: &str,
        purpose: &str,
        policy: Arc<Policy>,
        recipient: &Recipient,
        device: Device,
    ) -> Located {
        let subject = Subject::new(&self.keyring, tenant, purpose, recipient, device);
        Located { policy, purpose: purpose.into(), subject, nonce: None, id: None }
    }

    /// The id of a located challenge.
    fn id(&self, tenant: &str, located: &Located, nonce: Nonce) -> String {
        located.id.clone().unwrap_or_else(|| {
            let recipient = located.subject.digest;
            Id { purpose: &located.purpose, nonce, recipient }.write(&self.keyring, tenant)
        })
    }

    async fn run(&self, batch: Batch) -> Result<Replies, Error> {
        let batch = batch.into_operations();
        let operations = batch.len();
        Ok(Replies::new(self.world.run(batch).await?, operations)?)
    }

    /// Carries out what only tidies up. The answer stands whether or not that worked.
    async fn tidy(&self, batch: Batch) {
        if !batch.is_empty() {
            let _ = self.run(batch).await;
        }
    }

    /// The same, where counts of limits are taken back with it.
    async fn tidy_up(&self, batch: Batch, windows: &Windows, taken_back: &TakenBack<'_>) {
        if !batch.is_empty()
            && let Ok(replies) = self.run(batch).await
        {
            self.mend(windows, taken_back, &replies).await;
        }
    }

    /// Puts right what was taken back of counts that the store had lost by then.
    async fn mend(&self, windows: &Windows, taken_back: &TakenBack<'_>, replies: &Replies) {
        let mut batch = Batch::new();
        windows.mend(taken_back, replies, &mut batch);
        self.tidy(batch).await;
    }

    /// Where a subject stands: one round trip that changes nothing.
    async fn look(&self, located: &Located, now: Timestamp) -> Result<Standing, Error> {
        let Located { subject, policy, .. } = located;
        let mut batch = Batch::with_capacity(6);
        let asked = Standing::ask(subject, policy, Attempt::None, &mut batch);
        let mut replies = self.run(batch).await?;
        Ok(Standing::read(&self.keyring, located.place(), now, &asked, &mut replies)?)
    }

    /// The windows in which a request falls. One from an address that has spent its own ends here: counted against
    /// that address, and against nothing else.
    async fn windows(
        &self,
        tenant: &str,
        located: &Located,
        ip: Option<IpAddr>,
        on: Activity,
        now: Timestamp,
    ) -> Result<Windows, Error> {
        let Located { policy, purpose, subject, .. } = located;
        let counted = Counted { tenant, purpose, subject, ip };
        let windows = Windows::of(&self.keyring, policy, on, &counted, now);
        if let Some(mut own) = windows.spent(&self.spent) {
            let mut batch = Batch::new();
            let asked = own.count(&mut batch);
            let replies = self.run(batch).await?;
            own.read(&asked, &replies)?;
            if let Some(refusal) = own.refusal() {
                return Err(refusal);
            }
        }
        Ok(windows)
    }
}

/// Tenants and purposes: 1 to 64 characters of `a-z`, `0-9`, `_` and `-`.
fn refuse_bad_name(field: &'static str, name: &str) -> Result<(), Error> {
    if is_name(name, MAX_NAME) {
        return Ok(());
    }
    Err(Error::invalid(field, "has to be 1 to 64 characters of a-z, 0-9, _ and -"))
}

/// References: 1 to 256 bytes without control characters.
fn refuse_bad_reference(reference: Option<&str>) -> Result<(), Error> {
    let Some(reference) = reference else { return Ok(()) };
    if (1..=MAX_REFERENCE_BYTES).contains(&reference.len())
        && !reference.chars().any(char::is_control)
    {
        return Ok(());
    }
    let reason = "has to be 1 to 256 bytes without control characters";
    Err(Error::invalid("reference", reason))
}

/// Locales: BCP 47 tags by their signs and lengths, with `_` for `-` where a platform writes them so. Which languages
/// there are is for the sender to know.
fn refuse_bad_locale(locale: Option<&str>) -> Result<(), Error> {
    let Some(locale) = locale else { return Ok(()) };
    let is_subtag = |subtag: &str| {
        (1..=8).contains(&subtag.len()) && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let mut subtags = locale.split(['-', '_']);
    let is_language = |first: &str| {
        let is_name = (2..=8).contains(&first.len()) || matches!(first, "i" | "I" | "x" | "X");
        is_name && first.bytes().all(|byte| byte.is_ascii_alphabetic())
    };
    let reason = if locale.len() > MAX_LOCALE_BYTES {
        "has to be at most 35 characters"
    } else if locale.contains([',', ';', '*']) {
        "has to be one language tag, such as en-US, not the list of a browser (Accept-Language)"
    } else if locale.contains(['.', '@']) {
        "has to be a language tag without a character set: en-US for en_US.UTF-8"
    } else if locale.contains(char::is_whitespace) {
        "has to be a language tag without blanks"
    } else if locale.len() < 2
        || !subtags.next().is_some_and(is_language)
        || !subtags.all(is_subtag)
    {
        "has to be a BCP 47 language tag, such as id or pt-BR"
    } else {
        return Ok(());
    };
    Err(Error::invalid("locale", reason))
}

/// The client's address, which may have a port and brackets.
fn client_address(client_ip: Option<&str>) -> Result<Option<IpAddr>, Error> {
    let Some(text) = client_ip else { return Ok(None) };
    let reason = "has to be one IPv4 or IPv6 address, with a port or without";
    let address = Some(text)
        .filter(|text| text.len() <= MAX_CLIENT_IP_BYTES)
        .and_then(countersign_address::read);
    address.map(Some).ok_or(Error::invalid("client-ip", reason))
}

#[cfg(test)]
mod tests;
