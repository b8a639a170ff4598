//! Where a code goes: one canonical form for every spelling of a phone number or a mail address, and a
//! refusal of what can't be one.
//!
//! The canonical form decides who is who: two spellings of one address share their limits and their locks,
//! so [`parse`] is a function of its arguments only and gives back what it is given once more.
//!
//! - A **phone number** becomes E.164 with a plus sign, `+6281234567890`, exactly where libphonenumber calls the
//!   text a valid number; see `phone.rs` for what is refused beyond that.
//! - A **mail address** becomes `local@domain`, lower-cased as a whole, the domain in its ASCII form
//!   (IDNA); see `email.rs`.
//!
//! ```
//! use countersign_contract::types::RecipientFault;
//! use countersign_core::recipient::parse;
//!
//! let person = parse("0812-3456-7890", None, Some("ID"))?;
//! assert_eq!(person.as_str(), "+6281234567890");
//! assert_eq!(person.masked(), "62****7890");
//! assert_eq!(parse("0812-3456-7890", None, None), Err(RecipientFault::Ambiguous));
//! # Ok::<(), RecipientFault>(())
//! ```

mod address;
mod email;
mod mask;
mod phone;
mod rules;
#[cfg(test)]
mod tests;

use core::fmt;
use std::borrow::Cow;

use countersign_contract::settings::NumberType;
use countersign_contract::types::{Channel, RecipientFault};

use crate::signs::{self, is_blank, is_variation_selector};

pub use self::rules::Rules;

/// The version of libphonenumber's metadata that phone numbers are judged by.
pub const PHONE_METADATA_VERSION: &str = phone::METADATA_VERSION;

/// The longest text that can be a recipient, in bytes.
pub const MAX_BYTES: usize = email::MAX_BYTES;

/// The longest masked form, in bytes.
pub const MASKED_MAX_BYTES: usize = mask::MAX_BYTES;

/// What a recipient is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// A mail address.
    Email,
    /// A phone number.
    Phone,
}

/// The kind of recipient that a channel reaches; nothing where it reaches either.
#[must_use]
pub const fn kind_of(channel: Channel) -> Option<Kind> {
    match channel {
        Channel::Email => Some(Kind::Email),
        Channel::Sms | Channel::Voice | Channel::Whatsapp => Some(Kind::Phone),
        Channel::Webhook => None,
    }
}

/// A recipient in its canonical form. Personal data: it can't be displayed, and its `Debug` shows its kind only.
#[derive(Clone, Eq, PartialEq)]
pub struct Recipient {
    text: String,
    detail: Detail,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Detail {
    Email,
    Phone {
        calling_code_digits: usize,
        region: Option<&'static str>,
        number_type: Option<NumberType>,
    },
}

impl Recipient {
    /// What it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self.detail {
            Detail::Email => Kind::Email,
            Detail::Phone { .. } => Kind::Phone,
        }
    }

    /// The canonical form: `+` and the E.164 digits, or the normalised mail address. Personal data.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The bytes that stand for the recipient in a digest: those of the canonical form. A number begins with
    /// `+` and holds no `@`, an address holds one: the two kinds never meet.
    #[must_use]
    pub fn digest_input(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// The region that a number belongs to, as the two capital letters of ISO 3166; nothing for a mail address, for a
    /// number of a calling code without a region, and where several share the code and none is known to assign it.
    #[must_use]
    pub fn region(&self) -> Option<&'static str> {
        match self.detail {
            Detail::Email => None,
            Detail::Phone { region, .. } => region,
        }
    }

    /// The type of a number that isn't an ordinary one.
    #[must_use]
    pub fn number_type(&self) -> Option<NumberType> {
        match self.detail {
            Detail::Email => None,
            Detail::Phone { number_type, .. } => number_type,
        }
    }

    /// What may be shown to a caller who knows the recipient already: `62****7890`, `j***@e***.com`.
    #[must_use]
    pub fn masked(&self) -> String {
        match self.detail {
            Detail::Email => mask::address(&self.text),
            Detail::Phone { calling_code_digits, .. } => {
                mask::number(&self.text, calling_code_digits)
            }
        }
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recipient").field("kind", &self.kind()).finish_non_exhaustive()
    }
}

