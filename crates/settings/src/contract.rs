//! From policies to the contract's types, as some bindings generator made them: field by field, nothing decided. A
//! macro, because the host and the edge app have types of their own; their names are the contract's.

/// Enumerations of equal cases.
#[doc(hidden)]
#[macro_export]
macro_rules! same_cases {
    ($from:path => $to:path { $($case:ident),+ $(,)? }) => {
        impl From<$from> for $to {
            fn from(value: $from) -> Self {
                match value {
                    $(<$from>::$case => Self::$case,)+
                }
            }
        }
    };
}

/// Implements the conversions for bindings of `countersign:otp/types` and `countersign:otp/settings`, whose modules are
/// given.
#[macro_export]
macro_rules! contract {
    ($types:path, $settings:path $(,)?) => {
        mod contract {
            use $crate::limits::{Activity, LimitScope, LimitSettings, Window};
            use $crate::purposes::{
                Alphabet, Channel, FailureScope, NumberType, PolicySettings, Preset, ResendCode, VerifyBy,
            };
            use $settings as settings;
            use $types as types;

            $crate::same_cases!(Channel => types::Channel { Email, Sms, Voice, Webhook, Whatsapp });
            $crate::same_cases!(LimitScope => types::Scope { Ip, Purpose, Subject, Tenant });
            $crate::same_cases!(Activity => settings::Activity { Send, Verify });
            $crate::same_cases!(Alphabet => settings::Alphabet { Digits, Unambiguous });
            $crate::same_cases!(Preset => settings::Preset { Default, Lenient, Strict });
            $crate::same_cases!(ResendCode => settings::ResendCode { New, Same });
            $crate::same_cases!(FailureScope => settings::FailureScope { Purpose, Recipient });
            $crate::same_cases!(NumberType => settings::NumberType { Personal, PremiumRate, SharedCost });
            $crate::same_cases!(VerifyBy => settings::VerifyBy { Both, Id, Recipient });

            impl From<&PolicySettings> for settings::Policy {
                fn from(policy: &PolicySettings) -> Self {
                    let limits = policy.limits.iter().map(Into::into);
                    Self {
                        preset: policy.preset.map(Into::into),
                        code_length: policy.code_length,
                        alphabet: policy.alphabet.map(Into::into),
                        lifetime_seconds: policy.lifetime_seconds,
                        max_attempts: policy.max_attempts,
                        lockout_seconds: policy.lockout_seconds,
                        lockout_max_seconds: policy.lockout_max_seconds,
                        failure_cap: policy.failure_cap,
                        failure_scope: policy.failure_scope.map(Into::into),
                        cooldown_seconds: policy.cooldown_seconds,
                        cooldown_max_seconds: policy.cooldown_max_seconds,
                        max_resends: policy.max_resends,
                        remember_device_seconds: policy.remember_device_seconds,
                        resend_code: policy.resend_code.map(Into::into),
                        verify_by: policy.verify_by.map(Into::into),
                        reference_required: policy.reference_required,
                        may_send_twice: policy.may_send_twice,
                        default_region: policy.default_region.clone(),
                        number_types: policy.number_types.iter().copied().map(Into::into).collect(),
                        new_prefixes: policy.new_prefixes.clone(),
                        regions: policy
                            .regions
                            .rules()
                            .map(|(channel, lists)| settings::RegionRule {
                                channel: channel.map(Into::into),
                                allow: lists.allow,
                                deny: lists.deny,
                            })
                            .collect(),
                        channels: policy.channels.iter().copied().map(Into::into).collect(),
                        limits: limits.chain(policy.counted.iter().map(Into::into)).collect(),
                    }
                }
            }

            impl From<&LimitSettings> for settings::Limit {
                fn from(limit: &LimitSettings) -> Self {
                    Self {
                        scope: limit.scope.into(),
                        on: limit.on.into(),
                        max: Some(limit.max),
                        window_seconds: limit.window_seconds,
                    }
                }
            }

            impl From<&Window> for settings::Limit {
                fn from(window: &Window) -> Self {
                    Self {
                        scope: window.scope.into(),
                        on: window.on.into(),
                        max: None,
                        window_seconds: window.window_seconds,
                    }
                }
            }
        }
    };
}
