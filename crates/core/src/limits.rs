//! Limits: windows of time in the shared store, counted before anything is done.
//!
//! A window's number is part of its key, so nothing hangs on a key having vanished. A request that is refused takes
//! its counts back, except those of the client's address: a client's refused requests count against that address and
//! against nothing else. An address whose window is known to be full is counted in a batch of its own, before
//! the subject's keys are touched.
//!
//! A count holds two numbers, both of which only grow, so that it never falls below 0 whatever a store loses:
//!
//! ```text
//! bit  62         34 33              0
//!      | taken back | counted        |
//! ```
//!
//! What is taken back may have been lost since it was counted. That shows, since fewer are counted then than when this
//! request was, or since the store tells of another generation; the request is counted once more for that, so that it
//! takes nothing of what others have counted since.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv6Addr};

use countersign_contract::Timestamp;
use countersign_contract::otp::Error;
use countersign_contract::settings::Activity;
use countersign_contract::types::{Scope, StoreError, Throttle};

use crate::batch::{Batch, CountTicket, Replies};
use crate::keyring::Keyring;
use crate::policy::Policy;
use crate::slot::Slot;
use crate::standing::is_of;
use crate::subject::{self, Subject};
use crate::times::WINDOW_MARGIN_SECONDS;

pub(crate) use self::spent::Spent;

mod spent;

const COUNTED_BITS: u32 = 34;
const COUNT: i64 = 1;
const TAKE_BACK: i64 = 1 << COUNTED_BITS;
/// So many are taken back in one window: the count has room for twice as many.
const MOST_TAKEN_BACK: i64 = 1 << 28;

/// Whom the limits count.
pub(crate) struct Counted<'a> {
    pub(crate) tenant: &'a str,
    pub(crate) purpose: &'a str,
    pub(crate) subject: &'a Subject,
    pub(crate) ip: Option<IpAddr>,
}

/// The windows that one request is counted in.
pub(crate) struct Windows {
    windows: Vec<Window>,
    /// The store's generation when it was.
    generation: Option<u64>,
}

/// The replies that say how full they are.
pub(crate) struct Asked(Vec<CountTicket>);

/// The replies that say what was taken back, each of one window.
pub(crate) struct TakenBack<'a>(Vec<(&'a Window, CountTicket)>);

/// What a window's count says.
#[derive(Clone, Copy, Debug, Default)]
struct Reading(i64);

impl Reading {
    const fn counted(self) -> i64 {
        self.0 & (TAKE_BACK - 1)
    }

    const fn taken_back(self) -> i64 {
        self.0 >> COUNTED_BITS
    }

    /// Requests that count, the reader's own among them. Where that one can't be, what was taken back is not of
    /// what is counted here.
    const fn requests(self) -> i64 {
        let left = self.counted() - self.taken_back();
        if left < 1 { self.counted() } else { left }
    }
}

#[derive(Clone)]
struct Window {
    key: String,
    scope: Scope,
    max: Option<u32>,
    ttl_seconds: u32,
    remaining_seconds: u32,
    full: bool,
    /// As it was when this request was counted.
    reading: Reading,
}

impl Windows {
    /// The windows in which a request falls.
    pub(crate) fn of(
        keyring: &Keyring,
        policy: &Policy,
        on: Activity,
        counted: &Counted<'_>,
        now: Timestamp,
    ) -> Self {
        let mut windows = Vec::new();
        for limit in policy.limits.iter().filter(|limit| limit.on == on) {
            let length = u64::from(limit.window_seconds.max(1));
            let number = now.0 / length;
            let activity = match on {
                Activity::Send => "send",
                Activity::Verify => "verify",
            };
            let Some((tag, scope)) = owner(keyring, limit.scope, counted) else { continue };
            // With room for all of it from the beginning. Writing to a String can't fail.
            let mut key = String::with_capacity(tag.len() + 48);
            let _ = write!(key, "{tag}:limit:{scope}:{activity}:{length}:{number}");
            windows.push(Window {
                key,
                scope: limit.scope,
                max: limit.max,
                // The margin is for clocks that differ.
                ttl_seconds: limit.window_seconds.saturating_add(WINDOW_MARGIN_SECONDS),
                remaining_seconds: u32::try_from(length - now.0 % length).unwrap_or(u32::MAX),
                full: false,
                reading: Reading::default(),
            });
        }
        Self { windows, generation: None }
    }

    /// Counts the request in all of them.
    pub(crate) fn count(&self, batch: &mut Batch) -> Asked {
        Asked(self.windows.iter().map(|window| window.step(COUNT, batch)).collect())
    }

    /// Reads the replies to `count`.
    pub(crate) fn read(&mut self, asked: &Asked, replies: &Replies) -> Result<(), StoreError> {
        for (window, ticket) in self.windows.iter_mut().zip(&asked.0) {
            window.reading = Reading(replies.count(*ticket)?);
            let requests = window.reading.requests();
            window.full = window.max.is_some_and(|max| requests > i64::from(max));
        }
        self.generation = replies.generation();
        Ok(())
    }

