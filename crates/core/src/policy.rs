//! What an operator may set for a purpose: every field with its default and its permitted range.

mod numbers;
mod presets;

use std::fmt;
use std::ops::RangeInclusive;

use crate::code::{Alphabet, LENGTHS};
use crate::error::Scope;
use crate::recipient::NumberType;
use crate::record::channel_number;
use crate::times::{LIFETIME_MAX_SECONDS, REMEMBER_DEVICE_MAX_SECONDS};
use crate::world::Channel;

pub use crate::times::{COOLDOWN_MAX_SECONDS, LOCKOUT_MAX_SECONDS};
pub use numbers::RegionRule;
pub use presets::Preset;

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

/// Which code a resend carries.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ResendCode {
    /// A new one; the earlier one is dead.
    New,
    /// The same one: a late message still works.
    Same,
}

/// How a caller may name the challenge that it verifies.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum VerifyBy {
    /// By id or by recipient.
    Both,
    /// By id only.
    Id,
    /// By recipient only.
    Recipient,
}

/// Whose wrong codes are counted together, and who is locked by them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FailureScope {
    /// Those of this purpose only.
    Purpose,
    /// Those of the recipient, over all purposes that say so.
    Recipient,
}

/// What a limit counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Activity {
    /// Issues and resends.
    Send,
    /// Verifications.
    Verify,
}

/// At most `max` of one activity by one scope in each window.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limit {
    /// By what it is counted.
    pub scope: Scope,
    /// What is counted.
    pub on: Activity,
    /// How many pass in one window; where absent, they are counted for the limits of other purposes and never refused.
    pub max: Option<u32>,
    /// Length of the window.
    pub window_seconds: u32,
}

