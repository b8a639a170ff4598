//! Enumerations of answers, which may grow: open strings with the values of today.
//!
//! A generated client that knows an `enum` breaks on a value that came later. So an answer's is a string: `examples` lists
//! the known values, as the Zalando guidelines have it since OpenAPI 3.1, and `x-extensible-enum` for tools that read
//! the older way. Of `anyOf` a string and an `enum`, many generators make a class without a value.

use serde_json::{Map, Value, json};

use crate::problem::ProblemCode;

const CHANNEL: &[(&str, &str)] = &[
    ("email", "a mail"),
    ("sms", "a text message"),
    ("voice", "a spoken call"),
    ("webhook", "a call to a URL of the operator's"),
    ("whatsapp", "a WhatsApp template message"),
];
const CONDITION: &[(&str, &str)] = &[
    ("degraded", "failed lately, and left alone for a while"),
    ("failed", "does not work; the log says why"),
    ("ok", "works"),
];
const DELIVERY_KIND: &[(&str, &str)] = &[
    ("not_configured", "a provider or one of its settings is missing: for the operator"),
    ("other", "something else: for the operator; the log says what"),
    ("recipient_refused", "the provider refuses this recipient: ask the person for another"),
    ("template_unknown", "the provider doesn't know the message's template: for the operator"),
    ("throttled", "the provider was asked too often: try again later"),
    ("timeout", "no answer in time: the message may have gone out"),
    ("unauthorised", "the provider refuses its credentials: for the operator"),
    ("unavailable", "the provider can't be reached, or failed: try again"),
    ("unreadable", "the provider's answer can't be read: the message may have gone out"),
];
const DELIVERY_STATE: &[(&str, &str)] = &[
    ("delivered", "the provider says that it arrived"),
    ("failed", "the provider says that it did not arrive"),
    ("sent", "a provider took it, and has said no more"),
];
const GENERATION_STATE: &[(&str, &str)] = &[
    ("known", "it is, and codes of another one are refused"),
    ("not_told", "the store doesn't say: every code is accepted"),
    ("trusted", "the operator trusts the store (`store.after_restart`): every code is accepted"),
];
const READINESS_STATUS: &[(&str, &str)] = &[
    (
        "degraded",
        "ready, but not as configured: a fallback has taken over, or something is left alone",
    ),
    ("failed", "not ready: a dependency has failed, or the process is about to end"),
    ("ok", "ready"),
];
const RECIPIENT_FAULT: &[(&str, &str)] = &[
    ("ambiguous", "a national number without its country"),
    ("empty", "nothing was given"),
    ("malformed_address", "not a mail address"),
    ("malformed_number", "not a phone number, or a number and something else"),
    ("number_not_allowed", "a number of a type or country that the purpose doesn't send to"),
    ("too_long", "over 254 bytes"),
    ("unassignable_number", "digits, but no number that its country could assign"),
    (
        "wrong_kind",
        "a number for a channel of mail addresses, the other way round, or a WhatsApp id",
    ),
];
const SCOPE: &[(&str, &str)] = &[
    ("challenge", "one challenge: all of its resends are used up"),
    ("cooldown", "the pause after each message to a recipient"),
    ("ip", "one client address (IPv6: its /64 network) within one tenant"),
    ("purpose", "all requests for one purpose of a tenant"),
    ("subject", "one recipient for one purpose of a tenant"),
    ("tenant", "all requests of a tenant"),
];
const SKEW_STATE: &[(&str, &str)] = &[
    ("measured", "it is"),
    ("not_measured", "the store has no clock of its own, or doesn't tell the time"),
];
const STATE: &[(&str, &str)] = &[
    ("exhausted", "all attempts are used up"),
    ("expired", "its time is over"),
    ("pending", "waits for its code"),
    ("revoked", "taken back, or another challenge of the recipient was answered"),
    ("verified", "answered"),
];

/// Values, each with what it means.
type Values = &'static [(&'static str, &'static str)];

/// Every enumeration of an answer: its name, what it is about, its values.
const ALL: &[(&str, &str, Values)] = &[
    ("Channel", "How a code reaches a person.", CHANNEL),
    ("Condition", "How a dependency is.", CONDITION),
    ("DeliveryKind", "Why a message did not go out.", DELIVERY_KIND),
    (
        "DeliveryState",
        "What is known of a challenge's latest message. Decides nothing.",
        DELIVERY_STATE,
    ),
    ("GenerationState", "Whether a store's generation is known.", GENERATION_STATE),
    ("ReadinessStatus", "How the service is, all in all.", READINESS_STATUS),
    ("RecipientFault", "Why a text is not a recipient.", RECIPIENT_FAULT),
    ("Scope", "What a limit counts by.", SCOPE),
    ("SkewState", "Whether the distance of two clocks is known.", SKEW_STATE),
    ("State", "Where a challenge stands.", STATE),
];

/// Opens all enumerations among the `schemas`, whose values are those of the types; adds the problems' codes.
pub(super) fn open(schemas: &mut Map<String, Value>) {
    for (name, about, described) in ALL {
        let schema = schemas.get_mut(*name).unwrap();
        let values: Vec<&str> = described.iter().map(|(value, _)| *value).collect();
        assert_eq!(schema["enum"], json!(values), "{name} has other values");
        *schema = extensible(about, described.iter().copied());
    }
    let codes = ProblemCode::ALL.iter().map(|fault| (fault.as_str(), fault.detail()));
    let about = "What clients go by. A code stays; texts may change.";
    schemas.insert("ProblemCode".into(), extensible(about, codes));
}

fn extensible<'a>(about: &str, described: impl Iterator<Item = (&'a str, &'a str)>) -> Value {
    let (mut text, mut values) =
        (format!("Extensible enum. {about} There may be more values.\n"), vec![]);
    for (value, meaning) in described {
        text += &format!("\n- `{value}`: {meaning}");
        values.push(value);
    }
    json!({
        "type": "string",
        "description": text,
        "minLength": 1,
        "maxLength": 64,
        "pattern": "^[a-z][a-z0-9_]*$",
        "examples": values,
        "x-extensible-enum": values,
    })
}

/// A channel as a caller names it: of these alone, or none.
pub(super) fn chosen_channel(description: &Value) -> Value {
    let values = CHANNEL.iter().map(|(value, _)| json!(value)).chain([Value::Null]);
    json!({
        "type": ["string", "null"],
        "enum": values.collect::<Vec<_>>(),
        "description": description,
    })
}
