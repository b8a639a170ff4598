//! What the engine is told: the policies and the keys, in the words of the contract.

use std::collections::BTreeMap;
use std::fmt;

use countersign_settings::purposes::{
    Activity, Alphabet, Channel, LimitScope, LimitSettings, PolicySettings, ResendCode, VerifyBy,
};

use crate::bindings::countersign::otp::{settings, types};

/// The policies and the keys. Its `Debug` names the purposes and shows no key.
pub struct Rules {
    /// Policies by tenant and purpose.
    pub policies: BTreeMap<(String, String), settings::Policy>,
    /// The keys. Secret.
    pub keyring: settings::Keyring,
}

impl fmt::Debug for Rules {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Rules")
            .field("purposes", &self.policies.keys())
            .finish_non_exhaustive()
    }
}

impl From<&PolicySettings> for settings::Policy {
    fn from(policy: &PolicySettings) -> Self {
        Self {
            code_length: policy.code_length,
            alphabet: policy.alphabet.map(Into::into),
            lifetime_seconds: policy.lifetime_seconds,
            max_attempts: policy.max_attempts,
            lockout_seconds: policy.lockout_seconds,
            lockout_max_seconds: policy.lockout_max_seconds,
            failure_cap: policy.failure_cap,
            cooldown_seconds: policy.cooldown_seconds,
            cooldown_max_seconds: policy.cooldown_max_seconds,
            max_resends: policy.max_resends,
            resend_code: policy.resend_code.map(Into::into),
            verify_by: policy.verify_by.map(Into::into),
            reference_required: policy.reference_required,
            default_region: policy.default_region.clone(),
            channels: policy.channels.iter().copied().map(Into::into).collect(),
            limits: policy.limits.iter().map(Into::into).collect(),
        }
    }
}

impl From<&LimitSettings> for settings::Limit {
    fn from(limit: &LimitSettings) -> Self {
        Self {
            scope: match limit.scope {
                LimitScope::Ip => types::Scope::Ip,
                LimitScope::Purpose => types::Scope::Purpose,
                LimitScope::Subject => types::Scope::Subject,
                LimitScope::Tenant => types::Scope::Tenant,
            },
            on: match limit.on {
                Activity::Send => settings::Activity::Send,
                Activity::Verify => settings::Activity::Verify,
            },
            max: limit.max,
            window_seconds: limit.window_seconds,
        }
    }
}

impl From<Channel> for types::Channel {
    fn from(channel: Channel) -> Self {
        match channel {
            Channel::Email => Self::Email,
            Channel::Sms => Self::Sms,
            Channel::Voice => Self::Voice,
            Channel::Webhook => Self::Webhook,
            Channel::Whatsapp => Self::Whatsapp,
        }
    }
}

impl From<types::Channel> for Channel {
    fn from(channel: types::Channel) -> Self {
        match channel {
            types::Channel::Email => Self::Email,
            types::Channel::Sms => Self::Sms,
            types::Channel::Voice => Self::Voice,
            types::Channel::Webhook => Self::Webhook,
            types::Channel::Whatsapp => Self::Whatsapp,
        }
    }
}

impl From<Alphabet> for settings::Alphabet {
    fn from(alphabet: Alphabet) -> Self {
        match alphabet {
            Alphabet::Digits => Self::Digits,
            Alphabet::Unambiguous => Self::Unambiguous,
        }
    }
}

impl From<ResendCode> for settings::ResendCode {
    fn from(code: ResendCode) -> Self {
        match code {
            ResendCode::New => Self::New,
            ResendCode::Same => Self::Same,
        }
    }
}

impl From<VerifyBy> for settings::VerifyBy {
    fn from(by: VerifyBy) -> Self {
        match by {
            VerifyBy::Both => Self::Both,
            VerifyBy::Id => Self::Id,
            VerifyBy::Recipient => Self::Recipient,
        }
    }
}
