//! The tag of a message as Resend carries it: in base64url, as a value may hold no full stop.

use data_encoding::BASE64URL_NOPAD;
use serde::Serialize;
use serde_json::Value;

use crate::protocol::tag::Tag;

/// The name of the tag that says which send a mail is.
const NAME: &str = "countersign";
const MAX_VALUE_BYTES: usize = 256;

/// A tag of Resend's.
#[derive(Serialize)]
pub(super) struct MailTag {
    name: &'static str,
    value: String,
}

/// The send's tag, where there is room for it.
pub(super) fn of(tag: &str) -> Option<MailTag> {
    let value = BASE64URL_NOPAD.encode(tag.as_bytes());
    (value.len() <= MAX_VALUE_BYTES).then_some(MailTag { name: NAME, value })
}

/// The send's tag among a mail's: an object of them, or a list of names and values.
pub(super) fn read(tags: &Value) -> Option<Tag> {
    let value = match tags {
        Value::Object(tags) => tags.get(NAME)?,
        Value::Array(tags) => {
            let is_ours = |tag: &&Value| tag.get("name").and_then(Value::as_str) == Some(NAME);
            tags.iter().find(is_ours)?.get("value")?
        }
        _ => return None,
    };
    let text = BASE64URL_NOPAD.decode(value.as_str()?.as_bytes()).ok()?;
    Tag::parse(std::str::from_utf8(&text).ok()?)
}