    /// The refusal, where a limit is passed: the one that lasts longest.
    pub(crate) fn refusal(&self) -> Option<Error> {
        let full = self.windows.iter().filter(|window| window.full);
        let longest = full.max_by_key(|window| window.remaining_seconds)?;
        Some(Error::Throttled(Throttle {
            scope: longest.scope,
            retry_after_seconds: longest.remaining_seconds.max(1),
        }))
    }

    /// Takes back what a refused request of `subject` counted, except against the client's address.
    pub(crate) fn take_back(&self, subject: &Subject, batch: &mut Batch) -> TakenBack<'_> {
        self.take_back_where(|scope| scope != Scope::Ip, subject, batch)
    }

    /// Takes back what was counted for the subject.
    pub(crate) fn take_back_of_subject(
        &self,
        subject: &Subject,
        batch: &mut Batch,
    ) -> TakenBack<'_> {
        self.take_back_where(|scope| scope == Scope::Subject, subject, batch)
    }

    fn take_back_where(
        &self,
        chosen: impl Fn(Scope) -> bool,
        subject: &Subject,
        batch: &mut Batch,
    ) -> TakenBack<'_> {
        let windows = self
            .windows
            .iter()
            .filter(|window| chosen(window.scope) && window.reading.taken_back() < MOST_TAKEN_BACK);
        // Where data is divided, a batch tells the generation of the part that has its first key: it has to be the one that
        // it was when the request was counted, the subject's.
        if batch.is_empty() && windows.clone().next().is_some() {
            batch.read(subject.odometer(Slot::Even));
        }
        TakenBack(windows.map(|window| (window, window.step(TAKE_BACK, batch))).collect())
    }

    /// Counts once more where what was taken back had been lost before.
    pub(crate) fn mend(&self, taken_back: &TakenBack<'_>, replies: &Replies, batch: &mut Batch) {
        let is_same_store = is_of(self.generation, replies.generation());
        for (window, ticket) in &taken_back.0 {
            // A reply that can't be read says nothing of a loss.
            let Ok(count) = replies.count(*ticket) else { continue };
            if !is_same_store || Reading(count).counted() < window.reading.counted() {
                window.step(COUNT, batch);
            }
        }
    }

    /// The sender's own windows, where one of them is known to be full.
    pub(crate) fn spent(&self, spent: &Spent) -> Option<Self> {
        let own = || self.windows.iter().filter(|window| window.scope == Scope::Ip);
        let is_spent = own().any(|window| spent.holds(&window.key));
        is_spent.then(|| Self { windows: own().cloned().collect(), generation: None })
    }

    /// Remembers which of the sender's own windows are full.
    pub(crate) fn remember(&self, spent: &Spent) {
        let own = self.windows.iter().filter(|window| window.scope == Scope::Ip);
        for window in own.filter(|window| window.full) {
            spent.add(&window.key);
        }
    }
}

impl Window {
    fn step(&self, by: i64, batch: &mut Batch) -> CountTicket {
        batch.step(self.key.clone(), by, self.ttl_seconds)
    }
}

/// The hash tag under which a scope is counted, and its name.
fn owner(keyring: &Keyring, scope: Scope, counted: &Counted<'_>) -> Option<(String, &'static str)> {
    let tenant = counted.tenant.as_bytes();
    let digest = |words: &[&[u8]]| subject::tag(&keyring.digest(words));
    Some(match scope {
        Scope::Challenge | Scope::Cooldown => return None,
        Scope::Ip => (digest(&[b"ip", tenant, &network(counted.ip?)]), "ip"),
        Scope::Purpose => (digest(&[b"purpose", tenant, counted.purpose.as_bytes()]), "purpose"),
        Scope::Subject => return Some((counted.subject.prefix().to_owned(), "subject")),
        Scope::Tenant => (digest(&[b"tenant", tenant]), "tenant"),
    })
}

/// What is counted as one client: an IPv4 address, or the /64 that an IPv6 subscriber has to itself.
fn network(ip: IpAddr) -> [u8; 16] {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64).octets(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_back_of_lost_counts_is_no_credit() {
        let reading = |counted: i64, taken_back: i64| Reading(counted + taken_back * TAKE_BACK);
        assert_eq!(reading(5, 2).requests(), 3);
        // The reader's own is among those counted: so many can't have been taken back of these.
        assert_eq!(reading(2, 2).requests(), 2);
        assert_eq!(reading(2, 7).requests(), 2);
    }

    #[test]
    fn a_count_never_runs_over() {
        let most = 2 * MOST_TAKEN_BACK - 1;
        assert!(Reading(most * TAKE_BACK).taken_back() == most && most * TAKE_BACK > 0);
    }

    #[test]
    fn an_ipv6_subscriber_is_one_client_and_a_mapped_address_is_its_ipv4_one() {
        let network = |text: &str| network(text.parse().unwrap());
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:2:ffff::9"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
    }
}
