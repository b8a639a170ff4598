//! Limits: windows of time in the shared store, counted before anything is done.
//!
//! A window's number is part of its key, so nothing hangs on a key having vanished. What was refused is taken
//! back, so that being refused by one limit doesn't spend another.

use std::net::{IpAddr, Ipv6Addr};

use crate::error::{Error, Scope, StoreError};
use crate::keyring::Keyring;
use crate::policy::{Activity, Policy};
use crate::subject::{self, Subject};
use crate::world::{Operation, Replies, Timestamp};

/// Whom the limits count.
pub(crate) struct Counted<'a> {
    pub(crate) tenant: &'a str,
    pub(crate) purpose: &'a str,
    pub(crate) subject: &'a Subject,
    pub(crate) ip: Option<IpAddr>,
}

/// The windows that one request was counted in.
pub(crate) struct Windows(Vec<Window>);

struct Window {
    key: String,
    scope: Scope,
    max: u32,
    ttl_seconds: u32,
    remaining_seconds: u32,
    full: bool,
}

impl Windows {
    /// Counts a request: adds one operation per limit to a batch.
    pub(crate) fn count(
        keyring: &Keyring,
        policy: &Policy,
        on: Activity,
        counted: &Counted<'_>,
        now: Timestamp,
        batch: &mut Vec<Operation>,
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
            let window = Window {
                key: format!("{tag}:limit:{scope}:{activity}:{length}:{number}"),
                scope: limit.scope,
                max: limit.max,
                // The margin is for clocks that differ.
                ttl_seconds: limit.window_seconds.saturating_add(60),
                remaining_seconds: u32::try_from(length - now.0 % length).unwrap_or(u32::MAX),
                full: false,
            };
            batch.push(window.step(1));
            windows.push(window);
        }
        Self(windows)
    }

    /// Reads the replies to `count`.
    pub(crate) fn read(&mut self, replies: &mut Replies) -> Result<(), StoreError> {
        for window in &mut self.0 {
            window.full = replies.count()? > i64::from(window.max);
        }
        Ok(())
    }

    /// The refusal, where a limit is passed: the one that lasts longest.
    pub(crate) fn refusal(&self) -> Option<Error> {
        let full = self.0.iter().filter(|window| window.full);
        let longest = full.max_by_key(|window| window.remaining_seconds)?;
        Some(Error::Throttled {
            scope: longest.scope,
            retry_after_seconds: longest.remaining_seconds.max(1),
        })
    }

    /// Takes the count back, from all windows or from those of one scope.
    pub(crate) fn take_back(&self, only: Option<Scope>, batch: &mut Vec<Operation>) {
        let chosen = self.0.iter().filter(|window| only.is_none_or(|scope| scope == window.scope));
        batch.extend(chosen.map(|window| window.step(-1)));
    }
}

impl Window {
    fn step(&self, by: i64) -> Operation {
        Operation::Increment { key: self.key.clone(), by, ttl_seconds: self.ttl_seconds }
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
        Scope::Subject => (subject::tag(&counted.subject.digest), "subject"),
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
    fn an_ipv6_subscriber_is_one_client_and_a_mapped_address_is_its_ipv4_one() {
        let network = |text: &str| network(text.parse().unwrap());
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:2:ffff::9"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
    }
}
