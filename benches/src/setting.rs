//! What every variant is given: the same keys, the same two purposes, the same requests.

use std::collections::BTreeMap;

use countersign::bindings::countersign::otp::settings::{Key, Keyring};
use countersign::config::Rules;
use countersign_contract::settings::{Activity, Limit, Policy};
use countersign_contract::types::{Channel, Scope};

/// The tenant of callers without a key.
pub(crate) const TENANT: &str = "default";

/// Attempts per challenge: the most that a policy allows, so that few challenges make many wrong codes.
const MAX_ATTEMPTS: u32 = 10;

/// Wrong codes per challenge that are compared and leave it alive: the last one would lock the subject.
pub(crate) const WRONG_CODES: usize = 9;

/// What a code is asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Purpose {
    /// No limits: what the rules themselves cost.
    Plain,
    /// Four limits, two of which apply to each request; none is ever hit.
    Limited,
}

impl Purpose {
    /// Both.
    pub(crate) const ALL: [Self; 2] = [Self::Plain, Self::Limited];

    /// Its name in requests.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Limited => "limited",
        }
    }
}

/// Policies and keys.
pub(crate) fn rules() -> Rules {
    let policies = Purpose::ALL
        .into_iter()
        .map(|purpose| ((TENANT.to_owned(), purpose.name().to_owned()), policy(purpose)))
        .collect::<BTreeMap<_, _>>();
    let key = |first: u8| (first..first + 32).collect::<Vec<u8>>();
    let keys = vec![Key { name: "bench".into(), secret: key(32) }];
    Rules { policies, keyring: Keyring { index: key(0), keys } }
}

fn policy(purpose: Purpose) -> Policy {
    Policy {
        lifetime_seconds: Some(600),
        max_attempts: Some(MAX_ATTEMPTS),
        cooldown_seconds: Some(0),
        channels: vec![Channel::Sms],
        limits: match purpose {
            Purpose::Plain => Vec::new(),
            Purpose::Limited => limits(),
        },
        ..Policy::default()
    }
}

fn limits() -> Vec<Limit> {
    let limit = |scope, on| Limit { scope, on, max: Some(1_000_000_000), window_seconds: 3_600 };
    vec![
        limit(Scope::Subject, Activity::Send),
        limit(Scope::Ip, Activity::Send),
        limit(Scope::Subject, Activity::Verify),
        limit(Scope::Ip, Activity::Verify),
    ]
}

/// The code that is tried. One challenge in a million has it.
pub(crate) const WRONG_CODE: &str = "000000";

/// Recipients, never the same twice.
pub(crate) struct Recipients(u32);

impl Recipients {
    /// From the first one on.
    pub(crate) const fn new() -> Self {
        Self(0)
    }

    /// Others than the first fifty million.
    pub(crate) const fn others() -> Self {
        Self(50_000_000)
    }

    /// The next: an Indonesian mobile number.
    pub(crate) fn next(&mut self) -> String {
        self.0 = (self.0 + 1) % 100_000_000;
        format!("+62812{:08}", self.0)
    }
}
