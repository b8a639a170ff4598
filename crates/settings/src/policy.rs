//! `[purposes.<name>]`: the policy of one purpose.
//!
//! Ranges and defaults are the engine's: `wit/settings.wit` has them, and the engine refuses what is outside when it
//! is asked to prepare.

use std::collections::BTreeMap;

use countersign_contract::settings::{
    Alphabet, FailureScope, NumberType, Policy, Preset, RegionRule, ResendCode, VerifyBy,
};
use countersign_contract::types::Channel;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::limits::{LimitSettings, Window};

/// The rules of one purpose. What is absent takes the engine's default.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicySettings {
    /// Which defaults absent fields take: default `default`. Where three values stand in a row below, they are those of
    /// `default`, `lenient` and `strict`. The attacker's table in the docs says what each means.
    pub preset: Option<Preset>,
    /// Characters in a code: 6 to 10, default 6.
    #[schemars(range(min = 6, max = 10))]
    pub code_length: Option<u32>,
    /// What codes are made of: default `digits`.
    pub alphabet: Option<Alphabet>,
    /// Seconds for which a code is good: 30 to 600, default 300 (600, 180).
    #[schemars(range(min = 30, max = 600))]
    pub lifetime_seconds: Option<u32>,
    /// Codes that are compared for one challenge: 1 to 10, default 3 (5, 3).
    #[schemars(range(min = 1, max = 10))]
    pub max_attempts: Option<u32>,
    /// Seconds for which a recipient is locked after `max_attempts` consecutive wrong codes, over however many
    /// challenges: 60 to 86,400, default 900 (300, 3,600). Doubled after each further `max_attempts` without a success in between.
    #[schemars(range(min = 60, max = 86_400))]
    pub lockout_seconds: Option<u32>,
    /// The longest lock in seconds: `lockout_seconds` to 604,800, default 3,600 (900, 86,400).
    #[schemars(range(min = 60, max = 604_800))]
    pub lockout_max_seconds: Option<u32>,
    /// Consecutive wrong codes after which a recipient is disabled until an operator unlocks it:
    /// `max_attempts` to 100, default 100 (100, 30).
    #[schemars(range(min = 1, max = 100))]
    pub failure_cap: Option<u32>,
    /// Whose wrong codes are counted together: default `recipient`.
    pub failure_scope: Option<FailureScope>,
    /// Seconds between two sends to a recipient: 0 to 3,600, default 60 (30, 60). Doubled with each further send while no
    /// code comes back.
    #[schemars(range(min = 0, max = 3600))]
    pub cooldown_seconds: Option<u32>,
    /// The longest cooldown in seconds: `cooldown_seconds` to 86,400, default 900 (300, 3,600).
    #[schemars(range(min = 0, max = 86_400))]
    pub cooldown_max_seconds: Option<u32>,
    /// Resends of one challenge: 0 to 10, default 3 (5, 2).
    #[schemars(range(min = 0, max = 10))]
    pub max_resends: Option<u32>,
    /// Seconds for which a device is known after a success, so that strangers can't keep it out: 0 (none is) to
    /// 31,622,400, default 2,592,000 (7,776,000, 604,800).
    #[schemars(range(min = 0, max = 31_622_400))]
    pub remember_device_seconds: Option<u32>,
    /// Which code a resend carries: default `same`.
    pub resend_code: Option<ResendCode>,
    /// How a caller may name the challenge that it verifies: default `id`.
    pub verify_by: Option<VerifyBy>,
    /// Whether a reference has to be given: default no.
    pub reference_required: Option<bool>,
    /// Country of national phone numbers: an ISO 3166-1 alpha-2 code in capitals. Default none: national numbers
    /// are refused.
    pub default_region: Option<String>,
    /// Types of number that may be sent to beside the ordinary ones: default none.
    #[serde(default)]
    pub number_types: Vec<NumberType>,
    /// Beginnings of numbers that are newer than countersign's numbering plans, and are taken by their length alone: at
    /// most 64, each a plus sign and digits, such as `+1621`.
    #[serde(default)]
    pub new_prefixes: Vec<String>,
    /// Regions whose numbers may be sent to: default all.
    #[serde(default)]
    pub regions: RegionSettings,
    /// Whether another provider or channel may be tried where it isn't known whether a message went out, so that a
    /// person may get two: default no.
    pub may_send_twice: Option<bool>,
    /// Channels that may be used: at least one, each once. Where a caller names none, they are tried in this order, as
    /// far as the recipient fits.
    pub channels: Vec<Channel>,
    /// Limits, all of which hold: at most 8.
    #[serde(default)]
    pub limits: Vec<LimitSettings>,
    /// What is counted for the limits of the tenant's other purposes.
    #[serde(skip)]
    pub counted: Vec<Window>,
}

