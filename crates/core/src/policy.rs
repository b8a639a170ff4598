//! What an operator may set for a purpose: every field with its default and its permitted range.

mod numbers;
mod presets;
#[cfg(test)]
mod texts;

use std::fmt;
use std::ops::RangeInclusive;

use countersign_contract::settings::{
    self, Alphabet, FailureScope, Limit, NumberType, RegionRule, ResendCode, VerifyBy,
};
use countersign_contract::types::{Channel, Scope};

use self::presets::Defaults;
use crate::channel::channel_number;
use crate::code::LENGTHS;
use crate::times::{LIFETIME_MAX_SECONDS, REMEMBER_DEVICE_MAX_SECONDS};

pub use crate::times::{COOLDOWN_MAX_SECONDS, LOCKOUT_MAX_SECONDS};

/// Characters in a code.
pub const CODE_LENGTH: RangeInclusive<u32> = LENGTHS;
/// Seconds for which a code is good.
pub const LIFETIME_SECONDS: RangeInclusive<u32> = 30..=LIFETIME_MAX_SECONDS;
/// Codes that are compared for one challenge.
pub const MAX_ATTEMPTS: RangeInclusive<u32> = 1..=10;
/// Resends of one challenge.
pub const MAX_RESENDS: RangeInclusive<u32> = 0..=10;
/// Seconds in the window of a limit.
pub const WINDOW_SECONDS: RangeInclusive<u32> = 1..=2_678_400;

/// A policy that can be used: every field inside its range.
#[derive(Clone, Debug)]
pub struct Policy {
    pub(crate) code_length: u32,
    pub(crate) alphabet: Alphabet,
    pub(crate) lifetime_seconds: u32,
    pub(crate) max_attempts: u32,
    pub(crate) failure_cap: u32,
    pub(crate) failure_scope: FailureScope,
    pub(crate) max_resends: u32,
    pub(crate) remember_device_seconds: u32,
    pub(crate) resend_code: ResendCode,
    pub(crate) verify_by: VerifyBy,
    pub(crate) reference_required: bool,
    pub(crate) may_send_twice: bool,
    pub(crate) default_region: Option<String>,
    number_types: Vec<NumberType>,
    new_prefixes: Vec<String>,
    regions: Vec<RegionRule>,
    pub(crate) channels: Vec<Channel>,
    pub(crate) limits: Vec<Limit>,
    lockout_seconds: u32,
    lockout_max_seconds: u32,
    cooldown_seconds: u32,
    cooldown_max_seconds: u32,
}

impl Policy {
    /// Fills in the defaults and refuses what is outside its range.
    ///
    /// # Errors
    ///
    /// Every field that can't be used, with its range.
    pub fn new(draft: settings::Policy) -> Result<Self, PolicyFaults> {
        let mut faults = PolicyFaults(Vec::new());
        let defaults = Defaults::of(draft.preset.unwrap_or_default());
        let max_attempts =
            faults.within("max_attempts", draft.max_attempts, defaults.max_attempts, MAX_ATTEMPTS);
        let lockout_seconds = faults.within(
            "lockout_seconds",
            draft.lockout_seconds,
            defaults.lockout_seconds,
            60..=86_400,
        );
        let cooldown_seconds = faults.within(
            "cooldown_seconds",
            draft.cooldown_seconds,
            defaults.cooldown_seconds,
            0..=3_600,
        );
        let lockout_max = (
            lockout_seconds.max(defaults.lockout_max_seconds),
            lockout_seconds..=LOCKOUT_MAX_SECONDS,
        );
        let cooldown_max = (
            cooldown_seconds.max(defaults.cooldown_max_seconds),
            cooldown_seconds..=COOLDOWN_MAX_SECONDS,
        );
        let policy = Self {
            code_length: faults.within("code_length", draft.code_length, 6, CODE_LENGTH),
            alphabet: draft.alphabet.unwrap_or(Alphabet::Digits),
            lifetime_seconds: faults.within(
                "lifetime_seconds",
                draft.lifetime_seconds,
                defaults.lifetime_seconds,
                LIFETIME_SECONDS,
            ),
            max_attempts,
            failure_cap: faults.within(
                "failure_cap",
                draft.failure_cap,
                defaults.failure_cap,
                max_attempts..=100,
            ),
            failure_scope: draft.failure_scope.unwrap_or(FailureScope::Recipient),
            max_resends: faults.within(
                "max_resends",
                draft.max_resends,
                defaults.max_resends,
                MAX_RESENDS,
            ),
            remember_device_seconds: faults.within(
                "remember_device_seconds",
                draft.remember_device_seconds,
                defaults.remember_device_seconds,
                0..=REMEMBER_DEVICE_MAX_SECONDS,
            ),
            resend_code: draft.resend_code.unwrap_or(ResendCode::Same),
            verify_by: draft.verify_by.unwrap_or(VerifyBy::Id),
            reference_required: draft.reference_required.unwrap_or(false),
            may_send_twice: draft.may_send_twice.unwrap_or(false),
            default_region: draft.default_region,
            number_types: draft.number_types,
            new_prefixes: draft.new_prefixes,
            regions: draft.regions,
            channels: draft.channels,
            limits: draft.limits,
            lockout_seconds,
            lockout_max_seconds: faults.within(
                "lockout_max_seconds",
                draft.lockout_max_seconds,
                lockout_max.0,
                lockout_max.1,
            ),
            cooldown_seconds,
            cooldown_max_seconds: faults.within(
                "cooldown_max_seconds",
                draft.cooldown_max_seconds,
                cooldown_max.0,
                cooldown_max.1,
            ),
        };
        policy.refuse_bad_lists(&mut faults);
        if faults.0.is_empty() { Ok(policy) } else { Err(faults) }
    }

