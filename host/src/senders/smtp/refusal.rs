//! A server's refusal: its numbers, and what its text gives away.

use std::fmt;

use data_encoding::BASE64_NOPAD;
use lettre::Address;

use super::reply::SmtpReply;

/// Signs of a text that the operator's log shows.
const MAX_SHOWN: usize = 120;
/// What stands for an address.
const ADDRESS: &str = "[address]";
/// What stands for a sign that isn't printable ASCII.
const ODD: char = '?';
/// Shorter names are part of too many words.
const MIN_PART: usize = 3;

/// A refusal.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Refusal {
    pub(super) code: u16,
    /// Subject and detail of the enhanced status code, where there is one.
    pub(super) enhanced: Option<(u16, u16)>,
    /// The lines, in printable ASCII. May hold the recipient's address: not for logs.
    lines: Vec<String>,
}

impl Refusal {
    /// What a reply says.
    pub(super) fn new(reply: &SmtpReply) -> Self {
        let lines: Vec<_> = reply.lines.iter().map(|line| printable(line)).collect();
        let class = reply.code / 100;
        let first = |line: &String| enhanced(line.split_whitespace().next()?, class);
        // qmail and its kin put it at the end: `(#5.7.1)`, chkuser `(#5.1.1 - chkuser)`.
        let last = |line: &String| {
            let (_, end) = line.rsplit_once("(#")?;
            let (inside, behind) = end.split_once(')')?;
            let is_last = behind.trim().is_empty();
            is_last.then(|| enhanced(inside.split_whitespace().next()?, class)).flatten()
        };
        let numbers = lines.iter().find_map(first).or_else(|| lines.iter().find_map(last));
        Self { code: reply.code, enhanced: numbers, lines }
    }

    pub(super) fn is_transient(&self) -> bool {
        self.code < 500
    }

    /// The first line for the operator's log, where the text says that it isn't the recipient who
    /// is refused: we may not relay, have to sign in, are on a list or sent spam, or it is the
    /// sender.
    pub(super) fn operators_text(&self, recipient: &Address) -> Option<String> {
        // Names of people and hosts say nothing: `<spam@example.org>` may well be unknown. But `hen` is no part
        // of `authentication`.
        let names = [recipient.user(), recipient.domain()];
        let says = |line: &String| {
            let text = plain(&without(&without_addresses(line), &names, is_word));
            let text = ABOUT_RECIPIENT.iter().fold(text, |text, words| text.replace(words, " "));
            WORDS.iter().any(|word| begins_word(&text, word))
                || WHOLE_WORDS.iter().any(|word| has_word(&text, word))
        };
        if !self.lines.iter().any(says) {
            return None;
        }
        let encoded = encoded(recipient);
        let names: Vec<&str> =
            encoded.iter().map(String::as_str).chain([recipient.user()]).collect();
        let may_be_name = |text: &str, start: usize, end: usize| {
            end - start >= MIN_PART || is_word(text, start, end)
        };
        let line = without_addresses(self.lines.first()?);
        let line = without(&line, &names, may_be_name);
        Some(line.trim().chars().take(MAX_SHOWN).collect())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.code)?;
        match self.enhanced {
            Some((subject, detail)) => {
                write!(formatter, " {}.{subject}.{detail}", self.code / 100)
            }
            None => Ok(()),
        }
    }
}

