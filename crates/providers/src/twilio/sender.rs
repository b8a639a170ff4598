//! Whom a message is from: a number or name of the account's, or one that a messaging service picks.

use super::account::is_sid;
use crate::protocol::checks::Checks;

/// What may stand in `from`.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// A number, a short code or a name.
    Sms,
    /// A number.
    Number,
}

/// Whom messages are from.
pub(super) struct Sender {
    from: Option<String>,
    service: Option<String>,
}

impl Sender {
    /// Reads the settings `from` and `messaging_service_sid`.
    pub(super) fn open(
        from: Option<&str>,
        service: Option<&str>,
        kind: Kind,
        checks: &mut Checks,
    ) -> Self {
        let is_there = from.is_some() || service.is_some();
        checks.require("from", is_there, "is missing: set it, or `messaging_service_sid`");
        let text = match kind {
            Kind::Sms => SMS,
            Kind::Number => NUMBER,
        };
        checks.require("from", from.is_none_or(|from| is_from(from, kind)), text);
        let text = "has to be `MG` and 32 hexadecimal digits";
        let is_service = service.is_none_or(|sid| is_sid(sid, "MG"));
        checks.require("messaging_service_sid", is_service, text);
        Self { from: from.map(Into::into), service: service.map(Into::into) }
    }

    /// What a request says of it.
    pub(super) fn parameters(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let from = self.from().map(|from| ("From", from));
        from.into_iter().chain(self.service().map(|sid| ("MessagingServiceSid", sid)))
    }

    /// The number or name.
    pub(super) fn from(&self) -> Option<&str> {
        self.from.as_deref()
    }

    /// The messaging service.
    pub(super) fn service(&self) -> Option<&str> {
        self.service.as_deref()
    }

    /// The setting to look at where Twilio doesn't accept the sender.
    pub(super) const fn field(&self) -> &'static str {
        if self.from.is_some() { "from" } else { "messaging_service_sid" }
    }
}

const SMS: &str = "has to be a number (`+` and 7 to 15 digits), a short code (3 to 8 digits) or a name of at most 11 \
    letters, digits, spaces, `+`, `-`, `_` and `&`, with a letter among them";
const NUMBER: &str = "has to be a number: `+` and 7 to 15 digits";

/// Whether it is an E.164 number.
pub(super) fn is_number(text: &str) -> bool {
    let is_rest = |digits: &str| {
        (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    text.strip_prefix('+').is_some_and(is_rest)
}

fn is_from(text: &str, kind: Kind) -> bool {
    if is_number(text) {
        return true;
    }
    let is_short_code =
        (3..=8).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let may_stand = |byte: u8| byte.is_ascii_alphanumeric() || b" +-_&".contains(&byte);
    let is_name = (1..=11).contains(&text.len())
        && text.bytes().all(may_stand)
        && text.bytes().any(|byte| byte.is_ascii_alphabetic());
    matches!(kind, Kind::Sms) && (is_short_code || is_name)
}