/// Reads a recipient in any spelling.
///
/// White space, invisible signs and variation selectors at its ends are ignored, and full-width ASCII is read as ASCII.
///
/// `kind` is what the channel takes; where it takes either, a text with an `@` is a mail address and any other a
/// phone number. `default_region` is the country of numbers that don't name theirs, as the two capital
/// letters of ISO 3166 ([`is_region`] tells which are known; an unknown one counts as none). Numbers of a [`NumberType`]
/// are refused.
///
/// # Errors
///
/// Each case of [`RecipientFault`] says when it happens.
pub fn parse(
    text: &str,
    kind: Option<Kind>,
    default_region: Option<&str>,
) -> Result<Recipient, RecipientFault> {
    parse_under(text, kind, &Rules { default_region, ..Rules::default() })
}

/// Reads a recipient as [`parse`] does, under other rules.
///
/// # Errors
///
/// Each case of [`RecipientFault`] says when it happens.
pub fn parse_under(
    text: &str,
    kind: Option<Kind>,
    rules: &Rules<'_>,
) -> Result<Recipient, RecipientFault> {
    if text.len() > MAX_BYTES {
        return Err(RecipientFault::TooLong);
    }
    let text = half_width(text.trim_matches(|sign| is_blank(sign) || is_variation_selector(sign)));
    let text = text.as_ref();
    if text.is_empty() {
        return Err(RecipientFault::Empty);
    }
    match (kind, text.contains('@')) {
        (Some(Kind::Phone), true) => Err(RecipientFault::WrongKind),
        (Some(Kind::Email) | None, true) if is_whatsapp_id(text) => Err(RecipientFault::WrongKind),
        (Some(Kind::Email), false) if phone::looks_like_one(text) => Err(RecipientFault::WrongKind),
        (Some(Kind::Email), _) | (None, true) => {
            email::parse(text).map(|text| Recipient { text, detail: Detail::Email })
        }
        (Some(Kind::Phone) | None, false) => match parse_number(text, rules) {
            Err(RecipientFault::MalformedNumber) if address::is_meant_by(text) => {
                // As with an `@`: for a channel of numbers it is of the wrong kind, for any other it isn't well-formed.
                Err(kind.map_or(RecipientFault::MalformedAddress, |_| RecipientFault::WrongKind))
            }
            result => result,
        },
    }
}

fn parse_number(text: &str, rules: &Rules<'_>) -> Result<Recipient, RecipientFault> {
    let phone::Number { e164, calling_code_digits, region, number_type } =
        phone::parse(text, rules)?;
    if number_type.is_some_and(|number_type| !rules.number_types.contains(&number_type)) {
        return Err(RecipientFault::NumberNotAllowed);
    }
    Ok(Recipient { text: e164, detail: Detail::Phone { calling_code_digits, region, number_type } })
}

/// Whether it is the name of a WhatsApp account, device, group or list (`6281234567890@s.whatsapp.net`): written like a
/// mail address, and none. The server is compared as a mail would be sent to it.
fn is_whatsapp_id(text: &str) -> bool {
    let Some((user, server)) = text.rsplit_once('@') else { return false };
    let user = user.strip_prefix('+').unwrap_or(user);
    user.starts_with(|first: char| first.is_ascii_digit())
        && user.bytes().all(|byte| byte.is_ascii_digit() || b"-.:_".contains(&byte))
        && ["broadcast", "c.us", "g.us", "lid", "newsletter", "s.whatsapp.net"]
            .contains(&email::canonical_domain(server).as_ref())
}

/// The text with ASCII in place of full-width ASCII and of the small `@`, U+FE6B, as UTS 46 has it in domains.
fn half_width(text: &str) -> Cow<'_, str> {
    let plain = |sign| if sign == '\u{fe6b}' { '@' } else { signs::half_width(sign) };
    if text.chars().all(|sign| plain(sign) == sign) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(plain).collect())
}

/// Whether `name` is a region that numbers can be read in: two capital letters, as in ISO 3166.
#[must_use]
pub fn is_region(name: &str) -> bool {
    phone::is_region(name)
}

/// Whether a text is a beginning of international numbers: a plus sign and digits, a country calling code first.
#[must_use]
pub fn is_number_prefix(text: &str) -> bool {
    phone::is_prefix(text)
}
