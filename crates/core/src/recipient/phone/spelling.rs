//! From a text to a plus sign and digits: everything that has no meaning in a number goes.
//!
//! What is left of the text once spaces, invisible marks and a `tel:` at its ends are taken away has to be: separators,
//! plus signs, then digits with separators between and behind them. Separators and digits are those that libphonenumber
//! knows, in full width too, less those that start an extension; digits are those of every script in
//! Unicode's basic plane.

use super::super::Fault;

/// The scheme of RFC 3966.
const SCHEME: &str = "tel:";
/// The parameter that names what a local number is local to.
const CONTEXT: &str = ";phone-context=";
/// The zeros of all scripts that write decimal numbers, in the basic plane; their other digits follow them.
const ZEROS: [char; 37] = [
    '0', '\u{660}', '\u{6f0}', '\u{7c0}', '\u{966}', '\u{9e6}', '\u{a66}', '\u{ae6}', '\u{b66}',
    '\u{be6}', '\u{c66}', '\u{ce6}', '\u{d66}', '\u{de6}', '\u{e50}', '\u{ed0}', '\u{f20}',
    '\u{1040}', '\u{1090}', '\u{17e0}', '\u{1810}', '\u{1946}', '\u{19d0}', '\u{1a80}', '\u{1a90}',
    '\u{1b50}', '\u{1bb0}', '\u{1c40}', '\u{1c50}', '\u{a620}', '\u{a8d0}', '\u{a900}', '\u{a9d0}',
    '\u{a9f0}', '\u{aa50}', '\u{abf0}', '\u{ff10}',
];

/// A number as it was spelled.
pub(super) struct Spelled {
    /// Whether it begins with a plus sign.
    pub(super) plus: bool,
    /// Its digits, ASCII; one at least.
    pub(super) digits: String,
}

/// Reads a text.
pub(super) fn read(text: &str) -> Result<Spelled, Fault> {
    let text = text.trim_matches(is_margin);
    let text = match text.split_at_checked(SCHEME.len()) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case(SCHEME) => rest,
        _ => text,
    };
    match text.split_once(CONTEXT) {
        Some((local, context)) => read_in_context(local, context),
        None => read_signs(text.chars()),
    }
}

/// `8123456;phone-context=+62`: the context is the beginning of the number.
fn read_in_context(local: &str, context: &str) -> Result<Spelled, Fault> {
    let allowed = |sign: char| matches!(sign, '-' | '.' | '(' | ')') || digit_of(sign).is_some();
    match context.strip_prefix('+') {
        Some(code)
            if code.chars().all(allowed) && code.chars().any(|sign| digit_of(sign).is_some()) =>
        {
            read_signs(context.chars().chain(local.chars()))
        }
        _ => Err(Fault::MalformedNumber),
    }
}

fn read_signs(signs: impl Iterator<Item = char>) -> Result<Spelled, Fault> {
    let mut spelled = Spelled { plus: false, digits: String::new() };
    let mut plus_may_follow = true;
    for sign in signs {
        if let Some(digit) = digit_of(sign) {
            spelled.digits.push(digit);
            plus_may_follow = false;
        } else if matches!(sign, '+' | '\u{ff0b}') && plus_may_follow {
            spelled.plus = true;
        } else if is_separator(sign) {
            plus_may_follow = !spelled.plus && plus_may_follow;
        } else {
            return Err(Fault::MalformedNumber);
        }
    }
    if spelled.digits.is_empty() { Err(Fault::MalformedNumber) } else { Ok(spelled) }
}

/// The ASCII digit of the same value.
fn digit_of(sign: char) -> Option<char> {
    if sign.is_ascii() {
        return sign.is_ascii_digit().then_some(sign);
    }
    let script = ZEROS.partition_point(|zero| *zero <= sign).checked_sub(1)?;
    let value = u32::from(sign) - u32::from(*ZEROS.get(script)?);
    char::from_digit(value, 10)
}

fn is_separator(sign: char) -> bool {
    matches!(
        sign,
        ' ' | '-' | '.' | '/' | '(' | ')' | '[' | ']'
            | '\u{a0}' | '\u{ad}' | '\u{200b}' | '\u{2010}'..='\u{2015}' | '\u{2060}' | '\u{2212}' | '\u{3000}' | '\u{30fc}'
            | '\u{ff08}' | '\u{ff09}' | '\u{ff0d}'..='\u{ff0f}' | '\u{ff3b}' | '\u{ff3d}'
    )
}

/// What may surround a number that was copied from elsewhere: white space, and the marks of writing direction.
fn is_margin(sign: char) -> bool {
    matches!(
        sign,
        ' ' | '\t' | '\r' | '\n' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
    )
}