/// A policy as an operator wrote it: what is absent takes the default.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// What absent fields are.
    pub preset: Option<Preset>,
    /// Characters in a code.
    pub code_length: Option<u32>,
    /// What codes are made of.
    pub alphabet: Option<Alphabet>,
    /// Seconds for which a code is good.
    pub lifetime_seconds: Option<u32>,
    /// Codes compared per challenge.
    pub max_attempts: Option<u32>,
    /// The first lock, in seconds.
    pub lockout_seconds: Option<u32>,
    /// The longest lock, in seconds.
    pub lockout_max_seconds: Option<u32>,
    /// Consecutive wrong codes until a recipient is disabled.
    pub failure_cap: Option<u32>,
    /// Whose wrong codes are counted together.
    pub failure_scope: Option<FailureScope>,
    /// The first cooldown, in seconds.
    pub cooldown_seconds: Option<u32>,
    /// The longest cooldown, in seconds.
    pub cooldown_max_seconds: Option<u32>,
    /// Resends of one challenge.
    pub max_resends: Option<u32>,
    /// Seconds for which a device is known after a success.
    pub remember_device_seconds: Option<u32>,
    /// Which code a resend carries.
    pub resend_code: Option<ResendCode>,
    /// How a challenge may be named.
    pub verify_by: Option<VerifyBy>,
    /// Whether a reference has to be given.
    pub reference_required: Option<bool>,
    /// Whether another provider may be tried where it isn't known whether a message went out.
    pub may_send_twice: Option<bool>,
    /// Country of national phone numbers.
    pub default_region: Option<String>,
    /// Types of number that may be sent to beside the ordinary ones: each once.
    pub number_types: Vec<NumberType>,
    /// Beginnings of numbers that are newer than the metadata, and are taken by their length: at most 64.
    pub new_prefixes: Vec<String>,
    /// Regions whose numbers may be sent to: one rule for every channel, and one for each channel.
    pub regions: Vec<RegionRule>,
    /// Channels that may be used, in the order in which they are tried where a caller names none.
    pub channels: Vec<Channel>,
    /// Limits, all of which hold.
    pub limits: Vec<Limit>,
}

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
    /// The first field that can't be used, with its range.
    pub fn new(draft: Draft) -> Result<Self, PolicyFault> {
        let defaults = draft.preset.unwrap_or_default().defaults();
        let max_attempts =
            within("max_attempts", draft.max_attempts, defaults.max_attempts, MAX_ATTEMPTS)?;
        let lockout_seconds = within(
            "lockout_seconds",
            draft.lockout_seconds,
            defaults.lockout_seconds,
            60..=86_400,
        )?;
        let cooldown_seconds = within(
            "cooldown_seconds",
            draft.cooldown_seconds,
            defaults.cooldown_seconds,
            0..=3_600,
        )?;
        let lockout_max = (
            lockout_seconds.max(defaults.lockout_max_seconds),
            lockout_seconds..=LOCKOUT_MAX_SECONDS,
        );
        let cooldown_max = (
            cooldown_seconds.max(defaults.cooldown_max_seconds),
            cooldown_seconds..=COOLDOWN_MAX_SECONDS,
        );
        let policy = Self {
            code_length: within("code_length", draft.code_length, 6, CODE_LENGTH)?,
            alphabet: draft.alphabet.unwrap_or(Alphabet::Digits),
            lifetime_seconds: within(
                "lifetime_seconds",
                draft.lifetime_seconds,
                defaults.lifetime_seconds,
                LIFETIME_SECONDS,
            )?,
            max_attempts,
            failure_cap: within(
                "failure_cap",
                draft.failure_cap,
                defaults.failure_cap,
                max_attempts..=100,
            )?,
            failure_scope: draft.failure_scope.unwrap_or(FailureScope::Recipient),
            max_resends: within(
                "max_resends",
                draft.max_resends,
                defaults.max_resends,
                MAX_RESENDS,
            )?,
            remember_device_seconds: within(
                "remember_device_seconds",
                draft.remember_device_seconds,
                defaults.remember_device_seconds,
                0..=REMEMBER_DEVICE_MAX_SECONDS,
            )?,
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
            lockout_max_seconds: within(
                "lockout_max_seconds",
                draft.lockout_max_seconds,
                lockout_max.0,
                lockout_max.1,
            )?,
            cooldown_seconds,
            cooldown_max_seconds: within(
                "cooldown_max_seconds",
                draft.cooldown_max_seconds,
                cooldown_max.0,
                cooldown_max.1,
            )?,
        };
        policy.refuse_bad_lists()?;
        Ok(policy)
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

    fn refuse_bad_lists(&self) -> Result<(), PolicyFault> {
        if self.channels.is_empty() {
            return Err(PolicyFault::new("channels", "names at least one channel".into()));
        }
        let named_before = |(position, channel): (usize, &Channel)| {
            self.channels.iter().take(position).any(|other| other == channel)
        };
        if self.channels.iter().enumerate().any(named_before) {
            return Err(PolicyFault::new("channels", "names each channel once".into()));
        }
        if let Some(region) = &self.default_region
            && !crate::recipient::is_region(region)
        {
            return Err(PolicyFault::new(
                "default_region",
                "is a country with phone numbers, as an ISO 3166-1 alpha-2 code in capitals".into(),
            ));
        }
        self.refuse_bad_numbers()?;
        if self.limits.len() > 16 {
            return Err(PolicyFault::new("limits", "holds at most 16 limits".into()));
        }
        for (position, limit) in self.limits.iter().enumerate() {
            if matches!(limit.scope, Scope::Challenge | Scope::Cooldown) {
                return Err(PolicyFault::new(
                    "limits.scope",
                    "is subject, ip, purpose or tenant".into(),
                ));
            }
            within("limits.max", limit.max, 1, 1..=1_000_000_000)?;
            within("limits.window_seconds", Some(limit.window_seconds), 0, WINDOW_SECONDS)?;
            let same = |other: &&Limit| {
                (other.scope, other.on, other.window_seconds)
                    == (limit.scope, limit.on, limit.window_seconds)
            };
            if self.limits.iter().take(position).find(same).is_some() {
                return Err(PolicyFault::new(
                    "limits",
                    "has two entries of the same scope, activity and window".into(),
                ));
            }
        }
        Ok(())
    }
}

fn doubled(seconds: u32, times: u32) -> u32 {
    seconds.saturating_mul(1_u32.checked_shl(times).unwrap_or(u32::MAX))
}

fn within(
    field: &'static str,
    value: Option<u32>,
    default: u32,
    range: RangeInclusive<u32>,
) -> Result<u32, PolicyFault> {
    let value = value.unwrap_or(default);
    if range.contains(&value) {
        Ok(value)
    } else {
        let rule = format!("is {value}, but has to be {} to {}", range.start(), range.end());
        Err(PolicyFault::new(field, rule))
    }
}

/// Which field of a policy can't be used, and why.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PolicyFault {
    field: &'static str,
    rule: String,
}

impl PolicyFault {
    const fn new(field: &'static str, rule: String) -> Self {
        Self { field, rule }
    }
}

impl fmt::Display for PolicyFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.field, self.rule)
    }
}
