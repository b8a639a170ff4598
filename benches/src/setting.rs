//! What every variant is given: the same keys, the same two purposes, the same requests.

use std::collections::BTreeMap;

use countersign::bindings::countersign::otp::{settings, types};
use countersign::config::Rules;

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
    let keys = vec![settings::Key { name: "bench".into(), secret: key(32) }];
    Rules { policies, keyring: settings::Keyring { index: key(0), keys } }
}

fn policy(purpose: Purpose) -> settings::Policy {
    settings::Policy {
        preset: None,
        code_length: None,
        alphabet: None,
        lifetime_seconds: Some(600),
        max_attempts: Some(MAX_ATTEMPTS),
        lockout_seconds: None,
        lockout_max_seconds: None,
        failure_cap: None,
        failure_scope: None,
        cooldown_seconds: Some(0),
        cooldown_max_seconds: None,
        max_resends: None,
        remember_device_seconds: None,
        resend_code: None,
        verify_by: None,
        reference_required: None,
        may_send_twice: None,
        default_region: None,
        number_types: Vec::new(),
        new_prefixes: Vec::new(),
        regions: Vec::new(),
        channels: vec![types::Channel::Sms],
        limits: match purpose {
            Purpose::Plain => Vec::new(),
            Purpose::Limited => limits(),
        },
    }
}

fn limits() -> Vec<settings::Limit> {
    let limit =
        |scope, on| settings::Limit { scope, on, max: Some(1_000_000_000), window_seconds: 3_600 };
    vec![
        limit(types::Scope::Subject, settings::Activity::Send),
        limit(types::Scope::Ip, settings::Activity::Send),
        limit(types::Scope::Subject, settings::Activity::Verify),
        limit(types::Scope::Ip, settings::Activity::Verify),
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

    /// The next: an Indonesian mobile number.
    pub(crate) fn next(&mut self) -> String {
        self.0 = (self.0 + 1) % 100_000_000;
        format!("+62812{:08}", self.0)
    }
}