    /// Whether a channel, as records keep it, may be used.
    pub(crate) fn allows_kept(&self, channel: u8) -> bool {
        self.channels.iter().any(|allowed| channel_number(*allowed) == channel)
    }

    /// Seconds to wait after the `sends`-th send in a row: doubled each time, up to the longest.
    pub(crate) fn cooldown_after(&self, sends: u32) -> u32 {
        doubled(self.cooldown_seconds, sends.saturating_sub(1)).min(self.cooldown_max_seconds)
    }

    /// Seconds of lock after `earlier` locks in a row: doubled each time, up to the longest.
    pub(crate) fn lockout_after(&self, earlier: u32) -> u32 {
        doubled(self.lockout_seconds, earlier).min(self.lockout_max_seconds)
    }

    fn refuse_bad_lists(&self, faults: &mut PolicyFaults) {
        if self.channels.is_empty() {
            faults.add("channels", "names at least one channel");
        }
        if has_twice(&self.channels) {
            faults.add("channels", "names each channel once");
        }
        if let Some(region) = &self.default_region
            && !crate::recipient::is_region(region)
        {
            let rule = "is a country with phone numbers, as an ISO 3166-1 alpha-2 code in capitals";
            faults.add("default_region", rule);
        }
        self.refuse_bad_numbers(faults);
        if self.limits.len() > 16 {
            faults.add("limits", "holds at most 16 limits");
        }
        for limit in &self.limits {
            if matches!(limit.scope, Scope::Challenge | Scope::Cooldown) {
                faults.add("limits.scope", "is subject, ip, purpose or tenant");
            }
            faults.within("limits.max", limit.max, 1, 1..=1_000_000_000);
            faults.within("limits.window_seconds", Some(limit.window_seconds), 1, WINDOW_SECONDS);
        }
        let keys: Vec<_> =
            self.limits.iter().map(|limit| (limit.scope, limit.on, limit.window_seconds)).collect();
        if has_twice(&keys) {
            faults.add("limits", "has two entries of the same scope, activity and window");
        }
    }
}

fn has_twice<T: PartialEq>(items: &[T]) -> bool {
    items.iter().enumerate().any(|(at, item)| items.iter().take(at).any(|other| other == item))
}

fn doubled(seconds: u32, times: u32) -> u32 {
    seconds.saturating_mul(1_u32.checked_shl(times).unwrap_or(u32::MAX))
}

/// Which fields of a policy can't be used, and why.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PolicyFaults(Vec<PolicyFault>);

#[derive(Clone, Debug, Eq, PartialEq)]
struct PolicyFault {
    field: &'static str,
    rule: String,
}

impl PolicyFaults {
    /// The same fault of two entries of a list is told once.
    fn add(&mut self, field: &'static str, rule: impl Into<String>) {
        let fault = PolicyFault { field, rule: rule.into() };
        if !self.0.contains(&fault) {
            self.0.push(fault);
        }
    }

    /// The value that `field` has; the least one where it is outside its range, so that what depends on it isn't
    /// refused for that.
    fn within(
        &mut self,
        field: &'static str,
        value: Option<u32>,
        default: u32,
        range: RangeInclusive<u32>,
    ) -> u32 {
        let value = value.unwrap_or(default);
        if range.contains(&value) {
            return value;
        }
        self.add(field, format!("is {value}, but has to be {} to {}", range.start(), range.end()));
        *range.start()
    }
}

/// One fault a line, the field first.
impl fmt::Display for PolicyFaults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, fault) in self.0.iter().enumerate() {
            let separator = if position > 0 { "\n" } else { "" };
            write!(formatter, "{separator}{} {}", fault.field, fault.rule)?;
        }
        Ok(())
    }
}
