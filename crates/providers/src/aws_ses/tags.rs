//! The tag of a message as SES carries it: three tags, as a value may hold no full stop.

use data_encoding::BASE64URL_NOPAD;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::json;
use crate::messages::message::Message;
use crate::protocol::tag::Tag;

const TENANT: &str = "countersign-tenant";
const SEND: &str = "countersign-send";
const CHALLENGE: &str = "countersign-challenge";
const MAX_VALUE_BYTES: usize = 256;

/// A tag of SES: letters, digits, underscores and dashes.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct EmailTag {
    name: &'static str,
    value: String,
}

/// The tags of a message, where its operator wants reports and SES can carry them.
pub(super) fn of(message: &Message) -> Option<[EmailTag; 3]> {
    message.callback_url.as_ref()?;
    let tag = Tag::of(message);
    let tags = [
        EmailTag { name: TENANT, value: tag.tenant },
        EmailTag { name: SEND, value: tag.send_number.to_string() },
        EmailTag { name: CHALLENGE, value: BASE64URL_NOPAD.encode(tag.challenge_id.as_bytes()) },
    ];
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    let fits = |tag: &EmailTag| {
        (1..=MAX_VALUE_BYTES).contains(&tag.value.len()) && tag.value.bytes().all(is_safe)
    };
    tags.iter().all(fits).then_some(tags)
}

/// The tag that an event's tags make; nothing where the mail wasn't ours.
pub(super) fn read(tags: &Map<String, Value>) -> Option<Tag> {
    let first = |name: &str| json::list(tags.get(name)?).first()?.as_str();
    let challenge = BASE64URL_NOPAD.decode(first(CHALLENGE)?.as_bytes()).ok()?;
    let challenge = String::from_utf8(challenge).ok()?;
    let tag = Tag::parse(&format!("{}.{}.{challenge}", first(TENANT)?, first(SEND)?))?;
    // A full stop in one of the others would have moved what follows it into the next.
    (tag.challenge_id == challenge).then_some(tag)
}
