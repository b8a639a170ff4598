//! Between these words and those that a bindings generator made of `wit/`: field by field, nothing decided.
//!
//! A component or a host names its bindings once, and calls [`Translate::translate`] where a value crosses over:
//!
//! ```
//! use countersign_contract::{Translate, upkeep::Swept};
//!
//! // What a generator makes of `wit/upkeep.wit`.
//! mod bindings {
//!     pub struct Swept { pub examined: u32, pub removed: u32, pub more: bool }
//! }
//! countersign_contract::upkeep!(crate::bindings);
//!
//! fn main() {
//!     let theirs = bindings::Swept { examined: 128, removed: 3, more: true };
//!     assert_eq!(theirs.translate(), Swept { examined: 128, removed: 3, more: true });
//! }
//! ```

use std::borrow::Cow;

use crate::secret::{Pii, Secret};
use crate::time::Timestamp;

/// A value of the contract in other words.
pub trait Translate<T> {
    /// The same value.
    fn translate(self) -> T;
}

/// What is the same on both sides.
macro_rules! same {
    ($($of:ty),+) => {
        $(impl Translate<$of> for $of {
            fn translate(self) -> $of {
                self
            }
        })+
    };
}

same!(bool, i64, u32, u64, (), String, Vec<u8>);

impl<T, U: Translate<T>> Translate<Option<T>> for Option<U> {
    fn translate(self) -> Option<T> {
        self.map(U::translate)
    }
}

impl<T, U: Translate<T>> Translate<Vec<T>> for Vec<U> {
    fn translate(self) -> Vec<T> {
        self.into_iter().map(U::translate).collect()
    }
}

impl<T, E, U: Translate<T>, F: Translate<E>> Translate<Result<T, E>> for Result<U, F> {
    fn translate(self) -> Result<T, E> {
        self.map(U::translate).map_err(F::translate)
    }
}

impl Translate<u64> for Timestamp {
    fn translate(self) -> u64 {
        self.0
    }
}

impl Translate<Timestamp> for u64 {
    fn translate(self) -> Timestamp {
        Timestamp(self)
    }
}

impl Translate<String> for Pii {
    fn translate(self) -> String {
        self.into_exposed()
    }
}

impl Translate<Pii> for String {
    fn translate(self) -> Pii {
        Pii::new(self)
    }
}

impl Translate<String> for Secret<String> {
    fn translate(self) -> String {
        self.into_exposed()
    }
}

impl Translate<Secret<String>> for String {
    fn translate(self) -> Secret<String> {
        Secret::new(self)
    }
}

impl Translate<String> for Cow<'static, str> {
    fn translate(self) -> String {
        self.into_owned()
    }
}

impl Translate<Cow<'static, str>> for String {
    fn translate(self) -> Cow<'static, str> {
        Cow::Owned(self)
    }
}

/// A record that both sides have, by its fields. `ours` and `theirs` are modules where it is used.
#[doc(hidden)]
#[macro_export]
macro_rules! record {
    ($name:ident: $($field:ident)+) => {
        impl $crate::Translate<ours::$name> for theirs::$name {
            fn translate(self) -> ours::$name {
                ours::$name { $($field: $crate::Translate::translate(self.$field)),+ }
            }
        }
        impl $crate::Translate<theirs::$name> for ours::$name {
            fn translate(self) -> theirs::$name {
                theirs::$name { $($field: $crate::Translate::translate(self.$field)),+ }
            }
        }
    };
}

/// An enumeration or a variant that both sides have, by its cases.
#[doc(hidden)]
#[macro_export]
macro_rules! variant {
    ($name:ident: $($case:ident $(($inner:ident))?)+) => {
        impl $crate::Translate<ours::$name> for theirs::$name {
            fn translate(self) -> ours::$name {
                match self {
                    $(Self::$case $(($inner))? => {
                        ours::$name::$case $(($crate::Translate::translate($inner)))?
                    })+
                }
            }
        }
        impl $crate::Translate<theirs::$name> for ours::$name {
            fn translate(self) -> theirs::$name {
                match self {
                    $(Self::$case $(($inner))? => {
                        theirs::$name::$case $(($crate::Translate::translate($inner)))?
                    })+
                }
            }
        }
    };
}

/// Translates the words of `wit/types.wit`: takes the module of its bindings.
#[macro_export]
macro_rules! types {
    ($bindings:path) => {
        const _: () = {
            use $bindings as theirs;
            use $crate::types as ours;

            $crate::record!(ArgumentFault: field reason);
            $crate::record!(Throttle: scope retry_after_seconds);
            $crate::variant!(Channel: Email Sms Voice Webhook Whatsapp);
            $crate::variant!(DeliveryOutcome: Delivered Failed);
            $crate::variant!(RecipientFault:
                Ambiguous Empty MalformedAddress MalformedNumber NumberNotAllowed TooLong
                UnassignableNumber WrongKind);
            $crate::variant!(Scope: Challenge Cooldown Ip Purpose Subject Tenant);
            $crate::variant!(SendError:
                NotConfigured(text) RecipientRefused TemplateUnknown Throttled(seconds) Timeout
                Unauthorised Unavailable Unreadable Other(text));
            $crate::variant!(StoreError: Denied InvalidArgument Timeout Unavailable Other(text));
        };
    };
}

