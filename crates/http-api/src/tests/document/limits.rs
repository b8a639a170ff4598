//! The limits of every text and number, made of the constants that the code enforces.

use std::ops::RangeInclusive;

use countersign_contract::names::MAX_NAME;
use countersign_contract::otp::{
    MAX_CLIENT_IP_BYTES, MAX_LOCALE_BYTES, MAX_REFERENCE_BYTES, MAX_TYPED_BYTES,
};
use countersign_core::policy::{
    CODE_LENGTH, COOLDOWN_MAX_SECONDS, LIFETIME_SECONDS, LOCKOUT_MAX_SECONDS, MAX_ATTEMPTS,
    MAX_RESENDS, WINDOW_SECONDS,
};
use countersign_core::recipient::{MASKED_MAX_BYTES, MAX_BYTES};
use serde_json::{Map, Value, json};

use crate::census::MAX_CURSOR_BYTES;
use crate::routes::{MAX_ID_BYTES, MAX_PROVIDER_BYTES};
use crate::wire::requests::{MAX_COOKIE_CHARACTERS, SweepBody};

/// How far the clocks of a deployment may differ: times that another host wrote may be that much longer.
const CLOCKS_DIFFER_SECONDS: u32 = 60;

/// `2026-08-01T12:05:00Z`.
const TIME_BYTES: usize = 20;

/// The schemas of bodies that callers send.
pub(super) const REQUESTS: [&str; 8] = [
    "AddresseeBody",
    "CountBody",
    "IssueBody",
    "ListBody",
    "ResendBody",
    "SweepBody",
    "VerifyBody",
    "VerifyByIdBody",
];

/// Adds the limits of every field of every object.
pub(super) fn apply(schemas: &mut Map<String, Value>) {
    for (name, schema) in schemas {
        let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
            continue;
        };
        let is_request = REQUESTS.contains(&name.as_str());
        for (field, property) in properties {
            let limits = if is_request { asked(field) } else { None };
            let Some(limits) = limits.or_else(|| told(name, field)) else { continue };
            property.as_object_mut().unwrap().extend(limits.as_object().unwrap().clone());
        }
    }
}

/// The limits of a request's field, where an answer's aren't the same.
fn asked(field: &str) -> Option<Value> {
    Some(match field {
        "after" => length(1, MAX_CURSOR_BYTES),
        "client_ip" => with_format("client-address", 2, MAX_CLIENT_IP_BYTES),
        "code" => with_format("typed-code", *CODE_LENGTH.start() as usize, MAX_TYPED_BYTES),
        // One that isn't good counts as none: a login must not fail because of it.
        "device_cookie" => length(0, MAX_COOKIE_CHARACTERS),
        "limit" => {
            let mut limits = number(1..=SweepBody::MOST);
            limits["default"] = json!(SweepBody::DEFAULT);
            limits
        }
        "locale" => {
            let pattern = "^([A-Za-z]{2,8}|[iIxX])([-_][A-Za-z0-9]{1,8})*$";
            text(2, MAX_LOCALE_BYTES, pattern)
        }
        "to" => with_format("phone-or-email", 1, MAX_BYTES),
        _ => return None,
    })
}

fn told(schema: &str, field: &str) -> Option<Value> {
    let seconds = |most: u32| number(0..=most + CLOCKS_DIFFER_SECONDS);
    Some(match field {
        "attempts_left" => number(0..=*MAX_ATTEMPTS.end()),
        "code_length" => number(CODE_LENGTH),
        "changed_seconds_ago" | "changes" | "latency_ms" | "switched_seconds_ago" | "switches" => {
            json!({"minimum": 0, "maximum": u64::MAX})
        }
        "cooldown" => seconds(COOLDOWN_MAX_SECONDS),
        "detail" => length(1, 512),
        "device_cookie" => text(28, 28, "^[A-Za-z0-9_-]+$"),
        "exhausted" | "expired" | "failures" | "pending" | "revoked" | "verified"
            if matches!(schema, "Side" | "Tally") =>
        {
            json!({"minimum": 0, "maximum": u32::MAX})
        }
        "examined" | "removed" => number(0..=SweepBody::MOST),
        "expires_at" | "issued_at" | "verified_at" => length(TIME_BYTES, TIME_BYTES),
        "expires_in" => seconds(*LIFETIME_SECONDS.end()),
        "field" => length(1, 64),
        "id" => id(),
        "locked_for" => seconds(LOCKOUT_MAX_SECONDS),
        "next" => length(1, MAX_CURSOR_BYTES),
        "name" => text(1, "provider ".len() + MAX_PROVIDER_BYTES, "^[a-z0-9_ -]+$"),
        "provider" => provider(),
        "purpose" => name(),
        // JSON Schema counts characters, the engine bytes.
        "reference" => text(1, MAX_REFERENCE_BYTES, r"^[^\x00-\x1f\x7f-\x9f]+$"),
        "resend_in" => seconds(COOLDOWN_MAX_SECONDS),
        "resends_left" => number(0..=*MAX_RESENDS.end()),
        "retry_after" => retry_after(),
        "seconds" => json!({"minimum": i64::MIN, "maximum": i64::MAX}),
        "status" if schema == "Problem" => number(400..=599),
        "title" => length(1, 64),
        "to" => {
            let masked = r"^([0-9]{1,3}\*{4}[0-9]{0,4}|.\*{3}@.\*{3}\.[a-z0-9-]{1,63})$";
            text(1, MASKED_MAX_BYTES, masked)
        }
        "type" => text(1, 128, "^/problems/[a-z_]+$"),
        _ => return None,
    })
}

/// A purpose.
fn name() -> Value {
    text(1, MAX_NAME, "^[a-z0-9_-]+$")
}

/// A challenge's id.
pub(super) fn id() -> Value {
    text(1, MAX_ID_BYTES, "^[A-Za-z0-9_.-]+$")
}

/// The name of a provider, or its type.
pub(super) fn provider() -> Value {
    text(1, MAX_PROVIDER_BYTES, "^[a-z0-9_-]+$")
}

/// Seconds to wait: no longer than the longest window, which outlasts locks and cooldowns.
pub(super) fn retry_after() -> Value {
    number(1..=*WINDOW_SECONDS.end())
}

fn length(least: usize, most: usize) -> Value {
    json!({"minLength": least, "maxLength": most})
}

fn text(least: usize, most: usize, pattern: &str) -> Value {
    json!({"minLength": least, "maxLength": most, "pattern": pattern})
}

fn with_format(format: &str, least: usize, most: usize) -> Value {
    json!({"minLength": least, "maxLength": most, "format": format})
}

fn number(range: RangeInclusive<u32>) -> Value {
    json!({"minimum": range.start(), "maximum": range.end()})
}

#[test]
fn the_longest_wait_is_a_window() {
    assert!(*WINDOW_SECONDS.end() > LOCKOUT_MAX_SECONDS + CLOCKS_DIFFER_SECONDS);
    assert!(*WINDOW_SECONDS.end() > COOLDOWN_MAX_SECONDS + CLOCKS_DIFFER_SECONDS);
}