/// A text in lower case, in American spelling, with single spaces in place of blanks and hyphens.
fn plain(text: &str) -> String {
    let text = text.to_ascii_lowercase().replace("authoris", "authoriz");
    text.split([' ', '-', '_']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Texts of refusals that are about the recipient although they hold one of [`WORDS`]. In lower case.
const ABOUT_RECIPIENT: &[&str] = &[
    // Postfix, of an address that `relay_recipient_maps` doesn't have.
    "relay recipient table",
    "blocked by recipient",
    "blocked by the recipient",
    "blocked by user",
    "spam quota",
];

/// Texts of refusals that are not about the recipient: how their words begin, as [`plain`] has them.
const WORDS: &[&str] = &[
    // Relaying.
    "relay",
    "openrelay",
    "norelay",
    "rcpthosts",
    "not a local domain",
    "outgoing mail",
    // Signing in.
    "authenti",
    "unauthenti",
    "smtpauth",
    "sasl",
    "credentials",
    "password",
    "login required",
    "login first",
    "login failed",
    "must login",
    "please login",
    "log in",
    "log on",
    "logged in",
    "logged on",
    "sign in",
    "sign on",
    "signed in",
    "signed on",
    "check your mail",
    "check for new mail",
    "check mail first",
    "pop before",
    "authorization",
    "not authorized to send",
    "not allowed to send",
    "not permitted to send",
    // Lists.
    "blacklist",
    "black list",
    "blocklist",
    "block list",
    "denylist",
    "deny list",
    "dnsbl",
    "sbl xbl",
    "surbl",
    "uribl",
    "listed at",
    "listed by",
    "listed in",
    "listed on",
    "blocked by",
    "blocked using",
    "client host",
    "your host",
    "your ip",
    "your server",
    "reputation",
    // Spam.
    "spam",
    "antispam",
    "junk",
    "unsolicited",
    "bulk mail",
    // The sender.
    "sender",
    "from address",
    "mail from",
    "return path",
    "reverse dns",
    "ptr record",
    "helo ",
    "spf",
    "dkim",
    "dmarc",
];

/// The same, but these say it only where they stand alone.
const WHOLE_WORDS: &[&str] = &["auth", "logon", "rbl", "rbls", "ube", "uce"];

/// Class, subject and detail of one to three digits each (RFC 3463), in brackets or not, where the
/// class fits.
fn enhanced(word: &str, class: u16) -> Option<(u16, u16)> {
    let word = word.trim_matches(['(', ')', '[', ']', '#', ':', ',', ';']);
    let mut numbers = word.split('.').map(number);
    match (numbers.next(), numbers.next(), numbers.next(), numbers.next()) {
        (Some(Some(found)), Some(Some(subject)), Some(Some(detail)), None) if found == class => {
            Some((subject, detail))
        }
        _ => None,
    }
}

fn number(text: &str) -> Option<u16> {
    let is_number = text.len() <= 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

fn printable(line: &[u8]) -> String {
    let shown = |byte: &u8| if matches!(byte, b' '..=b'~') { char::from(*byte) } else { ODD };
    // A tab separates words as a space does.
    line.iter().map(|byte| if *byte == b'\t' { ' ' } else { shown(byte) }).collect()
}

/// A line with [`ADDRESS`] for all that stands in angle brackets, and for each word with an `@`, as in a URL as well.
fn without_addresses(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('<') {
        text.push_str(before);
        text.push_str(ADDRESS);
        // One that isn't closed reaches to the end.
        rest = after.split_once('>').map_or("", |(_, after)| after);
    }
    text.push_str(rest);
    let is_address = |word: &str| word.contains('@') || word.contains("%40");
    let word = |word: &str| if is_address(word) { ADDRESS.to_owned() } else { word.to_owned() };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// `text` with [`ADDRESS`] for each of `names`, in whatever capitals, where `is_name` says that it is one: of a text in
/// lower case, and where it stands there.
fn without(text: &str, names: &[&str], is_name: impl Fn(&str, usize, usize) -> bool) -> String {
    names.iter().fold(text.to_owned(), |text, name| without_name(&text, name, &is_name))
}

fn without_name(text: &str, name: &str, is_name: impl Fn(&str, usize, usize) -> bool) -> String {
    let (lower, name) = (text.to_ascii_lowercase(), name.to_ascii_lowercase());
    let mut shown = String::with_capacity(text.len());
    let mut from = 0;
    for (at, found) in lower.match_indices(&name).filter(|_| !name.is_empty()) {
        let end = at + found.len();
        if is_name(&lower, at, end) {
            shown.push_str(text.get(from..at).unwrap_or_default());
            shown.push_str(ADDRESS);
            from = end;
        }
    }
    shown.push_str(text.get(from..).unwrap_or_default());
    shown
}

/// The local part as it stands in a URL and in quoted-printable, and in Base64, alone and with its domain.
fn encoded(recipient: &Address) -> Vec<String> {
    let user = recipient.user();
    let escaped = |sign: char, plain: &[u8]| -> String {
        let escape = |byte: u8| match char::from(byte) {
            letter if byte.is_ascii_alphanumeric() || plain.contains(&byte) => letter.to_string(),
            _ => format!("{sign}{byte:02x}"),
        };
        user.bytes().map(escape).collect()
    };
    let whole = recipient.to_string();
    let base64 = |text: &str| BASE64_NOPAD.encode(text.as_bytes());
    vec![escaped('%', b"-._~"), escaped('%', b""), escaped('=', b""), base64(&whole), base64(user)]
}

fn begins_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| is_word(text, at, text.len()))
}

fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, found)| is_word(text, at, at + found.len()))
}

fn is_word(text: &str, start: usize, end: usize) -> bool {
    let is_part = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    !is_part(start.checked_sub(1).and_then(|before| bytes.get(before))) && !is_part(bytes.get(end))
}

#[cfg(test)]
mod tests;