/// The regions whose numbers may be sent to. An entry is an ISO 3166-1 alpha-2 code in capitals, or a plus sign and the
/// first digits of international numbers: `ID`, `+62`, `+1876`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RegionSettings {
    /// What a number has to match one of, by every channel: at most 300. Default any number.
    pub allow: Vec<String>,
    /// What a number must not match, whatever `allow` says: at most 300.
    pub deny: Vec<String>,
    /// What holds beside that for single channels, each one of the purpose's.
    pub channels: BTreeMap<Channel, RegionLists>,
}

/// The regions whose numbers may be sent to by one channel.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RegionLists {
    /// What a number has to match one of: at most 300. Default any number.
    pub allow: Vec<String>,
    /// What a number must not match, whatever `allow` says: at most 300.
    pub deny: Vec<String>,
}

impl RegionSettings {
    /// The rules: that for every channel first, then those of single channels. None where nothing is set.
    pub fn rules(&self) -> impl Iterator<Item = (Option<Channel>, RegionLists)> {
        let is_set = !self.allow.is_empty() || !self.deny.is_empty();
        let general = RegionLists { allow: self.allow.clone(), deny: self.deny.clone() };
        let single = self.channels.iter().map(|(channel, lists)| (Some(*channel), lists.clone()));
        is_set.then_some((None, general)).into_iter().chain(single)
    }
}

impl From<&PolicySettings> for Policy {
    fn from(policy: &PolicySettings) -> Self {
        let limits = policy.limits.iter().map(Into::into);
        let regions = policy.regions.rules().map(|(channel, lists)| RegionRule {
            channel,
            allow: lists.allow,
            deny: lists.deny,
        });
        Self {
            preset: policy.preset,
            code_length: policy.code_length,
            alphabet: policy.alphabet,
            lifetime_seconds: policy.lifetime_seconds,
            max_attempts: policy.max_attempts,
            lockout_seconds: policy.lockout_seconds,
            lockout_max_seconds: policy.lockout_max_seconds,
            failure_cap: policy.failure_cap,
            failure_scope: policy.failure_scope,
            cooldown_seconds: policy.cooldown_seconds,
            cooldown_max_seconds: policy.cooldown_max_seconds,
            max_resends: policy.max_resends,
            remember_device_seconds: policy.remember_device_seconds,
            resend_code: policy.resend_code,
            verify_by: policy.verify_by,
            reference_required: policy.reference_required,
            may_send_twice: policy.may_send_twice,
            default_region: policy.default_region.clone(),
            number_types: policy.number_types.clone(),
            new_prefixes: policy.new_prefixes.clone(),
            regions: regions.collect(),
            channels: policy.channels.clone(),
            limits: limits.chain(policy.counted.iter().map(Into::into)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(regions: &str) -> Result<Vec<(Option<Channel>, RegionLists)>, String> {
        let text = format!(r#"{{"channels":["sms","voice"],"regions":{regions}}}"#);
        let policy: PolicySettings =
            serde_json::from_str(&text).map_err(|error| error.to_string())?;
        Ok(policy.regions.rules().collect())
    }

    #[test]
    fn regions_become_one_rule_for_every_channel_and_one_for_each() {
        assert!(read("{}").unwrap().is_empty());
        let rules = read(
            r#"{"allow":["ID","+998"],"deny":["+7"],"channels":{"voice":{"allow":["ID"]},"sms":{}}}"#,
        );
        let rules = rules.unwrap();
        let channels: Vec<_> = rules.iter().map(|(channel, _)| *channel).collect();
        assert_eq!(channels, [None, Some(Channel::Sms), Some(Channel::Voice)]);
        assert_eq!(rules[0].1.allow, ["ID", "+998"]);
        assert_eq!(rules[0].1.deny, ["+7"]);
        assert_eq!(rules[2].1.allow, ["ID"]);
        let only = read(r#"{"channels":{"voice":{"deny":["US"]}}}"#).unwrap();
        assert_eq!(only.len(), 1);
        for wrong in [r#"{"allowed":[]}"#, r#"{"channels":{"fax":{}}}"#, r#"{"allow":"ID"}"#] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