/// Translates the words of `wit/otp.wit`: takes the module of its bindings.
#[macro_export]
macro_rules! otp {
    ($bindings:path) => {
        const _: () = {
            use $bindings as theirs;
            use $crate::otp as ours;

            $crate::record!(Addressee: purpose to device_cookie);
            $crate::record!(IssueRequest:
                tenant purpose channel to reference locale client_ip device_cookie);
            $crate::record!(VerifyRequest: tenant target purpose to code reference client_ip);
            $crate::record!(ResendRequest: tenant id client_ip);
            $crate::variant!(Target: Id(id) Recipient(addressee));
            $crate::record!(Challenge:
                id purpose channel masked_recipient code_length expires_at expires_in_seconds
                resend_in_seconds resends_left attempts_left provider);
            $crate::record!(Verified:
                id purpose channel masked_recipient reference verified_at device_cookie);
            $crate::record!(Report:
                id purpose channel masked_recipient state delivery issued_at expires_at
                expires_in_seconds resend_in_seconds resends_left attempts_left locked_for_seconds
                disabled);
            $crate::record!(SideReport:
                failures locked_for_seconds disabled cooldown_seconds challenges);
            $crate::record!(SubjectReport: purpose masked_recipient known_devices other_clients);
            $crate::record!(PurposeTally: purpose exhausted expired pending revoked verified);
            $crate::variant!(State: Exhausted Expired Pending Revoked Verified);
            $crate::variant!(DeliveryState: Delivered Failed Sent);
            $crate::variant!(Error:
                ChannelNotAllowed DeliveryFailed(error) Disabled Exhausted(seconds) Expired
                InvalidArgument(fault) InvalidRecipient(fault) Locked(seconds) Misconfigured(text)
                Mismatch(left) NotFound ReferenceMismatch(left) ReferenceRequired Revoked
                StoreUnavailable(error) Throttled(throttle) UnknownPurpose VerifyByNotAllowed);
        };
    };
}

/// Translates the words of `wit/store.wit`: takes the module of its bindings.
#[macro_export]
macro_rules! store {
    ($bindings:path) => {
        const _: () = {
            use $bindings as theirs;
            use $crate::store as ours;

    $crate::record!(Step: key by ttl_seconds);
    $crate::record!(Assignment: key value ttl_seconds);
    $crate::variant!(Operation: Delete(key) Get(key) Increment(step) Set(assignment));
    $crate::variant!(Reply: Count(count) Done Value(value));
    $crate::record!(Outcome: replies generation);
        };
    };
}

/// Translates the words of `wit/upkeep.wit`: takes the module of its bindings.
#[macro_export]
macro_rules! upkeep {
    ($bindings:path) => {
        const _: () = {
            use $bindings as theirs;
            use $crate::upkeep as ours;

    $crate::record!(Swept: examined removed more);
        };
    };
}

/// Translates the words of `wit/sender.wit`: takes the module of its bindings.
#[macro_export]
macro_rules! sender {
    ($bindings:path) => {
        const _: () = {
            use $bindings as theirs;
            use $crate::sender as ours;

            $crate::record!(Message:
                tenant purpose channels may_send_twice recipient code challenge_id send_number
                lifetime_seconds expires_at reference locale);
            $crate::record!(Delivery: channel provider message_id);
        };
    };
}

/// Translates the words of `wit/callbacks.wit` that both sides have: takes the module of its bindings.
#[macro_export]
macro_rules! callbacks {
    ($bindings:path) => {
        const _: () = {
            use $bindings as theirs;
            use $crate::callbacks as ours;

    $crate::record!(DeliveryReport: tenant id send_number outcome);
    $crate::variant!(CallbackError: Unauthenticated UnknownProvider Unreadable Unsupported);
        };
    };
}

/// Translates the words of `wit/settings.wit`: takes the module of its bindings.
#[macro_export]
macro_rules! settings {
    ($bindings:path) => {
        const _: () = {
            use $bindings as theirs;
            use $crate::settings as ours;

            $crate::variant!(Alphabet: Digits Unambiguous);
            $crate::variant!(Preset: Default Lenient Strict);
            $crate::variant!(ResendCode: New Same);
            $crate::variant!(VerifyBy: Both Id Recipient);
            $crate::variant!(FailureScope: Purpose Recipient);
            $crate::variant!(NumberType: Personal PremiumRate SharedCost);
            $crate::variant!(Activity: Send Verify);
            $crate::record!(Limit: scope on max window_seconds);
            $crate::record!(RegionRule: channel allow deny);
            $crate::record!(Policy:
                preset code_length alphabet lifetime_seconds max_attempts lockout_seconds
                lockout_max_seconds failure_cap failure_scope cooldown_seconds cooldown_max_seconds
                max_resends remember_device_seconds resend_code verify_by reference_required
                may_send_twice default_region number_types new_prefixes regions channels limits);
        };
    };
}
