//! `wit/settings.wit`: what the operator decided for a purpose.

use serde::Deserialize;

use crate::types::{Channel, Scope};

/// Which defaults a policy takes.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub enum Preset {
    /// For logins.
    #[default]
    Default,
    /// For what is worth little to an attacker.
    Lenient,
    /// For payments and for the recovery of accounts.
    Strict,
}

/// What codes are made of.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub enum Alphabet {
    /// `0` to `9`.
    Digits,
    /// 32 signs that are not taken for one another: `2` to `9`, `A` to `Z` without `I` and `O`.
    Unambiguous,
}

/// A type of number that isn't sent to unless a purpose says so: its holder may be paid for what is sent there.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub enum NumberType {
    /// A personal number, which leads on to others.
    Personal,
    /// Premium rate.
    PremiumRate,
    /// Shared cost.
    SharedCost,
}

impl NumberType {
    /// Every type, in the order of the numbering plans' table.
    pub const ALL: [Self; 3] = [Self::Personal, Self::PremiumRate, Self::SharedCost];
}

/// Which code a resend carries.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub enum ResendCode {
    /// A new one; the earlier one is dead.
    New,
    /// The same one.
    Same,
}

/// How a caller may name the challenge that it verifies.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub enum VerifyBy {
    /// By id or by recipient.
    Both,
    /// By id only.
    Id,
    /// By recipient only.
    Recipient,
}

/// Whose wrong codes are counted together, and who is locked by them.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub enum FailureScope {
    /// Those of this purpose only.
    Purpose,
    /// Those of the recipient, over all purposes of the tenant that say so.
    Recipient,
}

/// What a limit counts.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
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

/// The regions whose numbers may be sent to.
///
/// An entry is a region, as the two capital letters of ISO 3166, or a plus sign and the first digits of international
/// numbers: `ID`, `+62`, `+1876`. A mail address belongs to no region and is always allowed.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct RegionRule {
    /// The channel that it holds for; every channel where none is named.
    pub channel: Option<Channel>,
    /// What a number has to match one of; where it is empty, any number is allowed.
    pub allow: Vec<String>,
    /// What a number must not match. It counts for more than `allow`.
    pub deny: Vec<String>,
}

/// A policy as the operator wrote it: what is absent takes the default of its preset.
#[derive(Clone, Debug, Default)]
pub struct Policy {
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
